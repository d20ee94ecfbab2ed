package backtest

import (
	"cmp"
	"slices"
	"strings"
)

// result puts together what the processors have found, in an order that doesn't hang
// on which of them it was.
func (b *bench) result(tallies []*tally) *Result {
	p := b.policy
	r := &Result{
		Version: 1, Policy: Policy{Name: p.Name, Hash: p.Hash, Mode: p.Mode},
		Coverage:  b.coverage(),
		Undecided: []Undecided{}, Censored: Censored{Stops: []Stop{}}, GoodStops: []Stop{}, FalseStops: []Stop{}, Rules: []RuleResult{},
	}
	for _, rule := range p.Rules {
		r.Rules = append(r.Rules, RuleResult{Rule: rule.Name, Mode: rule.Mode})
	}
	if p.Pricing != nil {
		r.Policy.Currency = p.Pricing.Currency
	}
	doubts := map[doubt]*Undecided{}
	var spans []span
	for _, t := range tallies {
		r.add(t)
		addDoubts(doubts, t.undecided)
		spans = append(spans, t.spans...)
		t.spans = nil
	}
	b.unread(&r.Coverage)
	r.Coverage.cut()
	r.sort(doubts)
	r.sums()
	r.Withheld = b.withheld(slices.Concat(r.GoodStops, r.FalseStops, r.Censored.Stops), spans)
	return r
}

func (r *Result) add(t *tally) {
	r.Coverage.add(&t.coverage)
	r.Executions.add(&t.executions)
	r.Censored.StillRunning += t.censored.StillRunning
	r.Censored.Stopped += t.censored.Stopped
	r.Censored.Stops = append(r.Censored.Stops, t.censored.Stops...)
	r.GoodStops = append(r.GoodStops, t.good...)
	r.FalseStops = append(r.FalseStops, t.bad...)
	for i := range t.rules {
		mine, other := &r.Rules[i], &t.rules[i]
		mine.GoodStops += other.GoodStops
		mine.FalseStops += other.FalseStops
		mine.Censored += other.Censored
	}
}

func (e *Executions) add(o *Executions) {
	e.Concerned += o.Concerned
	e.Unjudged += o.Unjudged
	e.Succeeded += o.Succeeded
	e.Stopped += o.Stopped
	e.Protected += o.Protected
	e.Undecided += o.Undecided
	e.Kept += o.Kept
}

func addDoubts(all, some map[doubt]*Undecided) {
	for d, u := range some {
		known := all[d]
		if known == nil {
			all[d] = u
			continue
		}
		known.Executions += u.Executions
		known.Succeeded += u.Succeeded
		if cmp.Or(strings.Compare(u.Flow, known.Flow), strings.Compare(u.Execution, known.Execution)) < 0 {
			known.Flow, known.Execution = u.Flow, u.Execution
		}
	}
}

func (r *Result) sort(doubts map[doubt]*Undecided) {
	for _, stops := range [][]Stop{r.GoodStops, r.FalseStops, r.Censored.Stops} {
		slices.SortFunc(stops, (Stop).compare)
	}
	for _, u := range doubts {
		r.Undecided = append(r.Undecided, *u)
	}
	slices.SortFunc(r.Undecided, func(a, b Undecided) int {
		return cmp.Or(cmp.Compare(b.Executions, a.Executions), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Reason, b.Reason))
	})
}

// compare orders stops by time.
func (s Stop) compare(o Stop) int {
	return cmp.Or(s.StoppedAt.Compare(o.StoppedAt), strings.Compare(s.Flow, o.Flow), strings.Compare(s.Execution, o.Execution))
}

// sums adds up in the order of the stops, so that it comes out the same each time.
func (r *Result) sums() {
	places := map[string]int{}
	for i := range r.Rules {
		places[r.Rules[i].Rule] = i
	}
	for i := range r.GoodStops {
		s := &r.GoodStops[i]
		rule := &r.Rules[places[s.Rule]]
		r.HoursSaved += s.Hours
		r.CostSaved = plus(r.CostSaved, s.Cost)
		rule.HoursSaved += s.Hours
		rule.CostSaved = plus(rule.CostSaved, s.Cost)
	}
}
