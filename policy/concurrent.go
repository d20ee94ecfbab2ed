package policy

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
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

// concurrency is maxConcurrent: of a flow's live executions, those beyond the
// limit. They are the first, by the rule's order, of those that meet all its other
// conditions, whether protect holds them or not.
type concurrency struct {
	most        int
	order       Order
	mapChildren bool
	others      []conjunct // the rule's other conditions
}

// ranking is what a rule found out of a flow's live executions, under one event
// and by what was known of the flow.
type ranking struct {
	event   *Event
	flow    *Flow
	surplus map[string]bool // the names of those beyond the limit
}

// concurrency reads maxConcurrent, stopFirst and mapChildren.
func (d *decoder) concurrency(r *Rule, f map[string]*yamltree.Node) *concurrency {
	order := Order(d.choice(f["stopFirst"], "stopFirst", string(Newest), string(Oldest)))
	r.StopFirst = order
	children := d.choice(f["mapChildren"], "mapChildren", "count")
	if f["maxConcurrent"] == nil {
		if n := f["mapChildren"]; n != nil {
			d.fail(n.Position, "mapChildren needs maxConcurrent")
		}
		return nil
	}
	return &concurrency{
		most: d.count(f["maxConcurrent"], "maxConcurrent", 1, 1), order: cmp.Or(order, Newest),
		mapChildren: children == "count",
	}
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
	return c.surplus(live, &j.facts, j.pricing)[j.facts.Execution.Name], nil
}

func (c *concurrency) live(j *judgement) (*Live, error) {
	switch flow := j.facts.Flow; {
	case flow.Live == nil:
		return nil, &MissingError{"the complete list of the flow's executions", NeedLive}
	case slices.Contains(flow.Unknown, "Definition") && !c.mapChildren:
		return nil, &MissingError{"the flow's definition", NeedFlow}
	case flow.DistributedMap && !c.mapChildren:
		return nil, errors.New("the flow has a distributed Map, whose children are executions too: say mapChildren: count if they shall be")
	default:
		return flow.Live, nil
	}
}

// surplus names the executions beyond the limit. It ranks them once for all of
// them: in a crowd each would be ranked as often as there are others.
func (c *concurrency) surplus(live *Live, f *Facts, pricing *Pricing) map[string]bool {
	for _, known := range live.rankings[c] {
		if known.event == f.Event && sameFlow(known.flow, f.Flow) {
			return known.surplus
		}
	}
	found := ranking{f.Event, f.Flow, c.rank(live, f, pricing)}
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

// rank finds the executions beyond the limit. One that may meet the other
// conditions, and could not be decided, is among them as if it did: nobody takes
// its place.
func (c *concurrency) rank(live *Live, f *Facts, pricing *Pricing) map[string]bool {
	left := live.Count() - c.most
	surplus := make(map[string]bool, left)
	var j judgement
	for _, e := range c.sorted(live.executions) {
		if left == 0 {
			break
		}
		j = judgement{facts: Facts{Now: live.at, Event: f.Event, Flow: f.Flow, Execution: e}, pricing: pricing}
		if result, _, _ := all(c.others, &j); result != no {
			surplus[e.Name] = true
			left--
		}
	}
	return surplus
}

// sorted are the executions in the order in which they are condemned. One
// without a startedTime may be anywhere in it, and so is the first: it is
// undecided, and nobody takes its place.
func (c *concurrency) sorted(executions []*Execution) []*Execution {
	return slices.SortedFunc(slices.Values(executions), func(a, b *Execution) int {
		older := cmp.Or(a.StartedTime.Compare(b.StartedTime), strings.Compare(a.Name, b.Name))
		if c.order == Oldest || a.StartedTime.IsZero() || b.StartedTime.IsZero() {
			return older
		}
		return -older
	})
}

func (c *concurrency) describe(j *judgement) string {
	live, err := c.live(j)
	if err != nil {
		return fmt.Sprintf("flow.live (unknown) > maxConcurrent %d", c.most)
	}
	text := fmt.Sprintf("flow.live %d > maxConcurrent %d", live.Count(), c.most)
	switch holds, err := c.holds(j); {
	case err != nil || live.Count() <= c.most:
		return text
	case !holds:
		return text + fmt.Sprintf(", not among the %s", c.order)
	}
	if over := live.Count() - c.most; over > 1 {
		return text + fmt.Sprintf(", among the %d %s", over, c.order)
	}
	return text + fmt.Sprintf(", the %s", c.order)
}

func (c *concurrency) String() string {
	return fmt.Sprintf("maxConcurrent %d, %s first", c.most, c.order)
}
