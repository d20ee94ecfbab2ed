package policy

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// protection is what is never stopped, whatever a rule says: flows OR window OR when.
type protection struct {
	flows  *globs     // nil: none
	window windows    // in which nothing is; empty: none
	when   []conjunct // of one condition; empty: none
	stays  bool       // once it doesn't hold, time alone doesn't change that
}

// protection reads protect.
func (d *decoder) protection(n *yamltree.Node) *protection {
	p := &protection{stays: true}
	if n == nil {
		return p
	}
	f := d.fields(n, "protect", "flows", "window", "when")
	if f != nil && len(n.Entries) == 0 {
		d.fail(n.Position, "protect is empty: give flows, a window or when")
	}
	p.flows = d.globs(f["flows"], "protect.flows")
	for _, w := range d.windows(f["window"]) {
		p.window = w.(windows)
	}
	for _, e := range d.condition(f["when"], "protect.when") {
		p.when = append(p.when, newCondition("protect.when", e))
	}
	p.stays = len(p.window) == 0 && stay(p.when, false)
	return p
}

// holds says whether the execution is protected, and why. In doubt it is: what
// could not be evaluated protects.
func (p *protection) holds(j *judgement) (held bool, needs Need, doubt error) {
	if p.byFlow(j.facts.Flow) || p.byWindow(j.facts.Now) {
		return true, 0, nil
	}
	if len(p.when) == 0 {
		return false, 0, nil
	}
	result, needs, doubt := all(p.when, j)
	return result != no, needs, doubt
}

func (p *protection) byFlow(flow *Flow) bool      { return p.flows != nil && p.flows.matches(flow.Name) }
func (p *protection) byWindow(now time.Time) bool { return len(p.window) > 0 && p.window.contains(now) }

// reason says which protection holds.
func (p *protection) reason(j *judgement) string {
	switch {
	case p.byFlow(j.facts.Flow):
		return "protected: " + p.flows.describe(j)
	case p.byWindow(j.facts.Now):
		return "protected: " + p.window.describe(j)
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
// Due says when a rule could condemn it. More than two years ahead is never.
func (p *Policy) Unprotected(f *Facts) Due {
	held := p.protection
	if held.byFlow(f.Flow) {
		return Due{}
	}
	s, free := p.solver(*f), always
	if len(held.when) > 0 {
		free = never
		for _, c := range held.when {
			free = free.or(s.conjunct(c).no)
		}
	}
	for _, sp := range free {
		at, ever := held.window.shut(moment(max(sp.from, f.Now.UnixNano())))
		switch {
		case !ever || at.UnixNano() >= sp.to:
		case at.Equal(f.Now):
			return p.freeNow(f)
		default:
			return Due{Moment, at}
		}
	}
	return Due{}
}

// freeNow is the answer where protect could let go now: it may hold all the same.
func (p *Policy) freeNow(f *Facts) Due {
	if holds, _, _ := p.protection.holds(&judgement{facts: *f, pricing: p.Pricing}); holds {
		return Due{EverySweep, f.Now}
	}
	return Due{Moment, f.Now}
}
