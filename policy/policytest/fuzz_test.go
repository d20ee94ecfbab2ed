package policytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/policy"
)

// FuzzParse: whatever the file, Parse answers a file or errors that have a
// place, and the cases run without a panic.
func FuzzParse(f *testing.F) {
	p, err := policy.Parse("policy.yaml", []byte(tested))
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "policies", "*_test.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatal("no policy tests to begin with", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("t.yaml", text)
		if err != nil {
			lines := strings.Count(string(text), "\n") + 1
			for _, e := range err.(policy.Errors) {
				if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Message == "" || !utf8.ValidString(e.Error()) {
					t.Errorf("an error at %d:%d of %d lines: %q", e.Line, e.Column, lines, e.Error())
				}
			}
			return
		}
		for _, r := range file.run(p, map[string]bool{}) {
			for _, failure := range r.Failures {
				if len(failure.Differences) == 0 || failure.Line < 1 {
					t.Errorf("a failure without a difference or a place: %+v", failure)
				}
			}
		}
	})
}
