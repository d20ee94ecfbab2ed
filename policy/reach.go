package policy

import (
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Reach bounds what a rule can condemn of one flow's executions, at whatever time.
// Who judges many of them, as a replay of the past does, need not look at what lies
// beyond; what lies within is to be judged in full.
type Reach struct {
	Rule       *Rule
	MinAge     time.Duration // nothing younger is condemned
	MinLive    int           // nothing is, while the flow, or all flows of the rule where it counts them together, has so many live executions or fewer
	NamePrefix string        // nothing whose name begins otherwise
	Needs      Need          // what the rule and protect read, and not every listing brings
}

// Reach returns the rules that could ever condemn an execution of the flow on events
// of this kind, in the file's order.
func (p *Policy) Reach(event *Event, flow *Flow) []Reach {
	var reaches []Reach
	j := &judgement{facts: Facts{Event: event, Flow: flow}, pricing: p.Pricing}
	for _, r := range p.Rules {
		if left, ok := narrow(r.ordered, lastingStage, j); ok {
			reaches = append(reaches, p.reach(r, left, j))
		}
	}
	return reaches
}

// lastingStage is what is known of a flow and lasts.
var lastingStage = expression.SetOf(eventKind, flowName) | flowFacts

func (p *Policy) reach(r *Rule, left []conjunct, j *judgement) Reach {
	reach := Reach{Rule: r, Needs: p.ruleNeeds(r, left) | p.protection.needs(p)}
	var b bounds
	for _, c := range left {
		switch c := c.(type) {
		case *concurrency:
			reach.MinLive = max(reach.MinLive, c.most)
		case *countBy:
			reach.MinLive = max(reach.MinLive, c.most)
		case *condition:
			if lasts(c.expression) {
				b.add(c.expression, j)
				b.minAge = max(b.minAge, p.costAge(c.expression, j))
			}
		}
	}
	reach.MinAge, reach.NamePrefix = b.minAge, b.prefix
	return reach
}

// costAge is the age before which a condition on what is priced by the minute can't
// hold; 0 for all else.
func (p *Policy) costAge(e *expression.Expression, j *judgement) time.Duration {
	least, bounds := map[string]int{">": 1, ">=": 0}[e.Operator]
	if !bounds || !e.Subject.Is(executionCost) || p.Pricing.perTransition() || p.Pricing.cost(j.facts.Flow.Name, 0, 0) == nil {
		return 0
	}
	amount, err := e.Side.Value(j)
	if _, ordered := expression.Compare(0.0, amount); err != nil || !ordered {
		return 0
	}
	return p.Pricing.ageOf(j.facts.Flow.Name, amount, least)
}

// lasts says of a comparison that its limit is the same at any time, or moves only
// as the time does.
func lasts(e *expression.Expression) bool {
	limit := e.Side
	if limit == nil {
		return false
	}
	if since := sinceWhen(limit); since != nil {
		limit = since
	}
	return limit.Reads()&^lastingStage == 0
}
