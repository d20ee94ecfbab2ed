package policy

import "github.com/flowreaper/flowreaper/policy/internal/yamltree"

// protection is what is never stopped, whatever a rule says: flows OR when.
type protection struct {
	flows *globs     // nil: none
	when  []conjunct // of one condition; empty: none
	stays bool       // once it doesn't hold, time alone doesn't change that
}

// protection reads protect.
func (d *decoder) protection(n *yamltree.Node) *protection {
	p := &protection{stays: true}
	if n == nil {
		return p
	}
	f := d.fields(n, "protect", "flows", "when")
	if f != nil && len(n.Entries) == 0 {
		d.fail(n.Position, "protect is empty: give flows, when, or both")
	}
	p.flows = d.globs(f["flows"], "protect.flows")
	for _, e := range d.condition(f["when"], "protect.when") {
		p.when = append(p.when, newCondition("protect.when", e))
	}
	p.stays = stay(p.when, false)
	return p
}

// holds says whether the execution is protected, and why. In doubt it is: what
// could not be evaluated protects.
func (p *protection) holds(j *judgement) (held bool, needs Need, doubt error) {
	if p.flows != nil && p.flows.matches(j.facts.Flow.Name) {
		return true, 0, nil
	}
	if len(p.when) == 0 {
		return false, 0, nil
	}
	result, needs, doubt := all(p.when, j)
	return result != no, needs, doubt
}

// reason says which protection holds.
func (p *protection) reason(j *judgement) string {
	if p.flows != nil && p.flows.matches(j.facts.Flow.Name) {
		return "protected: " + p.flows.describe(j)
	}
	if _, _, doubt := p.holds(j); doubt != nil {
		return "protected, because it could not be evaluated whether it is: " + doubt.Error()
	}
	return "protected: " + describeAll(p.when, j)
}

// needs is what must be fetched to say whether an execution is protected.
func (p *protection) needs(policy *Policy) Need {
	var n Need
	for _, c := range p.when {
		n |= policy.needs(c.reads())
	}
	return n
}

// Unprotected says when protect could let go of the execution, at the earliest, as
// Due says when a rule could condemn it.
func (p *Policy) Unprotected(f *Facts) Due {
	held := p.protection
	if held.flows != nil && held.flows.matches(f.Flow.Name) {
		return Due{}
	}
	if len(held.when) == 0 {
		return Due{Moment, f.Now}
	}
	s, free := p.solver(*f), never
	for _, c := range held.when {
		free = free.or(s.conjunct(c).no)
	}
	freeNow := Due{Moment, f.Now}
	if holds, _, _ := held.holds(&judgement{facts: *f, pricing: p.Pricing}); holds {
		freeNow.Kind = EverySweep
	}
	return free.due(f.Now, freeNow)
}
