package policy

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Order is which of several executions are stopped first.
type Order string

const (
	Newest Order = "newest"
	Oldest Order = "oldest"
)

// Live is the executions of one flow that are live, by a complete listing. One
// goroutine may use it at a time: it remembers what rules found out from it.
type Live struct {
	at         time.Time
	executions []*Execution
	rankings   map[*concurrency][]ranking
	together   *Together // nil: nobody has counted the flow with others
}

// NewLive takes the rows of a complete listing: those that are Starting or
// Running, each name once, since pages can shift while they are read.
//
// at is what the rules that rank them see as now: how many are too many, and
// which, is a fact of the listing as flow.live is, and found out once. Whoever
// judges by it later judges each execution anew, and not its place among the
// others; whoever needs that lists anew.
func NewLive(at time.Time, rows []*Execution) *Live {
	l := &Live{at: at, rankings: map[*concurrency][]ranking{}}
	seen := make(map[string]bool, len(rows))
	for _, e := range rows {
		if isLive(e.Status) && !seen[e.Name] {
			seen[e.Name] = true
			l.executions = append(l.executions, e)
		}
	}
	return l
}

func isLive(status string) bool { return status == "Running" || status == "Starting" }

// Count is flow.live.
func (l *Live) Count() int { return len(l.executions) }

// excess is what is condemned of executions that are more than may be: the first, by
// the rule's order, of those that meet all its other conditions, whether protect holds
// them or not.
type excess struct {
	most        int
	order       Order
	mapChildren bool
	others      []conjunct // the rule's other conditions
}

// concurrency is maxConcurrent of each flow: its live executions are counted.
type concurrency struct{ excess }

// ranking is what a rule found out of a flow's live executions, under one event
// and by what was known of the flow.
type ranking struct {
	event   *Event
	flow    *Flow
	surplus map[place]bool
}

// concurrency reads maxConcurrent, countBy, stopFirst and mapChildren; nil where the
// rule has no such bound.
func (d *decoder) concurrency(r *Rule, f map[string]*yamltree.Node) conjunct {
	order := choice(d, f["stopFirst"], "stopFirst", Newest, Oldest)
	r.StopFirst = order
	children, by := choice(d, f["mapChildren"], "mapChildren", "count"), d.countBy(r, f["countBy"])
	if f["maxConcurrent"] == nil {
		for _, key := range []string{"countBy", "mapChildren"} {
			if n := f[key]; n != nil && lacks(f, "maxConcurrent") {
				d.fail(n.Position, "%s needs maxConcurrent", key)
			}
		}
		return nil
	}
	over := excess{
		most: d.count(f["maxConcurrent"], "maxConcurrent", 1, 1), order: cmp.Or(order, Newest),
		mapChildren: children == "count", others: cheapestFirst(r.conjuncts),
	}
	if by != nil {
		return &countBy{excess: over, key: by}
	}
	return &concurrency{over}
}

func (c *concurrency) source() string        { return "maxConcurrent" }
func (c *concurrency) reads() expression.Set { return liveFacts }

func (c *concurrency) holds(j *judgement) (bool, error) {
	live, err := c.live(j)
	switch {
	case err != nil:
		return false, err
	case live.Count() <= c.most:
		return false, nil
	case j.facts.Execution.StartedTime.IsZero():
		return false, errors.New("the execution has no startedTime, and so no place among the others")
	}
	return c.surplus(live, &j.facts, j.pricing)[placeOf(j.facts.Flow, j.facts.Execution)], nil
}

func (c *concurrency) live(j *judgement) (*Live, error) {
	flow := j.facts.Flow
	err := c.unlisted(flow)
	if err == nil && flow.DistributedMap && !c.mapChildren {
		err = errors.New("the flow " + childrenToo)
	}
	return flow.Live, err
}

