package stops

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/policy"
)

// line is where condemned executions stand that have not been tried: they wait for the
// gate, or were let in.
type line struct {
	all      map[judge.Key]*condemned
	queue    []*condemned // let in, the most overdue first
	batch    []*condemned // the next to be tried: claimed, where limits hold them
	unsorted bool         // the queue
}

// enqueue gives an execution its turn.
func (l *line) enqueue(c *condemned) {
	c.waits = false
	l.queue = append(l.queue, c)
	l.unsorted = true
}

// next takes the first of the queue.
func (l *line) next() *condemned {
	c := l.queue[0]
	l.queue = l.queue[1:]
	return c
}

// stepAside has those to the end of the queue for whose turn facts don't come, or not soon:
// one of which nothing is to be had must not be the first in each sweep, and hold up all
// others. Where those that were counted step aside, they stay so.
func (l *line) stepAside() {
	late := func(c *condemned) bool { return !c.fetching.IsZero() && time.Since(c.fetching) >= Patience }
	for len(l.batch) > 0 && late(l.batch[0]) {
		l.queue, l.batch = append(l.queue, l.batch[0]), l.batch[1:]
	}
	for n := len(l.queue); n > 0 && late(l.queue[0]); n-- {
		l.queue = append(l.queue[1:], l.queue[0])
	}
}

// forget drops an execution that a basis condemns no more.
func (l *line) forget(k judge.Key, by *judge.Basis) {
	c := l.all[k]
	if c == nil || c.By != by {
		return
	}
	delete(l.all, k)
	it := func(other *condemned) bool { return other == c }
	l.queue = slices.DeleteFunc(l.queue, it)
	l.batch = slices.DeleteFunc(l.batch, it)
}

// dropEnded drops what earlier sweeps condemned and this one has seen ended: it is not
// overdue any more.
func (l *line) dropEnded(overdue map[judge.Key]bool) {
	ended := func(c *condemned) bool { return c.Execution == nil && !overdue[c.key()] }
	maps.DeleteFunc(l.all, func(_ judge.Key, c *condemned) bool { return ended(c) })
	l.queue = slices.DeleteFunc(l.queue, ended)
}

// clear empties the line but for some, and returns the others, in order.
func (l *line) clear(but func(*condemned) bool) []*condemned {
	goes := func(c *condemned) bool { return !but(c) }
	rest := slices.SortedFunc(maps.Values(l.all), comesFirst)
	rest = slices.DeleteFunc(rest, but)
	maps.DeleteFunc(l.all, func(_ judge.Key, c *condemned) bool { return goes(c) })
	l.queue, l.batch = slices.DeleteFunc(l.queue, goes), slices.DeleteFunc(l.batch, goes)
	return rest
}

// foremost are so many of those that limits hold back: the next to be tried, which
// are counted, and then those whose turn comes first.
func (l *line) foremost(most int) map[*condemned]bool {
	first := map[*condemned]bool{}
	for _, c := range slices.Concat(l.batch, slices.SortedFunc(maps.Values(l.all), comesFirst)) {
		if len(first) < most && !c.Unlimited() {
			first[c] = true
		}
	}
	return first
}

func (l *line) sort() {
	if l.unsorted {
		slices.SortFunc(l.queue, comesFirst)
		l.unsorted = false
	}
}

// Left is how many have not been tried.
func (l *line) Left() int { return len(l.all) }

// LeftOfOwn is how many have not been tried that no event in force condemns.
func (l *line) LeftOfOwn() (n int) {
	for _, c := range l.all {
		if !c.By.ForEvent() {
			n++
		}
	}
	return n
}

// Queued is how many were let in, and have not been tried.
func (l *line) Queued() int { return len(l.queue) + len(l.batch) }

// Waiting says whether something waits for the gate to be opened.
func (l *line) Waiting() bool { return l.Left() > l.Queued() }

// QueuedOf is how many of some wait for their turn.
func (l *line) QueuedOf(some map[judge.Key]bool) (n int) {
	for _, c := range l.queue {
		if some[c.key()] {
			n++
		}
	}
	return n
}

// comesFirst orders stops: emergencies first, of those what started last, since
// that is what the event is about, unless the rule says otherwise; then the most
// overdue. What runs on though a stop of it was tried lately comes after its like: those
// that CloudFlow doesn't end must not take all of each sweep, and of the limits.
func comesFirst(a, b *condemned) int {
	first := cmp.Compare(urgency(b), urgency(a))
	switch {
	case first != 0:
		return first
	case a.lately != b.lately:
		if b.lately {
			return -1
		}
		return 1
	case urgency(a) == newestFirst:
		return cmp.Or(b.started.Compare(a.started), cmp.Compare(a.name, b.name))
	}
	return cmp.Or(
		a.since.Compare(b.since), a.started.Compare(b.started),
		cmp.Compare(a.flowName, b.flowName), cmp.Compare(a.name, b.name),
	)
}

const (
	mostOverdue = iota
	oldestFirst
	newestFirst
)

// urgency tells in which order an execution's turn comes.
func urgency(c *condemned) int {
	switch rule := c.Verdict.Rule; {
	case rule == nil, !c.By.ByEventRules():
		return mostOverdue
	case rule.StopFirst == policy.Oldest:
		return oldestFirst
	}
	return newestFirst
}
