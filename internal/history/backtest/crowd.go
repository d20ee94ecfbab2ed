package backtest

import (
	"cmp"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// crowd is the live executions of one flow, from one sweep to the next.
type crowd struct {
	*bench
	*subject
	found []*found // of each execution of the flow; nil: nothing yet

	waiting []int     // the executions that are still to start, the next one last
	present []*member // those that have started and not been seen gone
}

// member is an execution while it is live.
type member struct {
	life
	place     int
	execution *policy.Execution
}

// sweep goes through the sweeps at which rules that count what is live could condemn.
// What other rules stop is not live from then on.
func (c *crowd) sweep() {
	for i := range c.past.Executions {
		if l := lifeOf(&c.past.Executions[i]); !l.from.IsZero() && !l.open && l.from.Before(l.to) {
			c.waiting = append(c.waiting, i)
		}
	}
	started := func(i int) time.Time { return c.past.Executions[i].StartedTime }
	slices.SortFunc(c.waiting, func(a, b int) int { return cmp.Or(started(b).Compare(started(a)), cmp.Compare(b, a)) })
	var at time.Time
	for {
		if len(c.present) <= c.least() {
			if len(c.waiting) == 0 {
				return
			}
			at = latest(at, c.sweepFrom(started(c.waiting[len(c.waiting)-1])))
		}
		c.enter(at)
		c.leave(at)
		if len(c.present) > c.least() {
			c.judge(at)
		}
		at = at.Add(c.Tick)
	}
}

// least is how many may be live without any rule condemning one.
func (c *crowd) least() int {
	least := c.live[0].MinLive
	for _, r := range c.live[1:] {
		least = min(least, r.MinLive)
	}
	return least
}

func (c *crowd) enter(at time.Time) {
	for len(c.waiting) > 0 {
		place := c.waiting[len(c.waiting)-1]
		e := &c.past.Executions[place]
		if e.StartedTime.After(at) {
			return
		}
		c.waiting = c.waiting[:len(c.waiting)-1]
		m := &member{life: lifeOf(e), place: place}
		if f := c.found[place]; f != nil && !f.at.IsZero() && f.sweep.Before(m.to) {
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
	rows := make([]*policy.Execution, len(c.present))
	for i, m := range c.present {
		rows[i] = m.execution
	}
	flow := *c.flow
	flow.Live = policy.NewLive(at, rows)
	facts := &policy.Facts{Now: at, Event: &policy.Event{Kind: "timer", Time: at}, Flow: &flow}
	for i := range c.live {
		r := &c.live[i]
		if flow.Live.Count() <= r.MinLive {
			continue
		}
		for _, m := range c.present {
			if r.within(m.execution.Name, life{from: m.from, to: at.Add(1)}) {
				c.one(r, m, facts)
			}
		}
	}
}

// one judges one execution by one rule. What it stops is live until the next sweep,
// as it was listed.
func (c *crowd) one(r *rule, m *member, facts *policy.Facts) {
	facts.Execution = m.execution
	v := r.policy.Judge(facts)
	if v.Decision == policy.Keep && len(v.Undecided) == 0 {
		return
	}
	f := c.found[m.place]
	if f == nil {
		f = &found{}
		c.found[m.place] = f
	}
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