// unlisted says what must be fetched of a flow before its executions can be counted.
func (c *excess) unlisted(flow *Flow) error {
	switch {
	case flow.Live == nil:
		return &MissingError{"the complete list of the flow's executions", NeedLive}
	case slices.Contains(flow.Unknown, "Definition") && !c.mapChildren:
		return &MissingError{"the flow's definition", NeedFlow}
	}
	return nil
}

const childrenToo = "has a distributed Map, whose children are executions too: say mapChildren: count if they shall be"

// surplus names the executions beyond the limit. It ranks them once for all of
// them: in a crowd each would be ranked as often as there are others.
func (c *concurrency) surplus(live *Live, f *Facts, pricing *Pricing) map[place]bool {
	for _, known := range live.rankings[c] {
		if known.event == f.Event && sameFlow(known.flow, f.Flow) {
			return known.surplus
		}
	}
	members := make([]member, len(live.executions))
	for i, e := range live.executions {
		members[i] = member{f.Flow, e}
	}
	found := ranking{f.Event, f.Flow, c.rank(members, Facts{Now: live.at, Event: f.Event}, pricing)}
	live.rankings[c] = append(live.rankings[c], found)
	return found.surplus
}

// sameFlow says whether the same is known of a flow, besides what is live.
func sameFlow(a, b *Flow) bool {
	if a == b {
		return true
	}
	one, other := *a, *b
	one.Live, other.Live = nil, nil
	return reflect.DeepEqual(one, other)
}

// member is one of the live executions that are counted, and its flow.
type member struct {
	flow      *Flow
	execution *Execution
}

// place tells the executions of several flows apart.
type place struct{ flow, id, execution string }

func placeOf(f *Flow, e *Execution) place { return place{f.Name, f.ID, e.Name} }

// rank finds the executions beyond the limit, at the time and under the event of the
// facts. One that may meet the other conditions, and could not be decided, is among them
// as if it did: nobody takes its place.
func (c *excess) rank(members []member, f Facts, pricing *Pricing) map[place]bool {
	left := len(members) - c.most
	surplus := make(map[place]bool, max(0, left))
	var j judgement
	for _, m := range c.sorted(members) {
		if left <= 0 {
			break
		}
		f.Flow, f.Execution = m.flow, m.execution
		j = judgement{facts: f, pricing: pricing}
		if result, _, _ := all(c.others, &j); result != no {
			surplus[placeOf(m.flow, m.execution)] = true
			left--
		}
	}
	return surplus
}

// sorted are the executions in the order in which they are condemned. One
// without a startedTime may be anywhere in it, and so is the first: it is
// undecided, and nobody takes its place.
func (c *excess) sorted(members []member) []member {
	return order.Of(slices.Values(members), func(a, b member) int {
		one, other := a.execution, b.execution
		older := cmp.Or(one.StartedTime.Compare(other.StartedTime), strings.Compare(one.Name, other.Name),
			strings.Compare(a.flow.Name, b.flow.Name), strings.Compare(a.flow.ID, b.flow.ID))
		if c.order == Oldest || one.StartedTime.IsZero() || other.StartedTime.IsZero() {
			return older
		}
		return -older
	})
}

// among says whether an execution is one of those beyond the limit, of so many.
func (c *excess) among(over int, holds bool) string {
	switch {
	case !holds:
		return fmt.Sprintf(", not among the %s", c.order)
	case over > 1:
		return fmt.Sprintf(", among the %d %s", over, c.order)
	}
	return fmt.Sprintf(", the %s", c.order)
}

func (c *concurrency) describe(j *judgement) string {
	live, err := c.live(j)
	if err != nil {
		return fmt.Sprintf("flow.live (unknown) > maxConcurrent %d", c.most)
	}
	text := fmt.Sprintf("flow.live %d > maxConcurrent %d", live.Count(), c.most)
	holds, err := c.holds(j)
	if err != nil || live.Count() <= c.most {
		return text
	}
	return text + c.among(live.Count()-c.most, holds)
}

func (c *concurrency) String() string {
	return fmt.Sprintf("maxConcurrent %d, %s first", c.most, c.order)
}
