package report

import (
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// summary is the sentence that a person reads first.
func (s Style) summary(r *sweep.Report) string {
	if r.Answered != "" {
		return fmt.Sprintf("Nothing was looked at: the sweep was answered %q.", Plain(r.Answered))
	}
	return acted(r) + " " + s.looked(r)
}

func acted(r *sweep.Report) string {
	shown := ""
	if r.DecisionsOmitted > 0 {
		shown = fmt.Sprintf(" (counting the %s that are shown)", number(len(r.Decisions), "decision"))
	}
	condemned := number(r.Executions.Condemned, "condemned execution")
	switch {
	case r.Executions.Condemned == 0:
		return "No execution is condemned."
	case r.Withheld != nil && r.Mode == policy.ModePlan:
		return fmt.Sprintf("Would stop none of %s: withheld by %s.", condemned, Plain(r.Withheld.Limit))
	case r.Withheld != nil:
		return fmt.Sprintf("Stopped none of %s: withheld by %s.", condemned, Plain(r.Withheld.Limit))
	case r.Mode == policy.ModePlan:
		return fmt.Sprintf("Would stop %s of %s%s.", grouped(count(r, sweep.Planned)), condemned, shown)
	}
	return fmt.Sprintf("Stopped %s of %s%s.", grouped(count(r, sweep.Stopped)), condemned, shown)
}

// looked says how much was looked at. That it wasn't all is never left out.
func (s Style) looked(r *sweep.Report) string {
	text := fmt.Sprintf("Looked at %s, %s; ", number(r.Flows.Listed, "flow"), number(r.Executions.Seen, "execution"))
	if r.Complete {
		return text + "complete."
	}
	return text + s.paint(bad, "incomplete") + "."
}

func count(r *sweep.Report, outcome sweep.Outcome) int {
	n := 0
	for _, d := range r.Decisions {
		if d.Outcome == outcome {
			n++
		}
	}
	return n
}

// withheld says which limit held, and what to do about it.
func withheld(r *sweep.Report) string {
	w := r.Withheld
	if w == nil {
		return ""
	}
	return fmt.Sprintf("Withheld: %s condemned and %s tried in the last %s, but limits.%s allows %s.\n"+
		"Next: look at the decisions. If they are right, raise limits.%s in the policy or wait; if not, correct the rules.",
		grouped(w.Condemned), number(w.Recent, "stop"), Plain(w.Window), Plain(w.Limit), grouped(w.Recent+w.Allowed), Plain(w.Limit))
}

func number(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes 12,345.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
