// Package ci tests what checks policies in CI: the scripts in deploy/ci, run as GitHub's
// action, GitLab's template and pre-commit run them, with the real terminal in a real
// repository. gh is a stand-in, GitLab a server that keeps notes.
package ci

import (
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is this repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var built string // the folder of what was

// terminal is built by the first test that runs it.
var terminal = sync.OnceValues(func() (string, error) {
	name := filepath.Join(built, "flowreaper")
	if out, err := exec.Command("go", "build", "-o", name, "../../cmd/flowreaper").CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return name, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ci")
	if err != nil {
		log.Fatal(err)
	}
	built = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

func reaper(t *testing.T) string {
	t.Helper()
	name, err := terminal()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// A repository is one whose policies are checked.
type repository string

func newRepository(t *testing.T, files map[string]string) repository {
	t.Helper()
	r := repository(t.TempDir())
	r.write(t, files)
	r.git(t, "init", "--quiet")
	r.commit(t)
	return r
}

func (r repository) write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(string(r), name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// commit commits all that is there, and returns the commit.
func (r repository) commit(t *testing.T) string {
	t.Helper()
	r.git(t, "add", "--all")
	r.git(t, "-c", "user.name=ci", "-c", "user.email=ci@example.com", "commit", "--quiet", "--allow-empty", "-m", "policies")
	return strings.TrimSpace(r.git(t, "rev-parse", "HEAD"))
}

func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", string(r)}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// run runs a script of deploy/ci in the repository, and nothing of this process's
// environment but PATH with it.
func (r repository) run(t *testing.T, script string, env ...string) (status int, said string) {
	t.Helper()
	return r.sh(t, "exec "+filepath.Join(root(t), "deploy", "ci", script), env...)
}

func (r repository) sh(t *testing.T, script string, env ...string) (status int, said string) {
	t.Helper()
	cmd := exec.Command("sh", "-eu", "-c", script)
	cmd.Dir = string(r)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "REAPER=" + reaper(t)}, env...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (r repository) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(r), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func expect(t *testing.T, status, wantStatus int, said string, want ...string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("exit status %d, want %d", status, wantStatus)
	}
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("it doesn't say %q", w)
		}
	}
	if t.Failed() {
		t.Logf("it says:\n%s", said)
	}
}

const (
	policyText = "version: 1\npolicy: p\nrules:\n  - {name: two-hours, flows: [\"etl-*\"], maxRuntime: 2h}\n"
	testText   = `version: 1
policy: policy.yaml
now: 2026-03-04T12:00:00Z
cases:
  - name: two hours
    flows:
      - name: etl-a
        executions:
          - {name: overdue, startedAgo: 3h, want: {decision: stop, rule: two-hours}}
`
)

func TestCheck(t *testing.T) {
	t.Parallel()
	noCase := strings.Replace(testText, "startedAgo: 3h, want: {decision: stop, rule: two-hours}", "startedAgo: 1h", 1)
	for _, test := range []struct {
		name   string
		files  map[string]string
		env    []string
		status int
		want   []string
	}{
		{"well", map[string]string{"policy.yaml": policyText, "policy.test.yaml": testText}, nil, 0, []string{"ok   policy.test.yaml: 1 case passed"}},
		{"by a glob, which takes the tests in", map[string]string{"policy.yaml": policyText, "policy.test.yaml": testText}, []string{"POLICIES=*.yaml"}, 0, []string{"1 case passed"}},
		{"tests of the other name", map[string]string{"policy.yaml": policyText, "policy_test.yaml": testText}, nil, 0, []string{"ok   policy_test.yaml: 1 case passed"}},
		{"tests elsewhere", map[string]string{"policy.yaml": policyText, "tests/a.yaml": strings.Replace(testText, "policy: ", "policy: ../", 1)}, []string{"TESTS=tests/*.yaml"}, 0, []string{"ok   tests/a.yaml: 1 case passed"}},
		{"tests elsewhere, of another policy", map[string]string{"policy.yaml": policyText, "other.yaml": policyText, "tests/a.yaml": strings.Replace(testText, "policy: ", "policy: ../", 1)},
			[]string{"POLICIES=policy.yaml ./other.yaml", "TESTS=tests/*.yaml"}, 1, []string{"ok   tests/a.yaml: 1 case passed", "check: ./other.yaml has no tests: name them in TESTS\n"}},
		{"tests elsewhere, of the policy by another name", map[string]string{"policies/p.yaml": policyText, "tests/a.yaml": strings.Replace(testText, "policy.yaml", "./../policies/p.yaml", 1)},
			[]string{"POLICIES=./policies/p.yaml", "TESTS=./tests/a.yaml"}, 0, []string{"1 case passed"}},
		{"tests elsewhere, and coverage isn't wanted", map[string]string{"policy.yaml": policyText, "other.yaml": policyText, "tests/a.yaml": strings.Replace(testText, "policy: ", "policy: ../", 1)},
			[]string{"POLICIES=policy.yaml other.yaml", "TESTS=tests/a.yaml", "COVERAGE=false"}, 0, []string{"1 case passed"}},
		{"tests that can't be read", map[string]string{"policy.yaml": policyText, "tests/a.yaml": "x"}, []string{"TESTS=tests/a.yaml"}, 1, []string{"wrong, and not run: 1 of 1"}},
		{"a wrong policy", map[string]string{"policy.yaml": strings.Replace(policyText, "maxRuntime", "maxRuntme", 1), "policy.test.yaml": testText}, nil, 1, []string{`unknown key "maxRuntme"; did you mean "maxRuntime"?`}},
		{"a warning", map[string]string{"policy.yaml": policyText + "  - {name: three-hours, flows: [\"etl-*\"], maxRuntime: 3h}\n", "policy.test.yaml": testText}, []string{"COVERAGE=false"}, 1, []string{"warning"}},
		{"a warning that is none", map[string]string{"policy.yaml": policyText + "  - {name: three-hours, flows: [\"etl-*\"], maxRuntime: 3h}\n", "policy.test.yaml": testText}, []string{"COVERAGE=false", "STRICT=false"}, 0, []string{"warning"}},
		{"tests that fail", map[string]string{"policy.yaml": policyText, "policy.test.yaml": strings.Replace(testText, "3h", "1h", 1)}, nil, 1, []string{"want stop, got keep"}},
		{"no tests", map[string]string{"policy.yaml": policyText}, nil, 1, []string{"check: policy.yaml has no tests: put them into policy.test.yaml\n"}},
		{"no tests, and none wanted", map[string]string{"policy.yaml": policyText}, []string{"COVERAGE=false"}, 0, nil},
		{"a rule that no test exercises", map[string]string{"policy.yaml": policyText, "policy.test.yaml": noCase}, nil, 1, []string{"two-hours"}},
		{"no such policy", nil, nil, 2, []string{"check: POLICIES names policy.yaml, and there is no such file\n"}},
		{"a glob that nothing matches", map[string]string{"policies/a.yaml": policyText}, []string{"POLICIES=polices/*.yaml"}, 2, []string{"check: POLICIES names polices/*.yaml, and there is no such file\n"}},
		{"a folder", map[string]string{"policies/a.yaml": policyText}, []string{"POLICIES=policies"}, 2, []string{"check: POLICIES names policies, which is a folder: name the files in it, as in policies/*.yaml\n"}},
		{"no such tests", map[string]string{"policy.yaml": policyText}, []string{"TESTS=tests/*.yaml"}, 2, []string{"check: TESTS names tests/*.yaml, and there is no such file\n"}},
		{"no flowreaper", map[string]string{"policy.yaml": policyText}, []string{"REAPER=nowhere/flowreaper"}, 2, []string{"check: there is no nowhere/flowreaper to check with: set REAPER to a flowreaper\n"}},
		{"a word that is neither", map[string]string{"policy.yaml": policyText}, []string{"STRICT=True"}, 2, []string{"check: STRICT must be true or false, but is True\n"}},
		{"another", map[string]string{"policy.yaml": policyText}, []string{"COVERAGE=$(touch pwned)"}, 2, []string{"check: COVERAGE must be true or false, but is $(touch pwned)\n"}},
		{"nothing", nil, []string{"POLICIES="}, 2, []string{"check: no policy to check: POLICIES is empty\n"}},
		{"tests alone", map[string]string{"policy.test.yaml": testText}, []string{"POLICIES=*.test.yaml"}, 2, []string{"check: no policy to check: POLICIES names tests alone\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRepository(t, test.files)
			status, said := r.run(t, "check.sh", append([]string{"POLICIES=policy.yaml"}, test.env...)...)
			expect(t, status, test.status, said, test.want...)
		})
	}
}

// What people name is never a part of a script, nor an option.
func TestNamesAreNames(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"-o.yaml": policyText})
	for _, policies := range []string{"$(touch${IFS}pwned).yaml", "`touch pwned`", "x;touch pwned", "--output=json", "-o.yaml"} {
		for script, coverage := range map[string]string{"check.sh": "true", "compare.sh": "$(touch pwned)"} {
			_, said := r.run(t, script, "POLICIES="+policies, "TESTS="+policies, "HISTORY=h", "BASE=HEAD", "COMMENT=comment.md", "COVERAGE="+coverage)
			if _, err := os.Stat(filepath.Join(string(r), "pwned")); err == nil {
				t.Fatalf("%s ran %s:\n%s", script, policies, said)
			}
		}
	}
}

