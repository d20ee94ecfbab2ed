package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testNow is when the tests judge.
var testNow = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// readPolicy parses one of the project's policies.
func readPolicy(t testing.TB, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(text))
}

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// oneRule is a policy of one enforcing rule with these lines.
func oneRule(lines ...string) string {
	return "version: 1\nmode: enforce\nvars: {limit: 2h, words: [a, b]}\nrules:\n  - name: r\n    " + strings.Join(lines, "\n    ") + "\n"
}

// facts are a running execution of etl-nightly, three hours, two minutes and
// seven seconds old.
func facts() *Facts {
	return &Facts{
		Now:   testNow,
		Event: &Event{Kind: "timer", Time: testNow},
		Flow:  &Flow{Name: "etl-nightly", ID: "f-1", ExecutionMode: "Standard", Env: map[string]string{"STAGE": "test"}},
		Execution: &Execution{
			Name: "run-1", Status: "Running", Input: JSONInput(`{"priority": "low"}`),
			StartedTime: testNow.Add(-3*time.Hour - 2*time.Minute - 7*time.Second),
		},
	}
}

// with changes the facts.
func with(changes ...func(*Facts)) *Facts {
	f := facts()
	for _, change := range changes {
		change(f)
	}
	return f
}

func flowNamed(name string) func(*Facts) { return func(f *Facts) { f.Flow.Name = name } }
func aged(age time.Duration) func(*Facts) {
	return func(f *Facts) { f.Execution.StartedTime = f.Now.Add(-age) }
}
func status(s string) func(*Facts)   { return func(f *Facts) { f.Execution.Status = s } }
func input(text string) func(*Facts) { return func(f *Facts) { f.Execution.Input = JSONInput(text) } }
func env(key, value string) func(*Facts) {
	return func(f *Facts) { f.Flow.Env = map[string]string{key: value} }
}
func kind(k string) func(*Facts) { return func(f *Facts) { f.Event.Kind = k } }

// String lists the needs: input, history.
func (n Need) String() string {
	var names []string
	for i, name := range []string{"input", "history", "flow", "live", "execution", "together"} {
		if n.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
