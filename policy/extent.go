package policy

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Extent returns scopes between which those of all sweeps lie, whatever sets
// them off and whenever: for each trigger the widest, with all rules that judge
// on it, and the narrowest that still hold a rule. What none of them asks for,
// no sweep does. They have no time and no event, and are there to be asked for
// FlowNames and Needs.
func (p *Policy) Extent() []*Scope {
	var all []*Scope
	for _, trigger := range []Trigger{OnTimer, OnEvent, OnManual} {
		var always, sometimes []staged
		for _, r := range p.Rules {
			switch {
			case !slices.Contains(r.On, trigger):
			case r.comesAndGoes():
				sometimes = append(sometimes, staged{r, r.ordered})
			default:
				always = append(always, staged{r, r.ordered})
			}
		}
		all = append(all, p.between(always, sometimes)...)
	}
	return all
}

func (p *Policy) between(always, sometimes []staged) []*Scope {
	var all []*Scope
	scope := func(rules []staged) {
		if len(rules) > 0 {
			all = append(all, &Scope{policy: p, rules: rules})
		}
	}
	scope(slices.Concat(always, sometimes))
	switch {
	case len(sometimes) == 0: // one sweep is like the other
	case len(always) > 0:
		scope(always)
	default:
		for _, r := range sometimes {
			scope([]staged{r})
		}
	}
	return all
}

// comesAndGoes says whether the time or the event may take the rule out of a
// sweep: it has a window, or a condition of that kind.
func (r *Rule) comesAndGoes() bool {
	return slices.ContainsFunc(r.ordered, func(c conjunct) bool {
		reads := c.reads()
		implied := reads == expression.SetOf(eventKind) && c.source() == "" // by on
		return reads != 0 && reads&^eventStage == 0 && !implied
	})
}
