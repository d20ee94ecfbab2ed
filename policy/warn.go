package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// warnEarly is how much earlier than it must be a warning is given: it goes out when
// the sweep is over, and must be as old as the rule says when the execution falls due.
const warnEarly = 2 * time.Minute

// longestWarning is shorter than warnings are remembered: one that is forgotten before it
// is old enough would be given again and again, and nothing stopped.
const longestWarning = 30 * 24 * time.Hour

// Notice is what people are to hear before an execution is stopped.
type Notice struct {
	Rule   *Rule
	StopAt time.Time // not before; later where the warning goes out later
	Reason string    // why, as it will be then
}

// ID tells a rule that warns from others, and from itself before it was edited: a
// warning is of one rule, as it was then.
func (r *Rule) ID() string { return r.Name + "/" + r.identity[:min(8, len(r.identity))] }

// warns says whether the rule gives warnings. One that stops nothing doesn't.
func (r *Rule) warns() bool { return r.WarnBefore > 0 && r.Mode == ModeEnforce }

// Warns says whether some rule warns before it stops.
func (p *Policy) Warns() bool { return slices.ContainsFunc(p.Rules, (*Rule).warns) }

// lead is how long before it condemns a rule wants to know of an execution.
func (r *Rule) lead() time.Duration {
	if !r.warns() {
		return 0
	}
	return r.WarnBefore + warnEarly
}

// warned is when the rule's warning went out; of one that gives none no ID is put together.
func (r *Rule) warned(f *Facts) (at time.Time, warned bool) {
	if r.warns() {
		at, warned = f.Warned[r.ID()]
	}
	return at, warned
}

// waits says that the rule may not stop the execution yet: its warning has not gone
// out, or not long enough ago.
func (r *Rule) waits(f *Facts) bool {
	at, warned := r.warned(f)
	return r.warns() && (!warned || f.Now.Before(at.Add(r.WarnBefore)))
}

// warning says when the rule may stop the execution; "" where it doesn't warn.
func (r *Rule) warning(f *Facts) string {
	if !r.warns() {
		return ""
	}
	if at, warned := r.warned(f); warned {
		return fmt.Sprintf("warned at %s, stopped not before %s", at.UTC().Format(time.RFC3339), at.Add(r.WarnBefore).UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("stopped not before %s after its warning", duration.Format(r.WarnBefore))
}

// afterWarning puts off when a rule stops what was warned of.
func (r *Rule) afterWarning(d Due, f *Facts) Due {
	if at, warned := r.warned(f); warned && d.Kind == Moment && d.Time.Before(at.Add(r.WarnBefore)) {
		d.Time = at.Add(r.WarnBefore)
	}
	return d
}

// Attention says when the execution must be looked at, at the earliest: when it could
// be condemned, or, where a rule warns before and has not yet, so much earlier. Under
// the same conditions as Due it is never later.
func (p *Policy) Attention(f *Facts) Due {
	var first Due
	for _, r := range p.Rules {
		d := p.ruleDue(r, f)
		if _, warned := r.warned(f); d.Kind == Moment && !warned {
			d.Time = d.Time.Add(-r.lead())
		}
		first = first.earlier(d)
	}
	return first
}

// Foretold are the moments at which people are to be warned of what rules could stop from a
// moment on, when protect lets go of it, say.
func (p *Policy) Foretold(from time.Time) (moments []time.Time) {
	for _, r := range p.Rules {
		if r.warns() {
			moments = append(moments, from.Add(-r.lead()))
		}
	}
	return moments
}

// Ahead judges the execution as it will be when it falls due, if nothing changes but the
// time, by the rules that warn before that and have not yet. It returns whom they would
// stop, and what was not fetched and could change that.
func (p *Policy) Ahead(f *Facts) (notices []Notice, needs Need) {
	for _, r := range p.Rules {
		if _, warned := r.warned(f); !r.warns() || warned {
			continue
		}
		ahead := *f
		ahead.Now = f.Now.Add(r.lead())
		v := p.Judge(&ahead)
		needs |= v.Needs
		if v.Decision != Stop || v.Rule != r && !slices.Contains(v.WouldAlso, r.Name) {
			continue
		}
		w := Notice{Rule: r, StopAt: ahead.Now, Reason: r.reason(v.again())}
		if due := p.ruleDue(r, &ahead); due.Kind == Moment && !due.Time.Before(f.Now.Add(r.WarnBefore)) {
			w.StopAt = due.Time
		}
		notices = append(notices, w)
	}
	return notices, needs
}

// warnBefore reads how long before its stops a rule warns.
func (d *decoder) warnBefore(r *Rule, n *yamltree.Node) {
	if n == nil {
		return
	}
	if r.WarnBefore = d.duration(n, "warnBefore", 0); r.WarnBefore > longestWarning {
		d.fail(n.Position, "warnBefore is at most %s: which warnings went out is remembered for a day longer", duration.Format(longestWarning))
	}
	if slices.Contains(r.On, OnEvent) {
		d.fail(n.Position, "warnBefore is for rules on timers: an event is acted on at once, so take event out of on, or write two rules")
	}
}

// mayWarn sees that somebody hears what a rule warns of.
func (d *decoder) mayWarn(r *Rule, n *yamltree.Node, channels []Channel) {
	hears := func(c Channel) bool {
		return c.Hears(NewsWarned) && (r.Notify == nil || slices.Contains(r.Notify, c.Name))
	}
	if n != nil && !slices.ContainsFunc(channels, hears) {
		d.fail(n.Position, "nobody would hear the warning, and what nobody hears of is not stopped: give the rule a channel, in notify, that is on: warned")
	}
}
