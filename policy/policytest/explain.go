package policytest

import (
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// explanation says why the policy decided as it did, a line for each rule that
// has to do with what is wanted.
func (j *judged) explanation() string {
	if j.express() {
		return "the flow is Express: its executions are never listed, so none is stopped"
	}
	e := j.policy.Explain(j.facts)
	var lines []string
	if e.Protected != "" {
		lines = append(lines, e.Protected)
	}
	for _, r := range e.Rules {
		if j.concerns(r) {
			lines = append(lines, explainRule(r))
		}
	}
	return strings.Join(lines, "\n")
}

// concerns says whether a rule helps to understand a difference: it did not
// keep the execution, or it is the one that was wanted, or any was.
func (j *judged) concerns(r policy.RuleExplanation) bool {
	want := j.given.Want
	return r.Result != policy.Keeps || want != nil && want.Decision != string(policy.Keep) && (want.Rule == "" || want.Rule == r.Rule)
}

// explainRule tells what decided for a rule: all that holds, or the first
// condition that doesn't.
func explainRule(r policy.RuleExplanation) string {
	text := "rule " + r.Rule + " " + string(r.Result)
	if r.Failed < 0 {
		var seen []string
		for _, c := range r.Conditions {
			if c.Key != "" {
				seen = append(seen, c.Seen)
			}
		}
		return text + ": " + strings.Join(seen, " and ")
	}
	failed := r.Conditions[r.Failed]
	if failed.Error != "" {
		return text + ": " + failed.Error
	}
	text += ": ✗ " + failed.Seen
	if r.Due.Kind == policy.Moment {
		text += "; due at " + r.Due.Time.UTC().Format(time.RFC3339)
	}
	return text
}
