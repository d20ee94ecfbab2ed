package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// decisions is the table of what became of the condemned.
func (s Style) decisions(r *sweep.Report) section {
	t := newGrid("outcome", "flow", "execution", "rule", "age", "why")
	for _, d := range r.Decisions {
		outcome := s.paint(colourOf(d.Outcome), Plain(string(d.Outcome)))
		t.add(outcome, Plain(d.Flow), Plain(d.Execution), Plain(d.Rule), ageOf(d), why(d))
	}
	p := section{grid: t}
	if r.DecisionsOmitted > 0 {
		p.foot = fmt.Sprintf("… and %s.", number(r.DecisionsOmitted, "more decision"))
	}
	return p
}

// why tells the reason, the cause where it says something else, and what went
// wrong.
func why(d sweep.Decision) string {
	lines := []string{Plain(d.Reason)}
	if cause := said(d.Cause); cause != "" && cause != d.Reason {
		lines = append(lines, "cause: "+Plain(cause))
	}
	if len(d.WouldAlso) > 0 {
		lines = append(lines, "also: "+Plain(strings.Join(d.WouldAlso, ", ")))
	}
	if d.Message != "" {
		lines = append(lines, "→ "+Plain(d.Message))
	}
	return strings.Join(lines, "\n")
}

// said is a cause without the tail that leads programs back to the sweep.
func said(cause string) string {
	human, _, _ := policy.ParseCause(cause)
	return human
}

func drift(r *sweep.Report) section {
	t := newGrid("flow", "execution", "reason")
	for _, d := range r.Drift {
		t.add(Plain(d.Flow), Plain(d.Execution), Plain(d.Reason))
	}
	return section{title: "Drift: these are in the plan, and were not stopped.", grid: t}
}

func undecided(r *sweep.Report) section {
	t := newGrid("flow", "execution", "rule", "error")
	for _, u := range r.Undecided {
		t.add(Plain(u.Flow), Plain(u.Execution), Plain(u.Rule), Plain(u.Error))
	}
	return section{title: "Undecided: these rules could not be evaluated, so they condemned nothing here.", grid: t}
}

func incomplete(r *sweep.Report) section {
	return flows("Incomplete: nothing of these flows was judged or stopped. Next: mend the reason, then sweep again.", r.Incomplete)
}

func notCovered(r *sweep.Report) section {
	return flows("Not covered: nothing of these flows is ever stopped.", r.NotCovered)
}

func flows(title string, notes []sweep.FlowNote) section {
	t := newGrid("flow", "reason")
	for _, n := range notes {
		t.add(flowOf(n), Plain(n.Reason))
	}
	return section{title: title, grid: t}
}

// everyFlow stands in a report for the flows whose names did not come; no flow is
// called that.
const everyFlow = "*"

// flowOf names the flow, or those that have no name.
func flowOf(n sweep.FlowNote) string {
	if n.Flow == everyFlow {
		return "(flows not listed)"
	}
	return Plain(n.Flow)
}

// errorsOf leaves out what the table of the incomplete says in the same words: why
// the flows could not be listed.
func errorsOf(r *sweep.Report) section {
	t := newGrid("code", "count", "message")
	for _, e := range r.Errors {
		if slices.ContainsFunc(r.Incomplete, func(n sweep.FlowNote) bool {
			return n.Flow == everyFlow && n.Reason != "" && strings.HasSuffix(e.Message, n.Reason)
		}) {
			continue
		}
		t.add(Plain(e.Code), grouped(e.Count), Plain(e.Message))
	}
	return section{title: "Errors:", grid: t}
}

const (
	good = text.FgGreen
	bad  = text.FgRed
	meek = text.FgYellow
	dull = text.Faint
)

func colourOf(o sweep.Outcome) text.Color {
	switch o {
	case sweep.Stopped:
		return good
	case sweep.Failed, sweep.StillRunning, sweep.NotTried, sweep.WithheldOutcome:
		return bad
	case sweep.Planned:
		return meek
	}
	return dull
}

func (s Style) paint(c text.Color, word string) string {
	if !s.Colour {
		return word
	}
	return text.Escape(word, c.EscapeSeq())
}

// ageOf is "?" where nobody knows when it was started.
func ageOf(d sweep.Decision) string {
	if d.StartedTime.IsZero() {
		return "?"
	}
	return age(d.AgeSeconds)
}

// age writes seconds as people say them: 3h2m, 2d1h, and 1h4s just after an hour.
func age(seconds float64) string {
	return duration.Rough(time.Duration(seconds * float64(time.Second)))
}
