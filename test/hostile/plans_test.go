package hostile

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

// sparing is twoHours for all but one.
const sparing = twoHours + "    when: execution.name != \"run-1\"\n"

// A plan that was changed after its review stops nothing.
func TestPlansThatWereChanged(t *testing.T) {
	t.Parallel()
	stops := func(text string) string { return text[strings.Index(text, `"stops"`):] }
	policy := func(text string) string {
		return text[strings.Index(text, `"policy"`)+len(`"policy"`) : strings.Index(text, `"stops"`)]
	}
	// Each changes the reviewed plan into one that lets more be stopped, which is
	// another plan's.
	for name, change := range map[string]func(reviewed, other string) string{
		"a policy given twice": func(s, other string) string { return replace(s, `"stops"`, `"policy"`+policy(other)+`"stops"`) },
		"a policy in capitals": func(s, other string) string { return replace(s, `"stops"`, `"POLICY"`+policy(other)+`"stops"`) },
		"stops given twice": func(s, other string) string {
			return s[:strings.Index(s, `"stops"`)] + strings.TrimSuffix(strings.TrimSpace(stops(s)), "}") + "," + stops(other)
		},
		"stops in capitals": func(s, other string) string {
			return s[:strings.Index(s, `"stops"`)] + strings.TrimSuffix(strings.TrimSpace(stops(s)), "}") + "," + replace(stops(other), "stops", "STOPS")
		},
		"a key that isn't known":  func(s, _ string) string { return replace(s, `"stops"`, `"approved": true, "stops"`) },
		"its text alone":          func(s, _ string) string { return replace(s, `execution.name != `, `execution.name == `) },
		"something behind it":     func(s, other string) string { return s + other },
		"no stops":                func(s, _ string) string { return s[:strings.Index(s, `"stops"`)] + `"stops": null}` },
		"stops that are one null": func(s, _ string) string { return s[:strings.Index(s, `"stops"`)] + `"stops": [null]}` },
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1", "run-2")
			m := w.machine(sparing)
			reviewed := m.plan()
			m.policy(twoHours)
			m.write("plan.json", change(reviewed, m.plan()))
			m.carryOut("--plan", m.file("plan.json"), "--endpoint", w.url).want(2).says("plan.json")
			w.stopped()
		})
	}
}

// With the fingerprint that the reviewer saw, not a byte may differ; without, the
// file decides, as docs/review.md says.
func TestPlansAndTheirFingerprints(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(reviewed, other string) string
		args   []string
		status int
		stops  []string
	}{
		"as it was":              {func(s, _ string) string { return s }, []string{"--expect", "FINGERPRINT"}, 0, []string{"etl/run-2"}},
		"another plan":           {func(_, other string) string { return other }, []string{"--expect", "FINGERPRINT"}, 2, nil},
		"a line break":           {func(s, _ string) string { return s + "\n" }, []string{"--expect", "FINGERPRINT"}, 2, nil},
		"no fingerprint":         {func(s, _ string) string { return s }, []string{"--expect", ""}, 2, nil},
		"half a fingerprint":     {func(s, _ string) string { return s }, []string{"--expect", "sha256:12ab"}, 2, nil},
		"another plan, expected": {func(_, other string) string { return other }, nil, 0, []string{"etl/run-1", "etl/run-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1", "run-2")
			m := w.machine(sparing)
			reviewed := m.plan()
			m.policy(twoHours)
			m.write("plan.json", test.change(reviewed, m.plan()))
			args := []string{"--plan", m.file("plan.json"), "--endpoint", w.url}
			for _, arg := range test.args {
				args = append(args, strings.Replace(arg, "FINGERPRINT", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(reviewed))), 1))
			}
			m.carryOut(args...).want(test.status, outcomes("stopped", test.stops...)...)
			w.stopped(test.stops...)
		})
	}
}

// What doesn't say when it started can't be told from another of its name later: a
// plan leaves it out, and says so, and is a plan all the same.
func TestPlansOfExecutionsWithoutAStartedTime(t *testing.T) {
	w := overdue(t, "run-1")
	w.account.rows = append(w.account.rows, row("etl", "run-2", `"StartedTime":""`))
	m := w.machine(strings.Replace(twoHours, "maxRuntime: 2h", `when: execution.name startsWith "run-"`, 1))
	r := m.run(nil, "plan", "--policy", m.file("policy.yaml"), "--out", m.file("plan.json"))
	if r.says("flowreaper: it leaves out 1 execution without a startedTime, by which it would be told from another of its name"); r.status != 0 {
		t.Error(r)
	}
	m.carryOut("--plan", m.file("plan.json"), "--endpoint", w.url).want(0, "etl/run-1 stopped", "etl/run-2 planned")
	w.stopped("etl/run-1")
}

// plan saves a plan, and returns what is in it.
func (m *machine) plan() string {
	m.Helper()
	if r := m.run(nil, "plan", "--policy", m.file("policy.yaml"), "--out", m.file("plan.json")); r.status != 0 {
		m.Fatal(r)
	}
	text, err := os.ReadFile(m.file("plan.json"))
	if err != nil {
		m.Fatal(err)
	}
	return string(text)
}

// A template without end holds nobody up: not whoever validates it, and not the
// sweep that would send it.
func TestTemplatesWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, template := range []string{
		`{{range 100000000000}}{{end}}`,
		`{{range 100000000000}}x{{end}}`,
		`{{range 1000000}}{{range 1000000}}{{end}}{{end}}`,
		`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		`{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		`{{printf "%1000000000d" 1}}`,
		`{{range .Stopped.Items}}{{range 100000000000}}{{end}}{{end}}`,
	} {
		t.Run(template, func(t *testing.T) {
			w := overdue(t, "run-1")
			m := w.machine(twoHours + "notify:\n  - {name: people, kind: webhook, url: '" + w.url + "/hook', template: '" + template + "'}\n")
			valid := m.run(nil, "validate", m.file("policy.yaml")).status == 0
			r := m.invoke(timer, "--timeout", "20s")
			switch {
			case valid:
				r.want(0, "etl/run-1 stopped")
				w.stopped("etl/run-1")
			case r.status != 1:
				t.Errorf("validate refuses it, and the function has status %d\n%s", r.status, r)
			default:
				w.stopped()
			}
		})
	}
}
