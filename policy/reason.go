package policy

import (
	"strings"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Reason explains the verdict with the values that decided it, such as
// `age 3h2m > 2h and flow.name "etl-nightly" matches "^etl-"`, or says which
// protection holds. It is "" where the execution is kept.
func (v Verdict) Reason() string {
	switch v.Decision {
	case Stop:
		return v.Rule.reason(v.again())
	case Protected:
		return v.policy.protection.reason(v.again())
	}
	return ""
}

// reason explains why the rule condemns. What goes without saying is left out:
// that it runs, and, where there is more to say, that the rule names the flow.
func (r *Rule) reason(j *judgement) string {
	var telling []conjunct
	for _, c := range r.conjuncts {
		if c != conjunct(r.flows) && c.source() != "" && !goesWithoutSaying(c) {
			telling = append(telling, c)
		}
	}
	switch {
	case len(telling) > 0:
		return describeAll(telling, j)
	case r.flows != nil:
		return r.flows.describe(j)
	}
	return `status ` + quote(j.facts.Execution.Status)
}

// goesWithoutSaying says whether a conjunct that holds explains nothing: a
// constant, or status == "Running".
func goesWithoutSaying(c conjunct) bool {
	when, ok := c.(*condition)
	if !ok {
		return false
	}
	if _, constant := when.expression.Constant(); constant {
		return true
	}
	return when.expression.Operator == "==" && c.reads() == expression.SetOf(executionStatus)
}

func describeAll(conjuncts []conjunct, j *judgement) string {
	var texts []string
	for _, c := range conjuncts {
		texts = append(texts, c.describe(j))
	}
	return strings.Join(texts, " and ")
}
