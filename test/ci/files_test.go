package ci

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func parsed(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A step of GitHub's.
type step struct {
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
	With map[string]any    `yaml:"with"`
}

type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	On          map[string]any    `yaml:"on"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Steps       []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

var (
	pinned  = regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	version = regexp.MustCompile(`@[0-9a-f]{40} # v[0-9.]+$`)
)

// checkSteps checks that nothing runs which somebody else may change, and that nothing which
// somebody else may name is a part of a script.
func checkSteps(t *testing.T, file string, steps []step) {
	t.Helper()
	if len(steps) == 0 {
		t.Errorf("%s has no steps", file)
	}
	for _, s := range steps {
		if s.Uses != "" && s.Uses != "./" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s uses %s, which is pinned to no commit", file, s.Uses)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s has an expression in a script: hand it over through env\n%s", file, s.Run)
		}
	}
}

func TestWorkflows(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root(t), ".github", "workflows", "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, name := range names {
		name = filepath.Join(".github", "workflows", filepath.Base(name))
		var w workflow
		parsed(t, name, &w)
		if len(w.Permissions) > 0 || w.Permissions == nil {
			t.Errorf("%s: its permissions are %v, want {}, and each job's own", name, w.Permissions)
		}
		if _, ok := w.On["pull_request_target"]; ok {
			t.Errorf("%s runs what a fork wrote, with this repository's rights", name)
		}
		for id, job := range w.Jobs {
			checkSteps(t, name, job.Steps)
			writes := false
			for what, right := range job.Permissions {
				writes = writes || right == "write"
				if right == "write" && name+" "+id+" "+what != filepath.Join(".github", "workflows", "release.yml")+" publish contents" {
					t.Errorf("%s: the job %s may write %s", name, id, what)
				}
			}
			for _, s := range job.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && (writes || s.With["persist-credentials"] != false) {
					t.Errorf("%s: the job %s checks out, with a token that what it runs can read", name, id)
				}
			}
		}
	}
}

// An action is pinned once: whoever goes up finds each place, and what it is called there is
// what it is.
func TestPins(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), ".github", "workflows", "*"))
	if err != nil {
		t.Fatal(err)
	}
	use := regexp.MustCompile(`uses: ([\w-]+/[\w-]+)(@[0-9a-f]{40}.*)`)
	pins := map[string]string{} // with the file that has it
	for _, file := range append(files, filepath.Join(root(t), "action.yml"), filepath.Join(root(t), "docs", "review.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range use.FindAllStringSubmatch(string(text), -1) {
			action, pin := found[1], found[2]
			if !version.MatchString(pin) {
				t.Errorf("%s: %s%s doesn't end in its version, as in # v6.1.0", file, action, pin)
			}
			if other, in, _ := strings.Cut(pins[action], " in "); other != "" && other != pin {
				t.Errorf("%s: %s%s, but it is %s in %s", file, action, pin, other, in)
			}
			pins[action] = pin + " in " + file
		}
	}
	if len(pins) < 4 {
		t.Errorf("only %d actions were found", len(pins))
	}
}

// GitLab's image is of the Go that go.mod asks for: it would fetch no other.
func TestGoOfGitLab(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var job struct {
		Policies struct{ Image string } `yaml:"flowreaper-policies"`
	}
	parsed(t, "deploy/ci/gitlab.yml", &job)
	asked := regexp.MustCompile(`(?m)^go (1\.[0-9]+)`).FindStringSubmatch(string(text))
	if asked == nil || job.Policies.Image != "golang:"+asked[1] {
		t.Errorf("the image is %s, go.mod asks for %v", job.Policies.Image, asked)
	}
}

func TestAction(t *testing.T) {
	var a struct {
		Inputs map[string]struct {
			Description string `yaml:"description"`
			Default     string `yaml:"default"`
		} `yaml:"inputs"`
		Runs struct {
			Steps []step `yaml:"steps"`
		} `yaml:"runs"`
	}
	parsed(t, "action.yml", &a)
	checkSteps(t, "action.yml", a.Runs.Steps)
	used := map[string]bool{}
	input := regexp.MustCompile(`inputs\.([a-z-]+)`)
	for _, s := range a.Runs.Steps {
		for _, value := range s.Env {
			for _, name := range input.FindAllStringSubmatch(value, -1) {
				used[name[1]] = true
			}
		}
	}
	told, err := os.ReadFile(filepath.Join(root(t), "docs", "review.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, i := range a.Inputs {
		if i.Description == "" || !used[name] {
			t.Errorf("the input %s: %q, used %v", name, i.Description, used[name])
		}
		if !strings.Contains(string(told), "| `"+name+"`, ") {
			t.Errorf("docs/review.md doesn't tell of the input %s", name)
		}
	}
	for name := range used {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("it uses an input %s that it hasn't", name)
		}
	}
}

