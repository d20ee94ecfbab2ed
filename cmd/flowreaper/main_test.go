package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"flowreaper": main})
}

// TestScripts types what a person types, in testdata/script.
func TestScripts(t *testing.T) {
	function := build(t, testFunction)
	flowreaperFunction := build(t, "../../function")
	schemas, err := filepath.Abs("../../schema")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands(),
		Setup: func(env *testscript.Env) error {
			// Nothing of the machine's own account may reach a test.
			for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"} {
				env.Setenv(name, "")
			}
			env.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home")) // a ledger is written there
			env.Setenv("FUNCTION", function)
			env.Setenv("SCHEMAS", schemas)
			env.Setenv("DEPLOYED", flowreaperFunction)
			env.Values[emulated{}] = map[string]*emulator.Server{}
			return nil
		},
	})
}

// testFunction is a go1 function that does what its event says.
const testFunction = "../../internal/fcruntime/testdata/function"

// build builds a go1 function.
func build(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "function")
	build := exec.Command("go", "build", "-o", binary, folder)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}
