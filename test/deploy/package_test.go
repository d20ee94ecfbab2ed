package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The same files give the same bytes: in another folder, in a checkout or not,
// with other times and another umask, and after an earlier package.
func TestPackageIsReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the function twice")
	}
	one, two := t.TempDir(), t.TempDir()
	copyTree(t, repository(t), one)
	copyTree(t, repository(t), two)
	commit(t, two)
	writeFile(t, filepath.Join(mkdir(t, two, "dist", "function"), "left-over"), "from an earlier package")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(two, "deploy", "policy.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(two, "deploy", "policy.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	packs(t, one, "umask 022")
	packs(t, two, "umask 077")
	if !bytes.Equal(readFile(t, filepath.Join(one, "dist", "function.zip")), readFile(t, filepath.Join(two, "dist", "function.zip"))) {
		t.Error("the zips differ")
	}
	checkPackage(t, filepath.Join(one, "dist", "function"), filepath.Join(one, "deploy", "policy.yaml"))
	checkPackage(t, filepath.Join(two, "dist", "function"), filepath.Join(two, "deploy", "policy.yaml"))
	for _, name := range []string{"flowreaper-function", "policy.yaml"} {
		first, second := stat(t, one, "dist", "function", name), stat(t, two, "dist", "function", name)
		if !first.ModTime().Equal(second.ModTime()) {
			t.Errorf("%s is of %v and of %v", name, first.ModTime(), second.ModTime())
		}
		if !bytes.Equal(readFile(t, filepath.Join(one, "dist", "function", name)), readFile(t, filepath.Join(two, "dist", "function", name))) {
			t.Errorf("%s differs", name)
		}
	}
}

// commit makes a checkout of a folder.
func commit(t *testing.T, dir string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false",
			"commit", "--quiet", "--message", "all"},
	} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func packs(t *testing.T, dir, umask string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", umask+" && make package")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v\n%s", err, out)
	}
}

func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func stat(t *testing.T, parts ...string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return info
}
