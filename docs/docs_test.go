// Package docs tests what the documents show.
package docs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/history/suggest"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

// fence is a block of YAML in a document.
type fence struct {
	file string
	line int // of its first line
	text string
}

func (f fence) String() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// fences are the YAML blocks of a document.
func fences(t *testing.T, file string) []fence {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	var open *fence
	for i, line := range strings.Split(string(text), "\n") {
		mark := strings.TrimSpace(line)
		switch {
		case open == nil && (strings.HasPrefix(mark, "```yaml") || strings.HasPrefix(mark, "```yml")):
			open = &fence{file: file, line: i + 2}
		case open != nil && mark == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s is never closed", open)
	}
	return all
}

func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md", "../deploy/*.md", "../deploy/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if !slices.Contains(all, "../README.md") || !slices.Contains(all, "policy.md") {
		t.Fatalf("the documents are %v", all)
	}
	return all
}

var (
	isTest   = regexp.MustCompile(`(?m)^cases:`)
	isPolicy = regexp.MustCompile(`(?m)^rules:`)
	isRules  = regexp.MustCompile(`\A(#.*\n)*- name:`)
	hasRule  = regexp.MustCompile(`(?m)^\s+(maxRuntime|maxConcurrent|maxCost):`)
)

// asPolicy returns the policy that a block shows, whole or only some rules of
// it; false where it shows something else.
func (f fence) asPolicy() (text string, ok bool) {
	switch {
	case isTest.MatchString(f.text):
		return "", false
	case isPolicy.MatchString(f.text):
		return f.text, true
	case isRules.MatchString(f.text):
		return "version: 1\nrules:\n" + f.text, true
	}
	return "", false
}

// TestFencedPolicies compiles every policy in every document, and runs every
// policy test on the policy that stands before it.
func TestFencedPolicies(t *testing.T) {
	policies, tests := 0, 0
	for _, file := range documents(t) {
		last := ""
		for _, f := range fences(t, file) {
			text, ok := f.asPolicy()
			switch {
			case ok:
				policies++
				last = text
				if _, err := policy.ParseWith(f.String(), []byte(text), filesOf(t, file)); err != nil {
					t.Errorf("%v", err)
				}
			case isTest.MatchString(f.text):
				tests++
				runTest(t, f, last)
			case hasRule.MatchString(f.text):
				t.Errorf("%s shows rules that are not tested: begin with rules: or - name:", f)
			}
		}
	}
	const leastPolicies, leastTests = 17, 1 // so many there were when this was written
	if policies < leastPolicies || tests < leastTests {
		t.Errorf("only %d policies and %d tests were found", policies, tests)
	}
}

// filesOf reads the iCalendar file that a document shows, and any base, which none does.
func filesOf(t *testing.T, document string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if strings.HasSuffix(name, "base.yaml") {
			return []byte("version: 1\nvars: {etl_limit: 2h}\nlimits: {maxStops: 50}\nrules: [{name: all, maxRuntime: vars.etl_limit}]\n"), nil
		}
		text, err := os.ReadFile(document)
		begin, end := bytes.Index(text, []byte("BEGIN:VCALENDAR")), bytes.LastIndex(text, []byte("END:VCALENDAR\n"))
		if err != nil || end < begin || begin < 0 {
			t.Fatalf("%s shows no calendar: %v", document, err)
		}
		return text[begin : end+len("END:VCALENDAR\n")], nil
	}
}

func runTest(t *testing.T, f fence, tested string) {
	file, err := policytest.Parse(f.String(), []byte(f.text))
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	suite := &policytest.Suite{}
	if err := suite.Run(file, func(string) ([]byte, error) { return []byte(tested), nil }); err != nil {
		t.Errorf("%v", err)
		return
	}
	var said strings.Builder
	if report := suite.Report(true); !report.Passed {
		if err := report.Text(&said); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s\n%s", f, said.String())
	}
}

// TestFencesAreFound: a block that is not found is not tested.
func TestFencesAreFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	text := "a\n```yaml\nrules: []\n```\n- b\n  ```yml\n  - name: x\n  ```\n```console\n$ x\n```\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fences(t, file) {
		got = append(got, fmt.Sprintf("%d %q", f.line, f.text))
	}
	if want := []string{`3 "rules: []\n"`, `7 "  - name: x\n"`}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

var lintCode = regexp.MustCompile(`(?m)^\tLint\w+ += "([a-z-]+)"`)

// TestLintCodes: the reference explains every finding.
func TestLintCodes(t *testing.T) {
	text, err := os.ReadFile("policy.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../policy/lint.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := lintCode.FindAllStringSubmatch(string(source), -1)
	if len(codes) < 15 {
		t.Fatalf("found %d codes", len(codes))
	}
	for _, found := range codes {
		code := found[1]
		if !strings.Contains(string(text), "| `"+code+"` |") {
			t.Errorf("%s is not explained", code)
		}
	}
}

// TestRobots: the reference's table has every kind of channel, but for webhooks.
func TestRobots(t *testing.T) {
	text, err := os.ReadFile("policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range policy.ChannelKinds() {
		if kind != policy.Webhook && !strings.Contains(string(text), "| `"+string(kind)+"` |") {
			t.Errorf("%s has no row", kind)
		}
	}
}

// TestSuggestNotes: the page says what to do about each note.
func TestSuggestNotes(t *testing.T) {
	text, err := os.ReadFile("replay.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		suggest.Few, suggest.Hidden, suggest.BeyondYear, suggest.Aim, suggest.Hangs, suggest.TwoKinds, suggest.Drift, suggest.MonthEnd,
		suggest.NoMonthEnd, suggest.MapChildren, suggest.LeftOut, suggest.Name,
	} {
		if !strings.Contains(string(text), "| `"+code+"` |") {
			t.Errorf("%s is not explained", code)
		}
	}
}

// CONTRIBUTING's table says what each folder of test/ tests.
func TestTableOfTests(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("../test")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d folders, error %v", len(folders), err)
	}
	for _, folder := range folders {
		if !strings.Contains(string(text), "| `test/"+folder.Name()+"/` |") {
			t.Errorf("CONTRIBUTING.md doesn't say what test/%s tests", folder.Name())
		}
	}
}

// Both READMEs' tables name each folder of the product, in one order, and none
// that isn't there.
func TestTablesOfFolders(t *testing.T) {
	var there []string
	for _, parent := range []string{"", "internal/", "cmd/"} {
		folders, err := os.ReadDir("../" + parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range folders {
			if name := parent + folder.Name() + "/"; folder.IsDir() && name[0] != '.' && !slices.Contains([]string{"bin/", "dist/", "internal/", "cmd/"}, name) {
				there = append(there, name)
			}
		}
	}
	slices.Sort(there)
	inTable := regexp.MustCompile("`([a-z/-]+/)`")
	var first []string
	for _, file := range []string{"../README.md", "../README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var named []string
		for line := range strings.Lines(string(text)) {
			if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && strings.HasPrefix(line, "| `") {
				for _, folder := range inTable.FindAllStringSubmatch(cell, -1) {
					named = append(named, folder[1])
				}
			}
		}
		if first == nil {
			first = named
		} else if !slices.Equal(first, named) {
			t.Errorf("%s names %q, the other %q", file, named, first)
		}
		if sorted := slices.Sorted(slices.Values(named)); !slices.Equal(there, sorted) {
			t.Errorf("%s names\n%q, there are\n%q", file, sorted, there)
		}
	}
}
