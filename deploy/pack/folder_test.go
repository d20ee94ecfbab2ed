package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder's archive says which files can be run, and nothing else of the machine that it
// lies on: neither its umask nor its times.
func TestAFoldersArchiveIsTheSameEverywhere(t *testing.T) {
	var archives [2]string
	for i, modes := range [2][2]os.FileMode{{0o755, 0o644}, {0o700, 0o600}} {
		folder := filepath.Join(t.TempDir(), "application")
		if err := os.MkdirAll(filepath.Join(folder, "src"), 0o755); err != nil {
			t.Fatal(err)
		}
		for j, name := range []string{"src/build.sh", "readme.md"} {
			name = filepath.Join(folder, name)
			if err := os.WriteFile(name, []byte("text"), modes[j]); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(name, modes[j]); err != nil {
				t.Fatal(err)
			}
		}
		if err := packFolder(folder); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(folder + ".zip")
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = string(text)
	}
	if archives[0] != archives[1] {
		t.Error("the archives differ")
	}
}
