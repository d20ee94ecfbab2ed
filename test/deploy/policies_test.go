package deploy

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			for _, mode := range []string{"plan", "enforce"} {
				isGranted(t, do(t, program, "ram-policy", "--policy", file, "--mode", mode), mode)
			}
		})
	}
	if policies != 9 {
		t.Errorf("%d policies, want 8 in %s and the deployed one: name it in deploy/README.md, too", policies, folder)
	}
}

// do runs a command in the repository, which must succeed.
func do(t *testing.T, name string, args ...string) (stdout []byte) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = repository(t)
	var errs strings.Builder
	cmd.Stderr = &errs
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, stdout, errs.String())
	}
	return stdout
}

// The roles of deploy/ram are those of a policy that asks for everything, so that
// an edit of the policy doesn't need another role.
func TestRolesAreTheMostThatAPolicyNeeds(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	writeFile(t, file, "version: 1\nmode: enforce\nrules:\n"+
		"  - {name: all, maxRuntime: 2h, when: history.steps > 9}\n"+
		"  - {name: named, flows: [etl], on: [event], maxRuntime: 2h}\n")
	for _, mode := range []string{"plan", "enforce"} {
		var most document
		if err := json.Unmarshal(do(t, "go", "run", "./cmd/flowreaper", "ram-policy", "--policy", file, "--mode", mode), &most); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(most.Statement[0], ram(t, mode+".json").Statement[0]); diff != "" {
			t.Errorf("deploy/ram/%s.json (-ram-policy +file):\n%s", mode, diff)
		}
	}
}

// isGranted checks that the role of a mode may do what a policy's sweeps call.
func isGranted(t *testing.T, least []byte, mode string) {
	t.Helper()
	var needed document
	if err := json.Unmarshal(least, &needed); err != nil {
		t.Fatalf("%v\n%s", err, least)
	}
	granted := ram(t, mode+".json").Statement[0]
	for _, s := range needed.Statement {
		for _, action := range s.Action {
			if !slices.Contains(granted.Action, action) || !slices.Equal(granted.Resource, s.Resource) {
				t.Errorf("deploy/ram/%s.json doesn't grant %s on %v", mode, action, s.Resource)
			}
		}
	}
}
