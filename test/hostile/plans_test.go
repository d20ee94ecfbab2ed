package hostile

import (
	"os"
	"strings"
	"testing"
)

// A plan that was changed after its review stops nothing.
func TestPlansThatWereChanged(t *testing.T) {
	t.Parallel()
	const spared = twoHours + "    when: execution.name != \"run-1\"\n"
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
			m := w.machine(spared)
			reviewed := m.plan()
			m.policy(twoHours)
			m.write("plan.json", change(reviewed, m.plan()))
			m.carryOut("--plan", m.file("plan.json"), "--endpoint", w.url).want(2).says("plan.json")
			w.stopped()
		})
	}
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
