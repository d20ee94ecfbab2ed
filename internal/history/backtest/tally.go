package backtest

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// tally is what one processor has found.
type tally struct {
	*bench
	coverage   Coverage
	executions Executions
	censored   Censored
	good, bad  []Stop
	rules      []RuleResult
	undecided  map[doubt]*Undecided
	spans      []span // of the executions that rules are about
}

// span is from when to when an execution was live, in seconds since 1970.
type span struct{ from, to uint32 }

// work judges a part of a flow, or flows.
func (t *tally) work(w work) {
	finds := make([][]*found, len(w.subjects))
	for i, s := range w.subjects {
		executions := w.of(s)
		finds[i] = make([]*found, len(executions))
		for j := range executions {
			finds[i][j] = t.judge(s, &executions[j])
		}
	}
	if len(w.subjects[0].live) > 0 {
		c := crowd{bench: t.bench, subjects: w.subjects, found: finds}
		c.sweep()
	}
	for i, s := range w.subjects {
		if w.from == 0 {
			t.coverage.flow(s.past, &t.Options)
		}
		t.take(s, w.of(s), finds[i])
	}
}

// of are a flow's executions that are worked on.
func (w work) of(s *subject) []history.Execution {
	if len(w.subjects) > 1 {
		return s.past.Executions
	}
	return s.past.Executions[w.from:w.to]
}

// take adds what came of some executions of a flow.
func (t *tally) take(s *subject, executions []history.Execution, finds []*found) {
	for i, f := range finds {
		e, counted := &executions[i], false
		if counted = t.counts(e.StartedTime); counted {
			t.count(s, e, f)
		}
		t.lived(s, e, f, counted)
	}
}

// judge judges an execution by the rules that need know nothing of others; nil where
// all keep it, as far as is known.
func (t *tally) judge(s *subject, e *history.Execution) *found {
	l := lifeOf(e)
	if l.from.IsZero() || !l.from.Before(l.to) {
		return nil
	}
	var f found
	var facts *policy.Facts
	for i := range s.exact {
		r := &s.exact[i]
		if !r.within(e.Name, l) {
			continue
		}
		if facts == nil {
			facts = &policy.Facts{Event: &policy.Event{Kind: "timer"}, Flow: s.flow, Execution: executionOf(e)}
		}
		f.first(r, facts, l, &t.Options)
	}
	if f.at.IsZero() && !f.protected && len(f.doubts) == 0 {
		return nil
	}
	return &f
}

// count adds what came of an execution.
func (t *tally) count(s *subject, e *history.Execution, f *found) {
	t.coverage.see(e, s.past.Covered.Express())
	if !s.concerned() {
		return
	}
	t.executions.Concerned++
	judged := len(s.exact)+len(s.live) > 0
	if judged && e.Status == "Succeeded" {
		t.executions.Succeeded++
	}
	for _, i := range s.never {
		t.doubt(s, e, doubt{i, notJudged(t.policy.Rules[i])})
	}
	if !judged {
		t.executions.Unjudged++
		return
	}
	if f == nil {
		f = &found{}
	}
	switch l := lifeOf(e); {
	case l.from.IsZero():
		f.doubts = []doubt{{anyRule, "its startedTime was not recorded"}}
	case l.open && !f.at.IsZero():
		f.at, f.doubts = time.Time{}, append(f.doubts, doubt{f.rule, "when it ended was not recorded"})
	}
	for _, d := range f.doubts {
		t.doubt(s, e, d)
	}
	t.outcome(s, e, f)
}

// lived notes from when to when an execution was live beside those that count. One that
// doesn't count itself is live until the policy would have stopped it: of those that do,
// the limits say when.
func (t *tally) lived(s *subject, e *history.Execution, f *found, counted bool) {
	l := lifeOf(e)
	if !counted && f != nil && !f.at.IsZero() && f.sweep.Before(l.to) {
		l.to = f.sweep
	}
	if s.concerned() && l.from.Before(l.to) && !l.from.IsZero() {
		t.spans = append(t.spans, span{uint32(l.from.Unix()), uint32(l.to.Unix())})
	}
}

const anyRule = -1

// doubt counts an execution for which a rule could not be decided.
func (t *tally) doubt(s *subject, e *history.Execution, d doubt) {
	u := t.undecided[d]
	if u == nil && len(t.undecided) >= most { // an error may tell of values, and each be another
		d.err = "for other reasons"
		u = t.undecided[d]
	}
	if u == nil {
		u = &Undecided{Reason: d.err, Flow: s.past.Name, Execution: e.Name}
		if d.rule != anyRule {
			u.Rule, u.NotJudged = t.policy.Rules[d.rule].Name, !t.timed[d.rule]
		}
		t.undecided[d] = u
	}
	u.Executions++
	if e.Status == "Succeeded" {
		u.Succeeded++
	}
}

// notJudged says why a rule judges nothing that a history has.
func notJudged(r *policy.Rule) string {
	if slices.Contains(r.On, policy.OnEvent) {
		return "it judges on events, and a history has none"
	}
	return "it judges when a person sweeps, and no history has that"
}

func (t *tally) outcome(s *subject, e *history.Execution, f *found) {
	own := ownStop(e)
	switch {
	case !f.at.IsZero():
		t.executions.Stopped++
		t.stop(s, e, f, own)
		return
	case len(f.doubts) > 0: // of what protect held, too: before that another rule may have stopped it
		t.executions.Undecided++
	case f.protected:
		t.executions.Protected++
	default:
		t.executions.Kept++
	}
	switch {
	case own:
		t.censored.Stopped++
	case e.Live():
		t.censored.StillRunning++
	}
}

func (t *tally) stop(s *subject, e *history.Execution, f *found, own bool) {
	stop := Stop{
		Flow: s.past.Name, Execution: e.Name, Rule: t.policy.Rules[f.rule].Name,
		StartedTime: e.StartedTime, StoppedAt: f.at.Truncate(time.Millisecond),
		EndedAs: e.Status, EndedTime: e.StoppedTime, SeenTime: e.SeenTime,
		ByTick: f.byTick, Undecided: len(f.doubts) > 0, Reason: f.reason, sweep: f.sweep,
	}
	ran := stop.End().Sub(stop.StoppedAt)
	stop.Hours = ran.Hours()
	if t.policy.Pricing != nil {
		if price, priced := t.policy.Pricing.PerMinute(s.past.Name); priced {
			stop.Cost = new(price * ran.Minutes())
		}
	}
	r := &t.rules[f.rule]
	switch {
	case own:
		t.censored.Stops = append(t.censored.Stops, stop)
		r.Censored++
	case e.Status == "Succeeded":
		t.bad = append(t.bad, stop)
		r.FalseStops++
	default:
		t.good = append(t.good, stop)
		r.GoodStops++
		r.HoursSaved += stop.Hours
		r.CostSaved = plus(r.CostSaved, stop.Cost)
	}
}

// plus adds amounts of which some are not known.
func plus(a, b *float64) *float64 {
	switch {
	case b == nil:
		return a
	case a == nil:
		return new(*b)
	}
	return new(*a + *b)
}
