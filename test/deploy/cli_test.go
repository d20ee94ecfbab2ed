// Package deploy checks what is deployed, without a cloud: the shipped s.yaml
// and the files that extend it are resolved, verified and deployed by the real
// Serverless Devs CLI, with a stand-in for its fc3 component whose schema is
// stricter than the real one's (component/), and the very package that the
// stand-in is handed is started and invoked as Function Compute would.
//
// The tests install the CLI with npm into deploy/node_modules. On a machine
// without npm they are skipped, and `make test` says so.
package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A project is a copy of this one, its own to edit, with the CLI to deploy it.
type project struct {
	dir  string // the copy's root
	home string // the CLI's: the component's stand-in, no access keys
	cli  string
}

// newProject copies the working tree as it is, committed or not. It skips the
// test where npm is missing.
func newProject(t *testing.T) project {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("there is no npm on this machine: install Node.js to run the checks of the deployment")
	}
	root := repository(t)
	if err := install(root); err != nil {
		t.Fatal(err)
	}
	p := project{
		dir:  t.TempDir(),
		home: seedComponent(t),
		cli:  filepath.Join(root, "deploy", "node_modules", ".bin", "s"),
	}
	copyTree(t, root, p.dir)
	modules := filepath.Join("deploy", "node_modules")
	if err := os.Symlink(filepath.Join(root, modules), filepath.Join(p.dir, modules)); err != nil {
		t.Fatal(err)
	}
	return p
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

var installed sync.Map // root -> func() error

// install installs the pinned CLI once, in a second or two.
func install(root string) error {
	once, _ := installed.LoadOrStore(root, sync.OnceValue(func() error {
		cmd := exec.Command("make", "-C", root, "deploy/node_modules/.bin/s")
		cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.New("installing the Serverless Devs CLI: " + err.Error() + "\n" + string(out))
		}
		return nil
	}))
	return once.(func() error)()
}

// copyTree copies every file that git knows or would be asked about.
func copyTree(t *testing.T, root, dir string) {
	t.Helper()
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("listing the project's files with git: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		copyFile(t, filepath.Join(root, name), filepath.Join(dir, name))
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return // deleted, and not yet committed as such
	}
	if err != nil {
		t.Fatal(err)
	}
	data := readFile(t, from)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		t.Fatal(err)
	}
	// make compares times: a newer lock file would have the CLI installed anew.
	if err := os.Chtimes(to, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// seedComponent makes a home for the CLI in which the stand-in lies where the
// CLI keeps the components that it has downloaded, marked as never out of date.
func seedComponent(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, ".s", "components", "devsapp.cn", "v3", "fc3")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS("component")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(folder, ".s.lock"), `{"version":"0.1.22","lastUpdateCheck":9999999999999}`)
	writeFile(t, filepath.Join(home, ".s", "set-config.yml"), "analysis: disable\n")
	return home
}

// A run is what a command left.
type run struct {
	status         int
	stdout, stderr string
}

// run runs a command in the copy, or below it. Its output goes to files and its
// time is bounded: the CLI spins for ever on a pipe that was closed.
func (p project) run(t *testing.T, env []string, name string, args ...string) run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	errs, err := os.CreateTemp(t.TempDir(), "err")
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()

	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, out, errs
	cmd.Env = append(os.Environ(), "serverless_devs_config_home="+p.home, "SERVERLESS_DEVS_CICD=1", "MAKEFLAGS=", "MAKELEVEL=")
	cmd.Env = append(cmd.Env, env...)
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	return run{cmd.ProcessState.ExitCode(), string(readFile(t, out.Name())), string(readFile(t, errs.Name()))}
}

// s runs the CLI.
func (p project) s(t *testing.T, args ...string) run {
	t.Helper()
	return p.run(t, nil, p.cli, args...)
}

// resolve returns the properties that the CLI makes of a file, with every ${…}
// and extend resolved.
func (p project) resolve(t *testing.T, file string) map[string]any {
	t.Helper()
	r := p.s(t, "preview", "-t", file, "-o", "json")
	if r.status != 0 {
		t.Fatalf("s preview -t %s: status %d\n%s%s", file, r.status, r.stdout, r.stderr)
	}
	var whole struct {
		Resources map[string]struct{ Props map[string]any }
	}
	if err := json.Unmarshal([]byte(r.stdout), &whole); err != nil {
		t.Fatalf("s preview -t %s: %v\n%s", file, err, r.stdout)
	}
	props := whole.Resources["flowreaper"].Props
	if props == nil {
		t.Fatalf("s preview -t %s: no resource flowreaper\n%s", file, r.stdout)
	}
	return props
}

// edit replaces old, which must occur exactly once, in a file of the copy.
func (p project) edit(t *testing.T, file, old, new string) {
	t.Helper()
	name := filepath.Join(p.dir, file)
	text := string(readFile(t, name))
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%s: %q occurs %d times, want once", file, old, n)
	}
	writeFile(t, name, strings.Replace(text, old, new, 1))
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
