package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The same commit gives the same bytes: in another folder, in a clone without
// history and tags, with other times and another umask, and after an earlier
// package. The binary says which commit it is.
func TestPackageIsReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the function twice")
	}
	one, two := t.TempDir(), t.TempDir()
	copyTree(t, repository(t), one)
	commit(t, one)
	git(t, one, "tag", "v9.9.9")
	git(t, two, "clone", "--quiet", "--depth=1", "--no-tags", "file://"+one, ".")
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
	version := strings.TrimSpace(git(t, one, "rev-parse", "--short=12", "HEAD"))
	if binary := readFile(t, filepath.Join(one, "dist", "function", "flowreaper-function")); !bytes.Contains(binary, []byte(version)) {
		t.Errorf("the binary doesn't say that it is %s", version)
	}
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
	git(t, dir, "init", "--quiet")
	git(t, dir, "add", "--all")
	git(t, dir, "-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "all")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
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
