package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	executions []*Execution
	ranked     map[*concurrency]ranking
}

// NewLive takes the rows of a complete listing: those that are Starting or
// Running, each name once, since pages can shift while they are read.
func NewLive(rows []*Execution) *Live {
	l := &Live{ranked: map[*concurrency]ranking{}}
	seen := map[string]bool{}
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
// limit. Condemned are the first of them, by the rule's order, that meet all
// its other conditions and aren't protected.
type concurrency struct {
	most        int
	order       Order
	mapChildren bool
	others      []conjunct // the rule's other conditions
	protection  *protection
}

// ranking is what a rule found out of a flow's live executions, for one set of
// facts.
type ranking struct {
	facts     Facts // those that it holds for, without their execution
	condemned map[string]bool
}

// concurrency reads maxConcurrent, stopFirst and mapChildren.
func (d *decoder) concurrency(r *Rule, f map[string]*yamltree.Node, p *protection) *concurrency {
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
		mapChildren: children == "count", protection: p,
	}
}

func (c *concurrency) source() string        { return "maxConcurrent" }
func (c *concurrency) reads() expression.Set { return liveFacts }

func (c *concurrency) holds(j *judgement) (bool, error) {
	live, err := c.live(j)
	if err != nil || live.Count() <= c.most {
		return false, err
	}
	known := live.ranked[c]
	if facts := withoutExecution(j.facts); known.condemned == nil || known.facts != facts {
		known = ranking{facts: facts, condemned: c.rank(live, facts, j.pricing)}
		live.ranked[c] = known
	}
	return known.condemned[j.facts.Execution.Name], nil
}

func withoutExecution(f Facts) Facts {
	f.Execution = nil
	return f
}

func (c *concurrency) live(j *judgement) (*Live, error) {
	switch flow := j.facts.Flow; {
	case flow.Live == nil:
		return nil, &MissingError{"the complete list of the flow's executions", NeedLive}
	case flow.DistributedMap && !c.mapChildren:
		return nil, errors.New("the flow has a distributed Map, whose children are executions too: say mapChildren: count if they shall be")
	default:
		return flow.Live, nil
	}
}

// rank names the executions beyond the limit. One that may meet the other
// conditions and could not be decided takes its place in the order, and is not
// condemned: no other is stopped in its stead.
func (c *concurrency) rank(live *Live, facts Facts, pricing *Pricing) map[string]bool {
	surplus := live.Count() - c.most
	condemned := map[string]bool{}
	for _, e := range c.sorted(live.executions) {
		if surplus == 0 {
			break
		}
		facts.Execution = e
		j := &judgement{facts: facts, pricing: pricing}
		result, _, _ := all(c.others, j)
		if result == no {
			continue
		}
		if held, _, _ := c.protection.holds(j); held {
			continue
		}
		surplus--
		condemned[e.Name] = result == yes
	}
	return condemned
}

func (c *concurrency) sorted(executions []*Execution) []*Execution {
	return slices.SortedFunc(slices.Values(executions), func(a, b *Execution) int {
		older := cmp.Or(a.StartedTime.Compare(b.StartedTime), strings.Compare(a.Name, b.Name))
		if c.order == Newest {
			return -older
		}
		return older
	})
}

func (c *concurrency) describe(j *judgement) string {
	live, err := c.live(j)
	if err != nil {
		return fmt.Sprintf("flow.live (unknown) > maxConcurrent %d", c.most)
	}
	text := fmt.Sprintf("flow.live %d > maxConcurrent %d", live.Count(), c.most)
	if live.Count() <= c.most {
		return text
	}
	if holds, _ := c.holds(j); !holds {
		return text + fmt.Sprintf(", not among the %s", c.order)
	}
	return text + fmt.Sprintf(", among the %d %s", live.Count()-c.most, c.order)
}

func (c *concurrency) String() string {
	return fmt.Sprintf("maxConcurrent %d, %s first", c.most, c.order)
}
