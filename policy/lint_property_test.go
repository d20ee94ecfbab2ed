package policy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPropertyLint: what lint says of random policies is true of every execution
// that they judge.
func TestPropertyLint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawPolicy(t, false)
		text, read := m.yaml(), m.files().Read
		p, err := ParseWith("model.yaml", []byte(text), read)
		if err != nil {
			t.Fatal(err)
		}
		findings, err := Lint("model.yaml", []byte(text), LintOptions{Read: read, Now: testNow.AddDate(0, 0, -4)})
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) == 0 {
			return
		}
		w := drawWorld(t)
		for _, e := range w.executions {
			f := w.facts(e)
			for _, finding := range findings {
				if why := refuted(p, &f, finding); why != "" {
					t.Fatalf("%s\nbut %s: %s\n%s", finding.Error(), e.Name, why, text)
				}
			}
		}
	})
}

// refuted says how an execution shows that a finding is wrong; "" where it
// doesn't.
func refuted(p *Policy, f *Facts, finding Finding) string {
	v := p.Judge(f)
	condemning := slices.Clone(v.WouldAlso)
	if v.Rule != nil {
		condemning = append(condemning, v.Rule.Name)
	}
	condemns := slices.Contains(condemning, finding.Rule)
	switch finding.Code {
	case LintNever, LintBeyondYear:
		if condemns && v.Decision == Stop {
			return "the rule condemns it"
		}
	case LintShadowed:
		if v.Rule != nil && v.Rule.Name == finding.Rule {
			return "the rule speaks"
		}
	case LintLongerInside:
		if condemns && len(condemning) == 1 {
			return "the rule alone condemns it"
		}
	case LintAlways:
		return notAlways(p.Explain(f), f, finding.Rule)
	}
	return ""
}

// notAlways finds a condition of the rule's when that is false for an execution
// that runs and isn't brand-new.
func notAlways(e Explanation, f *Facts, rule string) string {
	if f.Execution.Status != "Running" || !f.Execution.StartedTime.Before(f.Now) {
		return ""
	}
	for _, r := range e.Rules {
		for _, c := range r.Conditions {
			if r.Rule == rule && c.Key == "when" && !c.Holds && c.Error == "" {
				return c.Seen
			}
		}
	}
	return ""
}
