package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A document, a message or an example names only commands, flags and targets of
// make that exist.
func TestWhatIsNamedExists(t *testing.T) {
	root := (&terminal{getenv: os.Getenv}).newRoot()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "node_modules", "dist"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !slices.Contains([]string{".md", ".go", ".yaml", ".sh", ".tf"}, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, command := range commandNamed.FindAllStringSubmatch(line, -1) {
				named++
				if wrong := unknownIn(root, strings.Fields(command[1])); wrong != "" {
					t.Errorf("%s:%d: there is no %s: flowreaper %s", path, i+1, wrong, command[1])
				}
			}
			for _, target := range targetNamed.FindAllStringSubmatch(line, -1) {
				named++
				if !strings.Contains(string(makefile), "\n"+target[1]+":") {
					t.Errorf("%s:%d: there is no make %s", path, i+1, target[1])
				}
			}
		}
		return nil
	})
	if err != nil || named < 100 {
		t.Errorf("%d commands are named, error %v", named, err)
	}
}

// README shows each command. What the terminal says of itself, which are version, help and
// completion, and what is made from it, man, need no line there.
func TestReadmeShowsEachCommand(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range (&terminal{getenv: os.Getenv}).newRoot().Commands() {
		name := command.Name()
		if !command.Hidden && !slices.Contains([]string{"completion", "help", "version"}, name) && !regexp.MustCompile("flowreaper "+name+`\b`).Match(readme) {
			t.Errorf("README.md doesn't show flowreaper %s", name)
		}
	}
}

var (
	commandNamed = regexp.MustCompile("(?:\\$ (?:[A-Z_]+=\\S+ )*(?:bin/)?|[`'](?:bin/)?|\"  )flowreaper ([a-z][a-z-]*[^`#|;>&]*)")
	targetNamed  = regexp.MustCompile("(?:\\$ |[`'])make ([a-z-]+)")
	inQuotes     = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	flagIn       = regexp.MustCompile(`^--?[a-z][a-z-]*`)
)

// unknownIn names the first word of a command line that stands for nothing.
func unknownIn(root *cobra.Command, words []string) string {
	name := strings.TrimRight(words[0], `'",.`)
	command, rest, err := root.Find([]string{name})
	if err != nil || len(rest) > 0 {
		return "command " + name
	}
	command.InitDefaultHelpFlag()
	for _, word := range strings.Fields(inQuotes.ReplaceAllString(strings.Join(words[1:], " "), "X")) {
		flag := flagIn.FindString(word)
		long, isLong := strings.CutPrefix(flag, "--")
		switch {
		case isLong && command.Flag(long) == nil, flag != "" && !isLong && command.Flags().ShorthandLookup(flag[1:2]) == nil:
			return "flag " + flag
		}
	}
	return ""
}
