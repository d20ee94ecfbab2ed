package policy

import (
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Scope is a policy for one sweep: what needs only the time and the event has
// been evaluated. It is safe for concurrent use.
type Scope struct {
	policy *Policy
	now    time.Time
	event  *Event
	rules  []staged
}

// staged is a rule that may still condemn, and the conditions that are left to
// evaluate, the cheapest first.
type staged struct {
	rule *Rule
	left []conjunct
}

// Scope begins a sweep.
func (p *Policy) Scope(now time.Time, event *Event) *Scope {
	s := &Scope{policy: p, now: now, event: event}
	j := &judgement{facts: Facts{Now: now, Event: event}, pricing: p.Pricing}
	for _, r := range p.Rules {
		left, ok := narrow(r.ordered, eventStage, j)
		if !ok && r.warns() { // its window may open by the time that it warns of
			left, ok = narrow(r.ordered, eventStage, s.ahead(r, *j))
		}
		if ok {
			s.rules = append(s.rules, staged{r, left})
		}
	}
	return s
}

// ahead is a judgement as it will be at the time that a rule warns of.
func (s *Scope) ahead(r *Rule, j judgement) *judgement {
	j.facts.Now = s.now.Add(r.lead())
	return &j
}

// AsksLike says that this sweep surely asks the same about every flow as another
// sweep by the same policy does: the same rules are in force, and no condition
// that is left reads the time or the event. Where it is false they may still.
func (s *Scope) AsksLike(other *Scope) bool {
	return s.policy == other.policy && slices.EqualFunc(s.rules, other.rules, func(a, b staged) bool {
		return a.rule == b.rule && slices.EqualFunc(a.left, b.left, func(a, b conjunct) bool {
			return !a.reads().Intersects(eventStage) && !b.reads().Intersects(eventStage)
		})
	})
}

// narrow evaluates the conditions that read nothing but what is known at a
// stage. ok is false where one of them is false: the rule is out. What holds is
// no longer left; what fails is, since others may still be false, which decides.
func narrow(conditions []conjunct, known expression.Set, j *judgement) (left []conjunct, ok bool) {
	for _, c := range conditions {
		if c.reads()&^known != 0 {
			left = append(left, c)
			continue
		}
		switch holds, err := c.holds(j); {
		case err != nil:
			left = append(left, c)
		case !holds:
			return nil, false
		}
	}
	return left, true
}

// FlowNames returns the names of the only flows that rules can concern in this
// sweep, sorted. ok is false where they are not named one by one, and the flows
// must be listed.
//
// An extent's scope has no event: what an event names, it doesn't know.
func (s *Scope) FlowNames() (names []string, ok bool) {
	var j *judgement
	if s.event != nil {
		j = &judgement{facts: Facts{Now: s.now, Event: s.event}, pricing: s.policy.Pricing}
	}
	return flowNames(s.rules, j)
}

// flowNames are the only flows that any of the rules can concern, sorted.
func flowNames(rules []staged, j *judgement) (names []string, ok bool) {
	for _, r := range rules {
		own, ok := r.flowNames(j)
		if !ok {
			return nil, false
		}
		names = append(names, own...)
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// MayNameFlows says whether an event may name the flows of these rules one by
// one, as in flow.name == event.data.flow. Of an extent's scope, FlowNames can't
// tell.
func (s *Scope) MayNameFlows() bool {
	byEvent := false
	for _, r := range s.rules {
		if _, named := r.flowNames(nil); named {
			continue
		}
		if !slices.ContainsFunc(r.left, namedByEvent) {
			return false
		}
		byEvent = true
	}
	return byEvent
}

// Rules are the rules that may condemn something in this sweep, in the file's
// order: what needs only the time and the event doesn't rule them out.
func (s *Scope) Rules() []*Rule { return rulesOf(s.rules) }

func rulesOf(all []staged) []*Rule {
	rules := make([]*Rule, len(all))
	for i, r := range all {
		rules[i] = r.rule
	}
	return rules
}

// Needs is what must be known of a flow besides its name to judge in this
// sweep, and not every listing brings.
func (s *Scope) Needs() Need {
	var n Need
	for _, r := range s.rules {
		n |= s.policy.ruleNeeds(r.rule, r.left)
	}
	if len(s.rules) > 0 {
		n |= s.policy.protection.needs(s.policy)
	}
	return n
}

// ruleNeeds is what must be fetched for a rule's conditions and its cause.
func (p *Policy) ruleNeeds(r *Rule, left []conjunct) Need {
	var reads expression.Set
	for _, c := range left {
		reads |= c.reads()
	}
	if r.cause != nil {
		reads |= r.cause.Reads()
	}
	return p.needs(reads)
}

// Flow narrows the sweep to one flow: what needs no execution is evaluated.
// The facts of the flow must not change meanwhile, but for Live, which may be
// set later.
func (s *Scope) Flow(flow *Flow) *FlowScope {
	f := &FlowScope{scope: s, flow: flow}
	var queries []Query
	j := &judgement{facts: Facts{Now: s.now, Event: s.event, Flow: flow}, pricing: s.policy.Pricing}
	for _, r := range s.rules {
		left, ok := narrow(r.left, flowStage, j)
		if !ok && r.rule.warns() {
			left, ok = narrow(r.left, flowStage, s.ahead(r.rule, *j))
		}
		if !ok {
			continue
		}
		q := s.policy.ruleQuery(r.rule, left, j)
		if r.rule.warns() { // what is to be stopped now, and what is to be warned of
			q = q.Or(s.policy.ruleQuery(r.rule, left, s.ahead(r.rule, *j)))
		}
		if len(q.Statuses) > 0 {
			f.rules = append(f.rules, staged{r.rule, left})
			queries = append(queries, q)
		}
	}
	f.query = s.policy.union(queries)
	if !flow.NameOnly {
		f.query.Needs &^= NeedFlow
	}
	return f
}

// FlowScope is a policy for one flow in one sweep. It is safe for concurrent
// use.
type FlowScope struct {
	scope *Scope
	flow  *Flow
	rules []staged
	query Query
}

// Rules are the rules that may condemn executions of the flow.
func (f *FlowScope) Rules() []*Rule { return rulesOf(f.rules) }

// Query is what must be asked of the API about the flow.
func (f *FlowScope) Query() Query { return f.query }
