package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Explanation writes why a policy stops an execution or keeps it, for people: a
// sentence that says it all, then for each rule every condition with the values
// that it saw, and when the rule would condemn if nothing changes.
func Explanation(w io.Writer, e policy.Explanation, f *policy.Facts, style Style) error {
	first := style.verdict(e, f)
	if e.Protected != "" && e.Decision != policy.Protected {
		first += "\n" + Plain(e.Protected) + until(e) + "."
	}
	t := newGrid("rule", "mode", "result", "conditions, with the values that they saw")
	for _, r := range e.Rules {
		t.add(Plain(r.Rule), string(r.Mode), style.result(r.Result), conditions(r))
	}
	_, err := fmt.Fprintf(w, "%s\n\n%s\n", style.Words(first), t.render(style.Width))
	return err
}

// verdict is the sentence that a person reads first.
func (s Style) verdict(e policy.Explanation, f *policy.Facts) string {
	who := fmt.Sprintf("%s of %s, %s", Plain(e.Execution), Plain(e.Flow), Plain(f.Execution.Status))
	if !f.Execution.StartedTime.IsZero() {
		who += ", started " + f.Execution.StartedTime.UTC().Format(time.RFC3339)
	}
	switch {
	case e.NotCovered != "":
		return fmt.Sprintf("%s: never looked at, since its flow is %s. It is kept, whatever the conditions say.", who, Plain(e.NotCovered))
	case e.Decision == policy.Protected:
		return fmt.Sprintf("%s: %s condemns it, and it is %s%s.", who, e.Rule, Plain(e.Reason), until(e))
	case e.Decision == policy.Stop && e.Mode == policy.ModePlan:
		return fmt.Sprintf("%s: %s condemns it, in mode plan, so it would be reported and not stopped: %s.", who, e.Rule, Plain(e.Reason))
	case e.NotWarned != "":
		return fmt.Sprintf("%s: %s condemns it, and it is %s: %s.", who, e.Rule, Plain(e.NotWarned), Plain(e.Reason))
	case e.Decision == policy.Stop:
		return fmt.Sprintf("%s: would be %s by %s: %s.", who, s.paint(bad, "stopped"), e.Rule, Plain(e.Reason))
	}
	return fmt.Sprintf("%s: %s. %s", who, s.paint(good, "kept"), forecast(e))
}

// forecast says when a kept execution would be stopped.
func forecast(e policy.Explanation) string {
	var first *policy.RuleExplanation
	for i, r := range e.Rules {
		if r.Due.Kind == policy.Moment && (first == nil || r.Due.Time.Before(first.Due.Time)) {
			first = &e.Rules[i]
		}
	}
	if first == nil {
		for _, r := range e.Rules {
			if r.Due.Kind == policy.EverySweep {
				return "A rule could condemn it at any time: it is judged in every sweep."
			}
		}
		return "If nothing changes, no rule ever condemns it."
	}
	verb := "would be stopped"
	if first.Mode == policy.ModePlan {
		verb = "would be reported"
	}
	return fmt.Sprintf("If nothing changes, it %s at %s by %s.", verb, due(first.Due), first.Rule)
}

// until says when protect could let go.
func until(e policy.Explanation) string {
	if e.Until == nil {
		return ""
	}
	return ", until " + due(*e.Until)
}

func due(d policy.Due) string { return d.Time.UTC().Format(time.RFC3339) }

func (s Style) result(r policy.RuleResult) string {
	switch r {
	case policy.Condemns:
		return s.paint(bad, string(r))
	case policy.IsUndecided:
		return s.paint(meek, string(r))
	}
	return string(r)
}

// conditions lists what a rule asked, a line each.
func conditions(r policy.RuleExplanation) string {
	var lines []string
	for i, c := range r.Conditions {
		line := "✓ "
		switch {
		case c.Error != "":
			line = "? "
		case !c.Holds:
			line = "✗ "
		}
		line += Plain(c.Seen)
		if i == r.Failed {
			line += failed(c)
		}
		lines = append(lines, line)
	}
	if r.Result == policy.Keeps && r.Due.Kind == policy.Moment {
		lines = append(lines, "→ condemns from "+due(r.Due)+" on, if nothing changes")
	}
	if r.Warning != "" && r.Result != policy.IsUndecided {
		lines = append(lines, "→ "+Plain(r.Warning))
	}
	return strings.Join(lines, "\n")
}

// failed says of the first condition that doesn't hold why, or when it could.
func failed(c policy.ConditionExplanation) string {
	switch {
	case c.Error != "":
		return ": " + Plain(c.Error)
	case c.Due == nil:
		return ""
	case c.Due.Kind == policy.Moment:
		return ", but from " + due(*c.Due) + " on"
	case c.Due.Kind == policy.Never:
		return ", which doesn't change"
	}
	return ", which can change at any time"
}
