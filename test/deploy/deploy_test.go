package deploy

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// handedOver is what the component is given to deploy or remove.
type handedOver struct {
	Command string
	Props   map[string]any
	YAML    struct{ Path string }
}

// deployment is one deployment into nowhere.
type deployment struct {
	project
	record string // where the component writes what it is handed
}

func newDeployment(t *testing.T) deployment {
	t.Helper()
	return deployment{newProject(t), filepath.Join(t.TempDir(), "handed-over.json")}
}

func (d deployment) do(t *testing.T, command []string) run {
	t.Helper()
	return d.run(t, []string{"HANDED_OVER=" + d.record}, command[0], command[1:]...)
}

// handedOver returns what the component was handed; nothing is nil.
func (d deployment) handedOver(t *testing.T) *handedOver {
	t.Helper()
	data, err := os.ReadFile(d.record)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	h := new(handedOver)
	if err := json.Unmarshal(data, h); err != nil {
		t.Fatal(err)
	}
	return h
}

// code is the folder that Function Compute gets, found as fc3 finds it: beneath
// the file's own folder.
func (h handedOver) code() string {
	return filepath.Join(filepath.Dir(h.YAML.Path), h.Props["code"].(string))
}

// Each file is deployed: the policy is checked, the package built, and what the
// file says handed over; and removed again.
func TestDeploy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	accounts := newAccounts(t, d)
	for _, test := range []struct {
		file    string
		command []string // deploys it
		policy  string   // that is in the package; "": none is, or a fleet
	}{
		{"s.yaml", []string{d.cli, "deploy", "-y"}, "deploy/policy.yaml"},
		{"deploy/state.yaml", []string{"make", "deploy", "FILE=deploy/state.yaml"}, "deploy/policy.yaml"},
		{"deploy/emergency.yaml", []string{"make", "deploy", "FILE=deploy/emergency.yaml", "POLICY=" + emergencyPolicy}, emergencyPolicy},
		{"deploy/recorder.yaml", []string{"make", "deploy", "FILE=deploy/recorder.yaml"}, ""},
		{"deploy/fleet/production-shanghai.yaml",
			[]string{"make", "deploy", "FILE=deploy/fleet/production-shanghai.yaml", "POLICY=deploy/policies/stuck.yaml"},
			"deploy/policies/stuck.yaml"},
		{fleetFile, []string{"make", "deploy", "FILE=" + fleetFile, "FLEET=fleet.yaml"}, ""},
	} {
		t.Run(test.file, func(t *testing.T) {
			h := d.handsOver(t, "deploy", test.file, test.command)
			if diff := cmp.Diff(resolved(test.file), h.Props); diff != "" {
				t.Errorf("handed over (-want +got):\n%s", diff)
			}
			t.Run("fc3's schema", func(t *testing.T) { satisfiesFC3(t, h.Props) })
			switch test.file {
			case fleetFile:
				checkFiles(t, h.code(), h.Props["handler"].(string), "fleet.yaml", "policy.yaml", "sandbox.yaml")
			case "deploy/recorder.yaml":
				checkFiles(t, h.code(), h.Props["handler"].(string))
			default:
				checkPackage(t, h.code(), filepath.Join(d.dir, test.policy))
			}
			switch test.file {
			case fleetFile:
				t.Run("each timer sweeps its place", func(t *testing.T) { accounts.areSwept(t, h) })
			case "s.yaml":
				t.Run("the package runs", func(t *testing.T) { runs(t, d, h) })
			case "deploy/recorder.yaml":
				t.Run("it records", func(t *testing.T) { records(t, h) })
			case "deploy/emergency.yaml":
				t.Run("an alarm stops", func(t *testing.T) { emergencyRuns(t, newDeployment(t), h) })
			}
			d.handsOver(t, "remove", test.file, []string{"make", "remove", "FILE=" + test.file})
		})
	}
}

// handsOver runs a command, which must hand file over to be deployed or removed.
func (d deployment) handsOver(t *testing.T, what, file string, command []string) handedOver {
	t.Helper()
	os.Remove(d.record)
	r := d.do(t, command)
	h := d.handedOver(t)
	if r.status != 0 || h == nil {
		t.Fatalf("%v: status %d, handed over %v\n%s%s", command, r.status, h, r.stdout, r.stderr)
	}
	if want := filepath.Join(d.dir, filepath.FromSlash(file)); h.Command != what || h.YAML.Path != want {
		t.Errorf("%v handed over %s of %s, want %s of %s", command, h.Command, h.YAML.Path, what, want)
	}
	return *h
}

// checkPackage looks at what Function Compute would get of the function that stops:
// the handler, and the policy.
func checkPackage(t *testing.T, folder, policy string) {
	t.Helper()
	checkFiles(t, folder, "flowreaper-function", "policy.yaml")
	if diff := cmp.Diff(string(readFile(t, policy)), string(readFile(t, filepath.Join(folder, "policy.yaml")))); diff != "" {
		t.Errorf("the package's policy (-want +got):\n%s", diff)
	}
}

// checkFiles looks for the handler, for Function Compute's machine, the others, and
// nothing else.
func checkFiles(t *testing.T, folder, handler string, others ...string) {
	t.Helper()
	want := map[string]string{handler: "-rwxr-xr-x"}
	for _, name := range others {
		want[name] = "-rw-r--r--"
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	modes := make(map[string]string)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes[e.Name()] = info.Mode().String()
	}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("the package (-want +got):\n%s", diff)
	}
	program, err := elf.Open(filepath.Join(folder, handler))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if libraries, err := program.ImportedLibraries(); program.Machine != elf.EM_X86_64 || err != nil || len(libraries) > 0 {
		t.Errorf("the handler is for %v and needs %v (%v), want a static one for EM_X86_64", program.Machine, libraries, err)
	}
}

// Whatever is wrong with the policy or the build, nothing is handed over.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		file, old, new string // one edit
		want           string // somewhere in what is said
	}{
		{"a wrong policy", "deploy/policy.yaml", "maxRuntime: 1d", "maxRuntme: 1d",
			`deploy/policy.yaml:19:5: unknown key "maxRuntme"; did you mean "maxRuntime"?`},
		{"a policy that the linter doubts", "deploy/policy.yaml", "maxRuntime: 1d", "maxRuntime: 1d\n    when: execution.input.priority != 1",
			"warnings: 1, and --strict allows none"},
		{"a policy whose tests fail", "deploy/policy.yaml", "maxRuntime: 1d", "maxRuntime: 2d",
			"decision: want stop, got keep"},
		{"tests that are wrong", "deploy/policy.test.yaml", "cases:", "case:",
			`unknown key "case"; did you mean "cases"?`},
		{"a function that doesn't compile", "function/main.go", "\nfunc main() {", "\nfunc main() {\n\treturn 1",
			"too many return values"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.edit(t, test.file, test.old, test.new)
			d.refuses(t, test.want, "make", "deploy")
			d.refuses(t, test.want, d.cli, "deploy", "-y")
		})
	}
}

func (d deployment) refuses(t *testing.T, want string, command ...string) {
	t.Helper()
	r := d.do(t, command)
	h := d.handedOver(t)
	if r.status == 0 || h != nil || !strings.Contains(r.stdout+r.stderr, want) {
		t.Errorf("%v: status %d, handed over %v, want a failure that says %q\n%s%s", command, r.status, h, want, r.stdout, r.stderr)
	}
}
