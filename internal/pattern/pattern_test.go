package pattern_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// One that is written wrong would end a process in the midst of a sweep, no longer at its
// start.
func TestAllAreWrittenRight(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, rest := range strings.Split(string(source), "pattern.Of(")[1:] {
			quoted, wrong := strconv.QuotedPrefix(rest)
			if wrong != nil {
				t.Errorf("%s: pattern.Of is given something other than a text in quotes, which no test can see to", path)
				continue
			}
			text, _ := strconv.Unquote(quoted)
			if _, wrong := regexp.Compile(text); wrong != nil {
				t.Errorf("%s: %v", path, wrong)
			}
			found++
		}
		return err
	})
	if err != nil || found < 50 {
		t.Errorf("%d found, %v", found, err)
	}
}
