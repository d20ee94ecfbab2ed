package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The binary stays what a function needs: of histories, and of the libraries that read
// and draw them, it links nothing.
func TestLinksNoHistory(t *testing.T) {
	listed, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(listed))
	if len(packages) < 50 {
		t.Fatalf("only %d packages", len(packages))
	}
	for _, p := range packages {
		for _, other := range []string{"flowreaper/internal/history", "parquet", "flowreaper/internal/emulator", "cobra", "klauspost", "gonum"} {
			if strings.Contains(p, other) {
				t.Errorf("it links %s", p)
			}
		}
	}
}