// The action's own steps, on the policies that this repository ships: what its inputs
// say is what the scripts get.
func TestActionChecksTheExamples(t *testing.T) {
	t.Parallel()
	var a struct {
		Runs struct {
			Steps []step `yaml:"steps"`
		} `yaml:"runs"`
	}
	parsed(t, "action.yml", &a)
	r, base := compared(t, shorter)
	r.write(t, map[string]string{"policy.test.yaml": testText, "bin/gh": gh, "ours": ""})
	if err := os.Chmod(filepath.Join(string(r), "bin", "gh"), 0o755); err != nil {
		t.Fatal(err)
	}
	said := strings.NewReplacer(
		"${{ runner.temp }}/flowreaper-comment.md", "comment.md", "${{ runner.temp }}/flowreaper", reaper(t), "${{ github.action_path }}", root(t),
		"${{ inputs.policies }}", "policy.yaml", "${{ inputs.tests }}", "", "${{ inputs.fleet }}", "", "${{ inputs.strict }}", "true", "${{ inputs.coverage }}", "true",
		"${{ inputs.history }}", "history", "${{ inputs.max-false-stops }}", "", "${{ inputs.token }}", "t",
		"${{ github.event.pull_request.base.sha }}", base, "${{ github.event.pull_request.number }}", "7")
	ran := 0
	for _, s := range a.Runs.Steps {
		if !strings.Contains(s.Run, "deploy/ci/") {
			continue
		}
		env := []string{"PATH=" + filepath.Join(string(r), "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
			"GITHUB_REPOSITORY=o/r", "CALLS=calls", "OURS=ours"}
		for name, value := range s.Env {
			env = append(env, name+"="+said.Replace(value))
			if strings.Contains(said.Replace(value), "${{") {
				t.Errorf("%s is %s", name, value)
			}
		}
		status, out := r.sh(t, s.Run, env...)
		expect(t, status, 0, out)
		ran++
	}
	if ran != 3 {
		t.Errorf("%d steps ran a script, want 3", ran)
	}
	if calls := r.read(t, "calls"); !strings.Contains(calls, "--method POST repos/o/r/issues/7/comments --field body=@comment.md\n") {
		t.Errorf("gh was called with\n%s", calls)
	}
}

// GitLab's template, but for what fetches and builds flowreaper.
func TestGitLabTemplate(t *testing.T) {
	t.Parallel()
	var template map[string]struct {
		Variables    map[string]string `yaml:"variables"`
		BeforeScript []string          `yaml:"before_script"`
		Script       []string          `yaml:"script"`
	}
	parsed(t, "deploy/ci/gitlab.yml", &template)
	job := template["flowreaper-policies"]
	g := newGitLab(t)
	r, base := compared(t, shorter)
	r.write(t, map[string]string{"policy.test.yaml": strings.Replace(testText, "3h", "1h", 1)})
	var env []string
	for name, value := range job.Variables {
		env = append(env, name+"="+strings.ReplaceAll(value, "/tmp/flowreaper/bin/flowreaper", reaper(t)))
	}
	env = append(env, "HISTORY=history", "MAX_FALSE_STOPS=0", "COMMENT_TOKEN=hush", "CI_API_V4_URL="+g.URL+"/api/v4", "CI_PROJECT_ID=5",
		"CI_MERGE_REQUEST_IID=7", "CI_MERGE_REQUEST_DIFF_BASE_SHA="+base)
	status, said := r.sh(t, strings.ReplaceAll(strings.Join(job.Script, "\n"), "/tmp/flowreaper", root(t)), env...)
	expect(t, status, 1, said, "ok   policy.test.yaml")
	if len(g.notes) != 1 || !strings.HasPrefix(g.notes[0].Body, marker+"## `policy.yaml`") {
		t.Errorf("the notes are %+v", g.notes)
	}
	if !strings.Contains(r.read(t, "flowreaper-junit.xml"), "<testsuite") {
		t.Error("no JUnit")
	}
	status, said = r.sh(t, job.BeforeScript[0], "REAPER_REF="+job.Variables["REAPER_REF"])
	if expect(t, 0, 0, said, "set it to a commit of flowreaper"); status == 0 {
		t.Error("without a commit it goes on")
	}
}

// pre-commit runs a hook's entry with the names of the files that it is about.
func TestPreCommitHooks(t *testing.T) {
	t.Parallel()
	var hooks []struct {
		ID, Entry, Files, Exclude, Language string
		Args                                []string
		PassFilenames                       *bool `yaml:"pass_filenames"`
	}
	parsed(t, ".pre-commit-hooks.yaml", &hooks)
	r := examples(t)
	r.write(t, map[string]string{"fleet.yaml": strings.Replace(fleetText, "policy.yaml", "policies/timeouts.yaml", 1)})
	about := map[string]int{}
	for _, h := range hooks {
		files := regexp.MustCompile(h.Files)
		var names []string
		for name := range strings.FieldsSeq(r.git(t, "ls-files")) {
			if files.MatchString(name) && (h.Exclude == "" || !regexp.MustCompile(h.Exclude).MatchString(name)) {
				names = append(names, name)
			}
		}
		about[h.ID] = len(names)
		if h.PassFilenames != nil && !*h.PassFilenames {
			names = nil
		}
		entry := strings.Replace(h.Entry, "flowreaper", `"$REAPER"`, 1)
		status, said := r.sh(t, entry+" "+strings.Join(append(h.Args, names...), " "))
		expect(t, status, 0, said)
		if h.ID == "flowreaper-fleet" {
			expect(t, 0, 0, said, "ok   policies/timeouts.test.yaml: ")
		}
	}
	tests, err := filepath.Glob(filepath.Join(string(r), "policies", "*.test.yaml"))
	if err != nil || len(tests) == 0 || about["flowreaper-validate"] != len(tests) || about["flowreaper-test"] != len(tests) {
		t.Errorf("the hooks are about so many files: %v, of %d policies; %v", about, len(tests), err)
	}
}
