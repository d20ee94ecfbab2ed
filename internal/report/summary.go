package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// summary is the sentence that a person reads first.
func (s Style) summary(r *result.Report) string {
	if r.Answered != "" {
		return fmt.Sprintf("Nothing was looked at: the sweep was answered %q.", Plain(r.Answered))
	}
	if !r.Complete && r.Flows.Listed == 0 {
		return s.paint(bad, "Nothing could be looked at.")
	}
	if r.Complete && r.Flows.Seen == 0 {
		return "No flow is in scope, so nothing was looked at; complete."
	}
	return acted(r) + " " + s.looked(r)
}

func acted(r *result.Report) string {
	verb, done := "Stopped", result.Stopped
	if r.Mode == policy.ModePlan {
		verb, done = "Would stop", result.Planned
	}
	condemned := plain.Count(r.Executions.Condemned, "condemned execution")
	switch {
	case r.Executions.Condemned == 0:
		return "No execution is condemned."
	case r.Withheld != nil && !r.Withheld.Trickle:
		return fmt.Sprintf("%s none of %s: withheld by %s.", verb, condemned, Plain(r.Withheld.Limit))
	}
	return fmt.Sprintf("%s %s of %s%s.", verb, plain.Number(tally(r.Decisions)[done]), condemned, others(r, done))
}

// others counts the decisions that ended otherwise.
func others(r *result.Report, done result.Outcome) string {
	counts := tally(r.Decisions)
	delete(counts, done)
	var parts []string
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %s", plain.Number(counts[outcome]), Plain(string(outcome))))
	}
	if r.DecisionsOmitted > 0 { // what they ended as is not in the report
		parts = append(parts, plain.Number(r.DecisionsOmitted)+" not shown")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func tally(decisions []result.Decision) map[result.Outcome]int {
	counts := map[result.Outcome]int{}
	for _, d := range decisions {
		counts[d.Outcome]++
	}
	return counts
}

// looked says how much was looked at. That it wasn't all is never left out.
func (s Style) looked(r *result.Report) string {
	text := fmt.Sprintf("Looked at %s, %s; ", plain.Count(r.Flows.Listed, "flow"), plain.Count(r.Executions.Seen, "execution"))
	if r.Complete {
		return text + "complete."
	}
	return text + s.paint(bad, "incomplete") + "."
}

// withheld says which limit held, and what to do about it.
func withheld(r *result.Report) string {
	w := r.Withheld
	if w == nil {
		return ""
	}
	return fmt.Sprintf("Withheld: %s.\nNext: look at the decisions. %s.", Plain(w.String()), Plain(w.Advice()))
}

// notTried says what to do about stops that were not tried.
func notTried(r *result.Report) string {
	n := tally(r.Decisions)[result.NotTried]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Not tried: %s.\nNext: run again, as a function does by itself; what was stopped is not found again.", plain.Count(n, "execution"))
}

// left says how long the stops that are left will take.
func left(r *result.Report) string {
	if r.Estimate == nil || r.Withheld != nil { // of what a limit holds back nobody can tell
		return ""
	}
	return fmt.Sprintf("%s left to stop: about %s within the quota.", plain.Count(r.Estimate.StopsLeft, "execution"), age(r.Estimate.Seconds))
}

// Unmatched warns of a glob that names no flow of the account: a fence that is
// none, perhaps.
func Unmatched(u policy.Unmatched) string { return "Warning: " + Plain(u.String()) }

// warnings are what somebody should look at in the policy.
func warnings(r *result.Report) string {
	var lines []string
	for _, u := range r.Unmatched {
		lines = append(lines, Unmatched(u))
	}
	for _, c := range r.Calendars {
		lines = append(lines, "Warning: "+Plain(c))
	}
	return strings.Join(lines, "\n")
}

// place says where it was, as far as that is known: who looks after many accounts
// must not mend another.
func place(r *result.Report) string {
	var parts []string
	for _, part := range []struct{ what, value string }{
		{"place ", r.Name}, {"account ", r.Account}, {"region ", r.Region}, {"", r.Endpoint},
	} {
		if part.value != "" {
			parts = append(parts, part.what+Plain(part.value))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	text := "In " + strings.Join(parts, ", ")
	if r.Flowreaper != "" {
		text += ", by flowreaper " + Plain(r.Flowreaper)
	}
	return text + "."
}
