package policy

import (
	"strings"
	"unicode/utf8"

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

// maxCause is how long a cause may be. The API says 4,096 characters and not
// what it counts; no text of so many bytes has more by any count.
const maxCause = 4096

// Cause is the text for StopExecution: the rule's cause template, or the
// reason where there is none or it fails, cut on a rune boundary to fit 4,096
// bytes with the tail behind it. Control characters are escaped. Of the tail it is
// given what the verdict doesn't say: the run, when it began, and by whom.
func (p *Policy) Cause(v Verdict, t Tail) string {
	if v.Rule == nil {
		return ""
	}
	tail := p.tail(v.Rule.Name, t)
	return cut(expression.Escape(v.human()), maxCause-len(tail)) + tail
}

// tail is what follows a cause, and is never cut.
func (p *Policy) tail(rule string, t Tail) string {
	t.Policy, t.Hash, t.Rule = p.Name, ShortHash(p.Hash), rule
	return " " + t.String()
}

// human is the part of the cause that people read.
func (v Verdict) human() string {
	if v.Rule.cause != nil {
		text, err := v.Rule.cause.Format(v.again())
		if text = strings.TrimSpace(text); err == nil && text != "" {
			return text
		}
	}
	return v.Rule.reason(v.again())
}

// cut cuts a text to so many bytes, between characters.
func cut(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	end := max(0, most-len(ellipsis))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
