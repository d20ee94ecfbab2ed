package backtest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// most is how many of a list that only explains are told.
const most = 100

// ReadsInput says that a rule, or protect, reads inputs.
func ReadsInput(p *policy.Policy) bool {
	return slices.ContainsFunc(p.Extent(), func(s *policy.Scope) bool { return s.Needs().Has(policy.NeedInput) })
}

// readsBlanked says that it reads what a recording may blank: inputs and environments.
func readsBlanked(p *policy.Policy) bool {
	return slices.ContainsFunc(p.Extent(), func(s *policy.Scope) bool {
		return s.Needs()&(policy.NeedInput|policy.NeedExecution|policy.NeedFlow) != 0
	})
}

func (b *bench) coverage() Coverage {
	c := Coverage{Since: b.Since, Until: b.Until, Tick: duration.Format(b.Tick)}
	if ReadsInput(b.policy) {
		c.WithInput = new(int)
	}
	if b.Recorded != nil {
		c.Account, c.Region = b.Recorded.Account, b.Recorded.Region
		for _, r := range b.Recorded.Recordings {
			c.Redacted = c.Redacted || len(r.Redact) > 0 && readsBlanked(b.policy)
		}
	}
	return c
}

// flow takes in what is told of a flow as a whole.
func (c *Coverage) flow(past *history.Flow, o *Options) {
	if slices.ContainsFunc(past.Executions, func(e history.Execution) bool { return o.counts(e.StartedTime) }) {
		c.Flows++
	}
	for _, odd := range past.Odd {
		c.Odd = append(c.Odd, Odd{past.Name, odd.Execution, odd.What})
	}
	c.Odds += len(past.Odd)
	c.lacks(past, o)
}

// unread takes in the flows that history.json tells of, and no file.
func (b *bench) unread(c *Coverage) {
	if b.Recorded == nil {
		return
	}
	for i := range b.Recorded.Flows {
		if f := &b.Recorded.Flows[i]; !b.read[f.ID] {
			c.lacks(&history.Flow{ID: f.ID, Name: f.Name, Covered: f}, &b.Options)
		}
	}
}

// lacks takes in what is missing of a flow.
func (c *Coverage) lacks(past *history.Flow, o *Options) {
	if past.Covered != nil {
		c.Lost += past.Covered.Lost
	}
	for _, g := range past.Missing() {
		if g.To.After(o.Since) && (o.Until.IsZero() || g.From.Before(o.Until)) {
			c.Gaps = append(c.Gaps, Gap{past.Name, g.From, g.To, g.Reason})
		}
	}
}

// see takes in one execution that is counted.
func (c *Coverage) see(e *history.Execution, express bool) {
	c.Executions++
	if express {
		c.Express++
	}
	if e.Input != nil && c.WithInput != nil {
		*c.WithInput++
	}
	c.stretch(e.StartedTime, e.SeenTime)
}

func (c *Coverage) stretch(from, to time.Time) {
	if !from.IsZero() && (c.From.IsZero() || from.Before(c.From)) {
		c.From = from
	}
	c.To = latest(c.To, to)
}

func (c *Coverage) add(o *Coverage) {
	c.stretch(o.From, o.To)
	c.Flows += o.Flows
	c.Executions += o.Executions
	c.Express += o.Express
	if c.WithInput != nil {
		*c.WithInput += *o.WithInput
	}
	c.Lost += o.Lost
	c.Gaps = append(c.Gaps, o.Gaps...)
	c.Odd = append(c.Odd, o.Odd...)
	c.Odds += o.Odds
}

// cut keeps the first of what only explains, and counts the rest.
func (c *Coverage) cut() {
	slices.SortFunc(c.Gaps, func(a, b Gap) int { return cmp.Or(strings.Compare(a.Flow, b.Flow), a.From.Compare(b.From)) })
	slices.SortFunc(c.Odd, func(a, b Odd) int {
		return cmp.Or(strings.Compare(a.Flow, b.Flow), strings.Compare(a.Execution, b.Execution), strings.Compare(a.What, b.What))
	})
	c.GapsTotal = len(c.Gaps)
	c.Gaps, c.Odd = c.Gaps[:min(most, len(c.Gaps))], c.Odd[:min(most, len(c.Odd))]
}
