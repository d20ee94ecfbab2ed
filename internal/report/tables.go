package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// decisions is the table of what became of the condemned: each, or by outcome,
// rule and flow, with the oldest named.
func (s Style) decisions(r *result.Report) section {
	t := newGrid("outcome", "flow", "execution", "rule", "age", "why")
	where := func(d result.Decision) string { return join(string(d.Outcome), d.Rule, d.Flow) }
	groups := gather(s, r.Decisions,
		func(d result.Decision) string { return join(where(d), d.Message) }, where,
		func(d result.Decision) string { return join(string(d.Outcome), d.Rule) })
	for _, group := range groups {
		d := oldest(group)
		flow := andMore(Plain(d.Flow), distinct(group, func(d result.Decision) string { return d.Flow }))
		t.add(s.paint(colourOf(d.Outcome), Plain(string(d.Outcome))), flow, andMore(Plain(d.Execution), len(group)), Plain(d.Rule), ageOf(d), why(r, d))
	}
	p := section{grid: t, foot: gathered(r.Decisions, groups)}
	if r.DecisionsOmitted > 0 {
		p.foot = strings.TrimLeft(fmt.Sprintf("%s\n… and %s.", p.foot, plain.Count(r.DecisionsOmitted, "more decision")), "\n")
	}
	return p
}

// join makes one key of some texts.
func join(texts ...string) string { return strings.Join(texts, "\x00") }

// why tells the reason, the cause where it says something else, and what went
// wrong.
func why(r *result.Report, d result.Decision) string {
	lines := []string{Plain(d.Reason)}
	if cause := said(d.Cause); cause != "" && cause != d.Reason {
		lines = append(lines, "cause: "+Plain(cause))
	}
	if len(d.WouldAlso) > 0 {
		lines = append(lines, "also: "+Plain(strings.Join(d.WouldAlso, ", ")))
	}
	if d.Message != "" && !saidOfAll(r, d) {
		lines = append(lines, "→ "+Plain(d.Message))
	}
	return strings.Join(lines, "\n")
}

// saidOfAll says whether the report says of the whole sweep, below, why a decision
// was withheld.
func saidOfAll(r *result.Report, d result.Decision) bool {
	return d.Outcome == result.WithheldOutcome &&
		(r.Withheld != nil && strings.HasPrefix(d.Message, r.Withheld.String()) ||
			slices.ContainsFunc(r.Errors, func(e result.ErrorNote) bool { return e.Message == d.Message }))
}

// said is a cause without the tail that leads programs back to the sweep.
func said(cause string) string {
	human, _, _ := policy.ParseCause(cause)
	return human
}

func (s Style) drift(r *result.Report) section {
	t := newGrid("flow", "execution", "reason")
	groups := gather(s, r.Drift, func(d result.Drift) string { return join(d.Flow, d.Reason) }, func(d result.Drift) string { return d.Reason })
	for _, group := range groups {
		d := group[0]
		flow := andMore(Plain(d.Flow), distinct(group, func(d result.Drift) string { return d.Flow }))
		t.add(flow, andMore(Plain(d.Execution), len(group)), Plain(d.Reason))
	}
	return section{title: "Drift: these are in the plan, and were not stopped.", grid: t, foot: gathered(r.Drift, groups)}
}

func (s Style) undecided(r *result.Report) section {
	t := newGrid("flow", "execution", "rule", "error")
	groups := gather(s, r.Undecided,
		func(u result.Undecided) string { return join(u.Rule, u.Flow, u.Error) }, func(u result.Undecided) string { return join(u.Rule, u.Error) },
		func(u result.Undecided) string { return u.Rule })
	for _, group := range groups {
		u := group[0]
		flow := andMore(Plain(u.Flow), distinct(group, func(u result.Undecided) string { return u.Flow }))
		t.add(flow, andMore(Plain(u.Execution), len(group)), Plain(u.Rule), Plain(u.Error))
	}
	return section{
		title: "Undecided: these rules could not be evaluated, so they condemned nothing here.", grid: t, foot: gathered(r.Undecided, groups),
	}
}

// warnings is the table of what will be stopped, and of which people are to hear before.
func (s Style) warnings(r *result.Report) section {
	t := newGrid("flow", "execution", "rule", "stopped from", "why")
	groups := gather(s, r.Warnings, func(w result.Warning) string { return join(w.Rule, w.Flow) }, func(w result.Warning) string { return w.Rule })
	for _, group := range groups {
		w := group[0] // the soonest
		flow := andMore(Plain(w.Flow), distinct(group, func(w result.Warning) string { return w.Flow }))
		t.add(flow, andMore(Plain(w.Execution), len(group)), Plain(w.Rule), w.StopAt.UTC().Format(time.RFC3339), Plain(w.Reason))
	}
	return section{title: "To be warned of: these will be stopped, unless they end before, or are protected.", grid: t, foot: gathered(r.Warnings, groups)}
}

// flows is the table of flows of which there is something to note.
func (s Style) flows(title string, notes []result.FlowNote) section {
	t := newGrid("flow", "reason")
	groups := gather(s, notes, func(n result.FlowNote) string { return n.Reason })
	for _, group := range groups {
		t.add(andMore(flowOf(group[0]), len(group)), Plain(group[0].Reason))
	}
	return section{title: title, grid: t, foot: gathered(notes, groups)}
}

// everyFlow stands in a report for the flows whose names did not come; no flow is
// called that.
const everyFlow = "*"

// flowOf names the flow, or those that have no name.
func flowOf(n result.FlowNote) string {
	if n.Flow == everyFlow {
		return "(flows not listed)"
	}
	return Plain(n.Flow)
}

// errorsOf leaves out what is said above in the same words: which limit held, and
// why the flows could not be listed.
func errorsOf(r *result.Report) section {
	t := newGrid("code", "count", "message")
	for _, e := range r.Errors {
		unlisted := slices.ContainsFunc(r.Incomplete, func(n result.FlowNote) bool {
			return n.Flow == everyFlow && n.Reason != "" && strings.HasSuffix(e.Message, n.Reason)
		})
		if unlisted || r.Withheld != nil && strings.HasPrefix(e.Message, r.Withheld.String()) {
			continue
		}
		t.add(Plain(e.Code), plain.Number(e.Count), Plain(e.Message))
	}
	return section{title: "Errors:", grid: t}
}

const (
	good = text.FgGreen
	bad  = text.FgRed
	meek = text.FgYellow
	dull = text.Faint
)

func colourOf(o result.Outcome) text.Color {
	switch o {
	case result.Stopped:
		return good
	case result.Failed, result.StillRunning, result.NotTried, result.WithheldOutcome:
		return bad
	case result.Planned, result.NotWarned:
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
func ageOf(d result.Decision) string {
	if d.StartedTime.IsZero() {
		return "?"
	}
	return age(d.AgeSeconds)
}

// age writes seconds as people say them: 3h2m, 2d1h, and 1h4s just after an hour.
func age(seconds float64) string {
	return duration.Rough(time.Duration(seconds * float64(time.Second)))
}

// Age writes an age as the report does: 3h2m, 2d1h.
func Age(d time.Duration) string { return age(d.Seconds()) }
