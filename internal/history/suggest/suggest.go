// Package suggest chooses limits from a recorded past: how long the good runs of a
// flow take, which limit would have stopped hardly any of them, and how sure that is.
//
//	result, err := suggest.From(flows, suggest.Options{FalseStops: 0.001, Margin: 1.15})
//	text := result.Policy() // rules that policy.Parse takes
//
// A good run is one that Succeeded. What was stopped, timed out or still runs is
// not a duration but a lower bound of one, a censored observation: the estimate is
// Kaplan and Meier's, so that an earlier limit doesn't bend it. What Failed ended by
// itself and could never have become a good run: it competes, by Aalen and Johansen,
// which is the same where nothing failed. What ran on and on beyond all good runs hangs,
// and is not waited for (see hangs.go). All intervals are at 95%.
//
// The package is pure. docs/replay.md tells it to those who use it.
package suggest

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Options say what is aimed at.
type Options struct {
	FalseStops float64 // the share of good runs that a limit may stop, as ParseShare takes it
	Margin     float64 // what the length of the longest that shall not be stopped is multiplied by, as ParseMargin takes it

	Flow func(name string) bool // which flows; nil: all
}

// Minimum is how many good runs a limit needs. Of so many, the longest is above the
// 95th percentile with 95% confidence: 1 - 0.95⁵⁹ = 0.952.
const Minimum = 59

// confidence is that of all intervals that are shown.
const confidence = 0.95

// From reads a history and chooses the limits. It keeps of each execution when it
// started, how long it took and how it ended, and nothing of what it was given.
func From(flows iter.Seq2[*history.Flow, error], o Options) (*Result, error) {
	all, err := collect(flows, o.Flow)
	if err != nil {
		return nil, err
	}
	r := &Result{Version: 1, FalseStops: o.FalseStops, Margin: o.Margin, Confidence: confidence, Minimum: Minimum, Groups: []Group{}, Rules: []Rule{}}
	for _, f := range families(all, o.FalseStops) {
		r.Groups = append(r.Groups, f.group(o))
	}
	slices.SortFunc(r.Groups, func(a, b Group) int { return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Flows, b.Flows)) })
	r.Rules = append(r.Rules, rules(r.Groups)...)
	r.span(all)
	return r, nil
}

// span says of when the executions are, and what such a span can't show.
func (r *Result) span(all []*flow) {
	monthEnd := false
	for _, f := range all {
		for _, run := range f.runs {
			at := time.UnixMilli(run.started).UTC()
			if r.From.IsZero() || at.Before(r.From) {
				r.From = at
			}
			if at.After(r.To) {
				r.To = at
			}
			monthEnd = monthEnd || run.atMonthEnd()
		}
	}
	if !r.From.IsZero() && !monthEnd {
		r.Notes = append(r.Notes, Note{Code: NoMonthEnd, Message: "no execution here started at a month's end: what runs longer then, these limits don't know"})
	}
}

// group is the estimate of the flows of one family.
func (f *family) group(o Options) Group {
	slices.SortFunc(f.runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.length, b.length), cmp.Compare(a.started, b.started), cmp.Compare(a.outcome, b.outcome))
	})
	g := Group{Name: f.name, Flows: f.flows, Sample: f.sample()}
	c := newCurve(f.runs)
	if n := g.Sample.LeftOut; n > 0 {
		g.note(LeftOut, "%s left out: when they started or ended isn't known, or they ended before they started", plain.Count(n, "execution"))
	}
	if f.gaps > 0 {
		g.note(Gaps, "in %s of the history executions may be missing, and with them longer ones", plain.Count(f.gaps, "gap"))
	}
	if f.children {
		g.note(MapChildren, "the children of its distributed Map are executions, too, and are counted as such")
	}
	if g.Sample.Succeeded == 0 {
		g.refuse(Few, "%s: %s", plain.Count(0, "good run"), needed(Minimum))
		return g
	}
	g.P50, g.P95, g.P99 = c.length(0.50), c.length(0.95), c.length(0.99)
	g.LongestSeconds = seconds(c.longest)
	if lacking := Minimum - g.Sample.Succeeded; lacking > 0 {
		g.refuse(Few, "%s: %s", plain.Count(g.Sample.Succeeded, "good run"), needed(lacking))
		return g
	}
	f.choose(&g, c, o)
	return g
}

// choose chooses the limit, and says what people must know of it: it fits those that
// run longest, of the later half of the history, and of the ends of months.
func (f *family) choose(g *Group, c *curve, o Options) {
	longest, known := c.base(o.FalseStops)
	hung(g, c)
	if !known {
		g.refuse(Hidden, "%s after about %s, where the good runs end, too: whether they would have ended well isn't known. "+
			"Raise or soften the limit that stops them, record, and ask again%s",
			were(c.doubtful, "stopped, or last seen running,"), text(c.longest), instead(c.least()))
		return
	}
	if _, shown := c.quantile(1 - o.FalseStops); !shown {
		g.note(InDoubt, "%s after about %s, where the good runs end, too: the limit stands above, and may stop more good runs than %s all the same",
			were(c.doubtful, "stopped, or last seen running,"), text(c.longest), plain.Percent(o.FalseStops))
	}
	twoKinds(g, f.runs)
	longest = max(longest, f.drift(g, o), f.monthEnd(g, o))
	if n := float64(g.Sample.Succeeded); n*o.FalseStops < 1 {
		g.note(Aim, "%s can't show %s: the limit stands above the longest of them", plain.Count(g.Sample.Succeeded, "good run"), plain.Percent(o.FalseStops))
	}
	limit, ok := readable(longest * o.Margin)
	if !ok {
		g.refuse(BeyondYear, "the limit would be beyond a year, at which CloudFlow itself ends an execution")
		return
	}
	if n := len(g.Flows) - len(namesOf(g)); n > 0 {
		g.note(Name, "a flow's name can't be in a rule, since it has more than letters, digits, _ and -")
	}
	at := limit.Milliseconds()
	g.Limit = &Limit{Duration: limitText(limit), Seconds: limit.Seconds(), FalseStops: c.share(at)}
	g.Limit.StoppedGood, g.Limit.StoppedOthers, g.Limit.HoursSaved = f.stopped(at)
	g.Curve = f.curve(c, at)
}

// instead is another share to aim at, where there is one.
func instead(least float64) string {
	if least > MaxFalseStops {
		return ""
	}
	return "; or ask with --false-stops " + plain.Percent(least)
}

// hung says what was not taken for good runs.
func hung(g *Group, c *curve) {
	switch {
	case c.hangs == 1:
		g.note(Hangs, "1 execution ran on, far beyond all good runs: it is taken to hang")
	case c.hangs > 1:
		g.note(Hangs, "%s ran on, far beyond all good runs: they are taken to hang", plain.Count(c.hangs, "execution"))
	}
}

func needed(n int) string {
	if n == 1 {
		return "1 more is needed"
	}
	return plain.Number(n) + " more are needed"
}

func were(n int, what string) string {
	verb := "were"
	if n == 1 {
		verb = "was"
	}
	return plain.Count(n, "execution") + " " + verb + " " + what
}
