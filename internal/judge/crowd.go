package judge

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// crowd is all that is live in a flow, for rules that count it.
type crowd struct {
	*Inquiry
	flow  *policy.Flow
	rows  []*policy.Execution
	tried []policy.Need
	found []Finding
}

func newCrowd(in *Inquiry, flow *policy.Flow, l *Listing) *crowd {
	rows := make([]*policy.Execution, 0, len(l.Rows))
	for _, row := range l.Rows {
		rows = append(rows, AdaptExecution(row))
	}
	return crowdOf(in, flow, rows, l.Asked)
}

func crowdOf(in *Inquiry, flow *policy.Flow, rows []*policy.Execution, asked time.Time) *crowd {
	c := &crowd{Inquiry: in, flow: flow, rows: rows, tried: make([]policy.Need, len(rows)), found: make([]Finding, len(rows))}
	for i := range c.found {
		c.found[i].Asked = Asked{Execution: asked, Live: asked}
	}
	return c
}

// judgeCrowds judges all that is live in some flows, all at one moment. What is fetched of
// one may move another up, so until nothing more has to be fetched all are judged again.
// together, unless nil, has the flows know each other.
func judgeCrowds(by *Basis, all []*crowd, together func(now time.Time, flows []*policy.Flow)) {
	for again := len(all) > 0; again; {
		now := all[0].Clock.Judging()
		flows := make([]*policy.Flow, len(all))
		for i, c := range all {
			flows[i] = c.count(now)
		}
		if together != nil {
			together(now, flows)
		}
		for i, c := range all {
			c.judge(by, flows[i], now)
		}
		again = false
		for _, c := range all {
			again = c.fetchMore() || again
		}
	}
	for _, c := range all {
		for i := range c.found {
			c.found[i].due()
		}
	}
}

// count is the flow with what is live in it.
func (c *crowd) count(now time.Time) *policy.Flow {
	counted := *c.flow
	counted.Live = policy.NewLive(now, c.rows)
	return &counted
}

func (c *crowd) judge(by *Basis, flow *policy.Flow, now time.Time) {
	for i, row := range c.rows {
		c.found[i].By, c.found[i].Flow, c.found[i].Execution = by, flow, row
		c.found[i] = c.found[i].at(now)
	}
}

// fetchMore fetches what verdicts hang on, and says whether there is more to judge by now.
func (c *crowd) fetchMore() (more bool) {
	for i := range c.found {
		if c.fetch(&c.found[i], &c.tried[i]) {
			c.rows[i], c.flow, more = c.found[i].Execution, c.found[i].Flow, true
		}
	}
	return more
}

// living are the findings of what has not ended meanwhile.
func (c *crowd) living() []Finding { return slices.DeleteFunc(c.found, Finding.Over) }

// Crowd is a flow whose executions rules count together with those of others. List is its
// complete listing, and Inquiry what it was listed by; both are nil where none came.
type Crowd struct {
	Inquiry *Inquiry
	Flow    *policy.Flow
	List    *Listing
	Needs   policy.Need // of what the listing was asked for
}

// Together judges all that is live in flows that rules count together, in their order.
// They were not all listed at once: as old as the first listing is what they were counted
// by. Where there is a doubt, the rules that count together are undecided.
func Together(by *Basis, all []Crowd, doubt string) [][]Finding {
	var crowds []*crowd
	var unlisted []*policy.Flow
	for _, one := range all {
		if one.List == nil {
			unlisted = append(unlisted, WithoutLive(one.Flow))
			continue
		}
		c := newCrowd(one.Inquiry, one.Flow, one.List)
		c.whole(one.Needs)
		crowds = append(crowds, c)
	}
	judgeTogether(by, crowds, unlisted, doubt)
	found := make([][]Finding, len(all))
	for i := range all {
		if all[i].List != nil {
			found[i], crowds = crowds[0].living(), crowds[1:]
		}
	}
	return found
}

func judgeTogether(by *Basis, crowds []*crowd, unlisted []*policy.Flow, doubt string) {
	var first time.Time
	for _, c := range crowds {
		for _, f := range c.found {
			if first.IsZero() || f.Asked.Live.Before(first) {
				first = f.Asked.Live
			}
		}
	}
	for _, c := range crowds {
		for i := range c.found {
			c.found[i].Asked.Live = first
		}
	}
	judgeCrowds(by, crowds, func(now time.Time, flows []*policy.Flow) {
		policy.NewTogether(now, slices.Concat(flows, unlisted), doubt)
	})
}

// whole fetches what a count hangs on and rows left out, whatever their own verdicts need:
// by what executions are counted, and whether there are children among them.
func (c *crowd) whole(needs policy.Need) {
	for i, row := range c.rows {
		if f := &c.found[i]; needs.Has(policy.NeedInput) && row.Input == (policy.Input{}) {
			f.Flow, f.Execution = c.flow, row
			c.tried[i] |= described
			c.withExecution(f)
			c.rows[i] = f.Execution
		}
	}
	if len(c.found) > 0 && slices.Contains(c.flow.Unknown, "Definition") {
		f := &c.found[0]
		f.Flow, f.Execution = c.flow, c.rows[0]
		if c.withFlow(f) {
			c.flow, c.rows[0] = f.Flow, f.Execution
		}
	}
}