const fleetText = `version: 1
defaults: {region: cn-hangzhou, policy: policy.yaml}
places: [{name: a, account: 1}, {name: b, account: 2}]
`

// A fleet's policies are checked, in the place of those that POLICIES names.
func TestCheckAFleet(t *testing.T) {
	t.Parallel()
	other := strings.Replace(fleetText, "account: 2", "account: 2, policy: other.yaml", 1)
	doubted := policyText + "  - {name: three-hours, flows: [\"etl-*\"], maxRuntime: 3h}\n"
	for _, test := range []struct {
		name   string
		files  map[string]string
		env    []string
		status int
		want   []string
	}{
		{"well", nil, nil, 0, []string{"fleet.yaml: 2 places, of 2 accounts in 1 region, by one policy\n", "ok   policy.test.yaml: 1 case passed\n"}},
		{"a policy without tests", map[string]string{"fleet.yaml": other, "other.yaml": policyText}, []string{"COVERAGE=false"}, 1,
			[]string{"the policy other.yaml has no tests: put them into other.test.yaml\n", "ok   policy.test.yaml: 1 case passed\n"}},
		{"tests that fail", map[string]string{"policy.test.yaml": strings.Replace(testText, "3h", "1h", 1)}, nil, 1, []string{"want stop, got keep"}},
		{"a rule that no test exercises", map[string]string{"policy.yaml": policyText + "  - {name: a-day, maxRuntime: 1d}\n"}, nil, 1, []string{"no case exercises the rule a-day"}},
		{"which is let be", map[string]string{"policy.yaml": policyText + "  - {name: a-day, maxRuntime: 1d}\n"}, []string{"COVERAGE=false"}, 0, nil},
		{"a warning", map[string]string{"policy.yaml": doubted}, []string{"COVERAGE=false"}, 1, []string{"warnings: 1, and --strict allows none", "1 case passed"}},
		{"a warning that is none", map[string]string{"policy.yaml": doubted}, []string{"COVERAGE=false", "STRICT=false"}, 0, []string{"warning"}},
		{"a wrong fleet", map[string]string{"fleet.yaml": strings.Replace(fleetText, "places", "place", 1)}, nil, 1, []string{`unknown key "place"; did you mean "places"?`}},
		{"no such fleet", nil, []string{"FLEET=flet.yaml"}, 2, []string{"check: FLEET names flet.yaml, and there is no such file\n"}},
		{"more than one", nil, []string{"FLEET=*.yaml"}, 2, []string{"check: FLEET names *.yaml, and there is no such file\n"}},
		{"what is run nowhere", nil, []string{"FLEET=$(touch${IFS}pwned).yaml"}, 2, []string{"check: FLEET names $(touch${IFS}pwned).yaml, and there is no such file\n"}},
		{"tests elsewhere", nil, []string{"TESTS=tests/*.yaml"}, 2, []string{"check: TESTS doesn't go with FLEET: a fleet's tests lie beside its policies\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRepository(t, map[string]string{"fleet.yaml": fleetText, "policy.yaml": policyText, "policy.test.yaml": testText})
			r.write(t, test.files)
			status, said := r.run(t, "check.sh", append([]string{"FLEET=fleet.yaml", "POLICIES=nowhere.yaml", "JUNIT=junit.xml"}, test.env...)...)
			expect(t, status, test.status, said, test.want...)
			if status == 0 && !strings.Contains(r.read(t, "junit.xml"), "<testsuite") {
				t.Error("no JUnit")
			}
		})
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"policy.yaml": policyText, "policy.test.yaml": testText})
	status, said := r.run(t, "check.sh", "POLICIES=policy.yaml", "JUNIT=junit.xml")
	expect(t, status, 0, said)
	if text := r.read(t, "junit.xml"); !strings.Contains(text, "<testsuite") {
		t.Errorf("junit.xml is %s", text)
	}
}

// examples is a repository with the policies that this one ships.
func examples(t *testing.T) repository {
	t.Helper()
	r := newRepository(t, nil)
	if err := os.CopyFS(filepath.Join(string(r), "policies"), os.DirFS(filepath.Join(root(t), "deploy", "policies"))); err != nil {
		t.Fatal(err)
	}
	r.commit(t)
	return r
}

func TestExamples(t *testing.T) {
	t.Parallel()
	status, said := examples(t).run(t, "check.sh", "POLICIES=policies/*.yaml")
	expect(t, status, 0, said, "ok   policies/timeouts.test.yaml", "ok   policies/emergency.test.yaml")
}
