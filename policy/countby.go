package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Together is the executions that are live in several flows, for rules that count them
// together. One goroutine at a time may use it: it remembers what rules found out from
// it.
type Together struct {
	at     time.Time
	flows  []*Flow
	doubt  string
	counts map[*countBy][]*tallied
}

// NewTogether has the Live of each of these flows know the others. A flow without a Live
// is one of which no complete listing came, and rules that it concerns are undecided; so
// are all rules where there is a doubt, such as a listing of flows that failed.
//
// at is what rules that count see as now, as of [NewLive].
func NewTogether(at time.Time, flows []*Flow, doubt string) *Together {
	t := &Together{at: at, flows: flows, doubt: doubt, counts: map[*countBy][]*tallied{}}
	for _, f := range flows {
		if f.Live != nil {
			f.Live.together = t
		}
	}
	return t
}

// CountsTogether says whether the flow was counted with others.
func (l *Live) CountsTogether() bool { return l != nil && l.together != nil }

// Alone is the same of its flow by itself, counted with no others.
func (l *Live) Alone() *Live {
	return &Live{at: l.at, executions: l.executions, rankings: map[*concurrency][]ranking{}}
}

// countBy is maxConcurrent of what is counted together: the live executions of all flows
// of a rule, or those of them that have one key.
type countBy struct {
	excess
	key *countKey
}

// tallied is what a rule has counted, under one event. Where err says why not, it counts
// nothing.
type tallied struct {
	event  *Event
	flows  int
	groups map[string]*group
	err    error
}

// group is the executions with one key.
type group struct {
	members []member
	surplus map[place]bool // nil: nobody has asked for it
}

func (c *countBy) source() string { return "maxConcurrent" }

func (c *countBy) reads() expression.Set {
	if c.key.expression == nil {
		return liveFacts | togetherFacts
	}
	return liveFacts | togetherFacts | c.key.expression.Reads()
}

func (c *countBy) holds(j *judgement) (bool, error) {
	all, g, _, err := c.group(j)
	switch {
	case err != nil:
		return false, err
	case len(g.members) <= c.most:
		return false, nil
	case j.facts.Execution.StartedTime.IsZero():
		return false, errors.New("the execution has no startedTime, and so no place among the others")
	}
	if g.surplus == nil {
		g.surplus = c.rank(g.members, Facts{Now: j.facts.Flow.Live.together.at, Event: all.event}, j.pricing)
	}
	return g.surplus[placeOf(j.facts.Flow, j.facts.Execution)], nil
}

// group finds the executions that the one which is judged is counted with.
func (c *countBy) group(j *judgement) (all *tallied, own *group, key string, err error) {
	flow := j.facts.Flow
	err = c.unlisted(flow)
	if err == nil && flow.Live.together == nil {
		err = &MissingError{"the list of all flows that count together", NeedTogether}
	}
	if err == nil {
		key, err = c.key.of(j)
	}
	if err != nil {
		return nil, nil, "", err
	}
	all = flow.Live.together.count(c, j)
	if own = all.groups[key]; own == nil { // what is judged has been read anew since
		own = &group{}
	}
	return all, own, key, all.err
}

// count counts for a rule what is live, once for all that it judges.
func (t *Together) count(c *countBy, j *judgement) *tallied {
	for _, known := range t.counts[c] {
		if known.event == j.facts.Event {
			return known
		}
	}
	all := &tallied{event: j.facts.Event, groups: map[string]*group{}}
	if t.doubt != "" {
		all.err = errors.New(t.doubt)
	}
	for _, flow := range t.flows {
		if all.err == nil && c.concerns(flow, t.at, j) {
			all.flows++
			all.err = c.add(all, flow, t.at, j.pricing)
		}
	}
	t.counts[c] = append(t.counts[c], all)
	return all
}

// concerns says whether a flow's executions count: no condition that hangs on the flow
// alone rules it out. Those of Express flows are never listed.
func (c *countBy) concerns(flow *Flow, at time.Time, j *judgement) bool {
	if flow.executionMode() != "Standard" {
		return false
	}
	_, ok := narrow(c.others, flowStage, &judgement{facts: Facts{Now: at, Event: j.facts.Event, Flow: flow}, pricing: j.pricing})
	return ok
}

// add adds a flow's live executions. One without a key is counted with none: so fewer
// are too many, and it is undecided itself.
func (c *countBy) add(all *tallied, flow *Flow, at time.Time, pricing *Pricing) error {
	switch {
	case flow.Live == nil:
		return fmt.Errorf("the flow %s counts too, and no complete list of its executions came", flow.Name)
	case flow.DistributedMap && !c.mapChildren:
		return fmt.Errorf("the flow %s "+childrenToo, flow.Name)
	case slices.Contains(flow.Unknown, "Definition") && !c.mapChildren && flow.Live.Count() > 0:
		return fmt.Errorf("the flow %s counts too, and its definition was not fetched", flow.Name)
	}
	for _, e := range flow.Live.executions {
		key, err := c.key.of(&judgement{facts: Facts{Now: at, Event: all.event, Flow: flow, Execution: e}, pricing: pricing})
		if err != nil {
			continue
		}
		g := all.groups[key]
		if g == nil {
			g = &group{}
			all.groups[key] = g
		}
		g.members = append(g.members, member{flow, e})
	}
	return nil
}

// describe says how many are live: 23 of customer "acme" live, at most 20.
func (c *countBy) describe(j *judgement) string {
	all, g, key, err := c.group(j)
	if err != nil {
		return "live (unknown) by " + c.key.text + fmt.Sprintf(", at most %d", c.most)
	}
	text := fmt.Sprintf("%d of %s %s live, at most %d", len(g.members), c.key.label, key, c.most)
	if c.key.expression == nil {
		text = fmt.Sprintf("%d live in %s, at most %d", len(g.members), plain.Count(all.flows, "flow"), c.most)
	}
	holds, err := c.holds(j)
	if err != nil || len(g.members) <= c.most {
		return text
	}
	return text + c.among(len(g.members)-c.most, holds)
}

func (c *countBy) String() string {
	return fmt.Sprintf("maxConcurrent %d by %s, %s first", c.most, c.key.text, c.order)
}
