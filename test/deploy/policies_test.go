package deploy

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The policies to start from are clean to the linter, and each of their rules
// condemns something in their tests.
func TestPoliciesToStartFrom(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("deploy", "policies")
	files, err := filepath.Glob(filepath.Join(repository(t), folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "flowreaper")
	do(t, "go", "build", "-o", program, "./cmd/flowreaper")
	policies := 0
	for _, file := range append(files, filepath.Join(repository(t), "deploy", "policy.yaml")) {
		name, isTest := strings.CutSuffix(file, ".test.yaml")
		if isTest {
			continue
		}
		policies++
		t.Run(filepath.Base(file), func(t *testing.T) {
			do(t, program, "validate", "--strict", file)
			do(t, program, "test", "--coverage", strings.TrimSuffix(name, ".yaml")+".test.yaml")
		})
	}
	if policies != 6 {
		t.Errorf("%d policies, want 5 in %s and the deployed one: name it in deploy/README.md, too", policies, folder)
	}
}

// do runs a command in the repository, which must succeed.
func do(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = repository(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
}
