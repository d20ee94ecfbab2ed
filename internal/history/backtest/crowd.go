package backtest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// crowd is the live executions of one flow, or of those that rules count together, from
// one sweep to the next.
type crowd struct {
	*bench
	subjects []*subject
	found    [][]*found // of each execution of each flow; nil: nothing yet

	waiting []place   // the executions that are still to start, the next one last
	present []*member // those that have started and not been seen gone
}

// place is where an execution stands: which one of which flow.
type place struct{ flow, execution int }

// member is an execution while it is live.
type member struct {
	life
	place
	execution *policy.Execution
}

// sweep goes through the sweeps at which rules that count what is live could condemn.
// What other rules stop is not live from then on.
func (c *crowd) sweep() {
	for flow, s := range c.subjects {
		for i := range s.past.Executions {
			if l := lifeOf(&s.past.Executions[i]); !l.from.IsZero() && !l.open && l.from.Before(l.to) {
				c.waiting = append(c.waiting, place{flow, i})
			}
		}
	}
	slices.SortFunc(c.waiting, func(a, b place) int {
		return cmp.Or(c.at(b).StartedTime.Compare(c.at(a).StartedTime), cmp.Compare(b.flow, a.flow), cmp.Compare(b.execution, a.execution))
	})
	least := c.least()
	var at time.Time
	for {
		if len(c.present) <= least {
			if len(c.waiting) == 0 {
				return
			}
			at = latest(at, c.sweepFrom(c.at(c.waiting[len(c.waiting)-1]).StartedTime))
		}
		c.enter(at)
		c.leave(at)
		if len(c.present) > least {
			c.judge(at)
		}
		at = at.Add(c.Tick)
	}
}

func (c *crowd) at(p place) *history.Execution {
	return &c.subjects[p.flow].past.Executions[p.execution]
}

// least is how many may be live without any rule condemning one.
func (c *crowd) least() int {
	least := math.MaxInt
	for _, s := range c.subjects {
		for _, r := range s.live {
			least = min(least, r.MinLive)
		}
	}
	return least
}

func (c *crowd) enter(at time.Time) {
	for len(c.waiting) > 0 {
		place := c.waiting[len(c.waiting)-1]
		e := c.at(place)
		if e.StartedTime.After(at) {
			return
		}
		c.waiting = c.waiting[:len(c.waiting)-1]
		m := &member{life: lifeOf(e), place: place}
		if f := c.found[place.flow][place.execution]; f != nil && !f.at.IsZero() && f.sweep.Before(m.to) {
			m.to = f.sweep.Add(1) // the sweep that stops it finds it live
		}
		if at.Before(m.to) {
			m.execution = executionOf(e)
			c.present = append(c.present, m)
		}
	}
}

func (c *crowd) leave(at time.Time) {
	c.present = slices.DeleteFunc(c.present, func(m *member) bool { return !at.Before(m.to) })
}

// judge is one sweep.
func (c *crowd) judge(at time.Time) {
	flows := c.flows(at)
	event := &policy.Event{Kind: "timer", Time: at}
	for _, m := range c.present {
		s := c.subjects[m.flow]
		facts := &policy.Facts{Now: at, Event: event, Flow: flows[m.flow], Execution: m.execution}
		for i := range s.live {
			r, live := &s.live[i], flows[m.flow].Live.Count()
			if r.Needs.Has(policy.NeedTogether) {
				live = len(c.present)
			}
			if live > r.MinLive && r.within(m.execution.Name, life{from: m.from, to: at.Add(1)}) {
				c.one(r, m, facts)
			}
		}
	}
}

// flows are the flows with what is live in them.
func (c *crowd) flows(at time.Time) []*policy.Flow {
	rows := make([][]*policy.Execution, len(c.subjects))
	for _, m := range c.present {
		rows[m.flow] = append(rows[m.flow], m.execution)
	}
	flows := make([]*policy.Flow, len(c.subjects))
	for i, s := range c.subjects {
		flow := *s.flow
		flow.Live = policy.NewLive(at, rows[i])
		flows[i] = &flow
	}
	policy.NewTogether(at, flows, "")
	return flows
}

// one judges one execution by one rule. What it stops is live until the next sweep,
// as it was listed.
func (c *crowd) one(r *rule, m *member, facts *policy.Facts) {
	v := r.policy.Judge(facts)
	if v.Decision == policy.Keep && len(v.Undecided) == 0 {
		return
	}
	of := &c.found[m.flow][m.place.execution]
	if *of == nil {
		*of = &found{}
	}
	f := *of
	f.judged(r, facts, &v, &c.Options, true)
	if v.Decision == policy.Stop {
		m.to = facts.Now.Add(1)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
