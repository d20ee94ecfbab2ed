package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// initialized makes a project of the application with the real CLI, as a person does from
// a clone: s takes away the zip that it has read, and asks nothing where parameters are
// given.
func initialized(t *testing.T, d deployment, parameters string) string {
	t.Helper()
	if r := d.do(t, []string{"make", "application"}); r.status != 0 {
		t.Fatalf("make application: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	dir := filepath.Join(t.TempDir(), "my-guard")
	r := d.s(t, "init", "flowreaper", "--uri", filepath.Join(d.dir, "dist", "application.zip"), "-d", dir, "-a", "default", "-y", "--parameters", parameters)
	if r.status != 0 {
		t.Fatalf("s init: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	return dir
}

// One command makes a project that deploys what this repository deploys.
func TestApplication(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	dir := initialized(t, d, `{"region": "cn-shanghai", "functionName": "guard"}`)
	if text := string(readFile(t, filepath.Join(dir, "release"))); text != "main\n" {
		t.Errorf("the release is %q", text)
	}

	want := shipped()
	want["region"], want["functionName"] = "cn-shanghai", "guard"
	want["asyncInvokeConfig"].(map[string]any)["destinationConfig"] = failuresIn("cn-shanghai")
	mine := d
	mine.dir = dir
	if diff := cmp.Diff(want, mine.resolve(t, "s.yaml")); diff != "" {
		t.Errorf("it resolves to (-want +got):\n%s", diff)
	}
	if r := mine.s(t, "verify"); r.status != 0 {
		t.Errorf("s verify: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}

	env := []string{"HANDED_OVER=" + d.record, "REAPER_SOURCE=" + d.dir}
	if r := mine.run(t, env, d.cli, "deploy", "-y"); r.status != 0 {
		t.Fatalf("s deploy: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	h := d.handedOver(t)
	if h == nil || h.Command != "deploy" {
		t.Fatalf("handed over: %+v", h)
	}
	if diff := cmp.Diff(want, h.Props); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(string(readFile(t, filepath.Join(dir, "policy.yaml"))), string(readFile(t, filepath.Join(h.code(), "policy.yaml")))); diff != "" {
		t.Errorf("the package's policy (-the project's +got):\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(h.code(), "flowreaper-function")); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("the function: %v, %v", info, err)
	}
}

// A policy whose tests fail isn't deployed from there, either.
func TestApplicationGuardsItsPolicy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	mine := d
	mine.dir = initialized(t, d, `{"region": "cn-hangzhou"}`)
	mine.edit(t, "policy.yaml", "maxRuntime: 1d", "maxRuntime: 2d")
	r := mine.run(t, []string{"HANDED_OVER=" + d.record, "REAPER_SOURCE=" + d.dir}, d.cli, "deploy", "-y")
	if h := d.handedOver(t); r.status == 0 || h != nil || !strings.Contains(r.stdout+r.stderr, "decision: want stop, got keep") {
		t.Errorf("status %d, handed over %v, want a failure\n%s%s", r.status, h, r.stdout, r.stderr)
	}
}

// What stands in the application twice is what stands elsewhere.
func TestApplicationIsTheRepositorys(t *testing.T) {
	root := repository(t)
	var publish struct {
		Parameters struct {
			Required   []string
			Properties map[string]struct {
				Default string
				Enum    []string
			}
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(readFile(t, filepath.Join(root, "deploy", "application", "publish.yaml")), &publish); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cloudflow.Regions, publish.Parameters.Properties["region"].Enum); diff != "" {
		t.Errorf("the regions (-CloudFlow's +its):\n%s", diff)
	}
	source := filepath.Join(root, "deploy", "application", "src")
	for _, name := range []string{"region", "functionName", "release"} {
		used := strings.Contains(string(readFile(t, filepath.Join(source, "s.yaml"))), "{{ "+name+" }}") ||
			strings.Contains(string(readFile(t, filepath.Join(source, "release.stpl"))), "{{ "+name+" }}")
		if _, ok := publish.Parameters.Properties[name]; !ok || !used {
			t.Errorf("the parameter %s: described %v, used %v", name, ok, used)
		}
	}
	if len(publish.Parameters.Properties) != 3 || len(publish.Parameters.Required) != 3 {
		t.Errorf("the parameters are %+v", publish.Parameters)
	}
	for _, name := range []string{"policy.yaml", "policy.test.yaml"} {
		if diff := cmp.Diff(uncommented(t, filepath.Join(root, "deploy", name)), uncommented(t, filepath.Join(source, name))); diff != "" {
			t.Errorf("%s (-deploy's +the application's):\n%s", name, diff)
		}
	}
}

func uncommented(t *testing.T, name string) (value any) {
	t.Helper()
	if err := yaml.Unmarshal(readFile(t, name), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
