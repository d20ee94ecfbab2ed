package backtest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// found is what is known of one execution, once rules have judged it.
type found struct {
	at        time.Time // when it would have been stopped, at the earliest; zero: it would not
	sweep     time.Time // … by the first sweep from then on
	rule      int
	byTick    bool
	reason    string
	protected bool    // a rule condemned it, and protect held it
	doubts    []doubt // of the rules that could not be decided
}

// doubt is a rule that could not be decided, and why.
type doubt struct {
	rule int
	err  string
}

// stop takes the stop that comes in the earlier sweep; of two in one, that of the rule
// that comes first in the file, which speaks for both.
func (f *found) stop(at, sweep time.Time, r *rule, byTick bool, reason func() string) {
	if f.at.IsZero() || sweep.Before(f.sweep) || sweep.Equal(f.sweep) && r.place < f.rule {
		f.at, f.sweep, f.rule, f.byTick, f.reason = at, sweep, r.place, byTick, reason()
	}
}

// doubted notes a doubt, once a rule.
func (f *found) doubted(rule int, err string) {
	if !slices.ContainsFunc(f.doubts, func(d doubt) bool { return d.rule == rule }) {
		f.doubts = append(f.doubts, doubt{rule, err})
	}
}

// within says that an execution's life reaches what a rule could condemn.
func (r *rule) within(name string, l life) bool {
	return l.to.Sub(l.from) > r.MinAge && strings.HasPrefix(name, r.NamePrefix)
}

// first finds the first moment at which a rule would have stopped an execution, going
// from one at which that could be to the next.
func (f *found) first(r *rule, facts *policy.Facts, l life, o *Options) {
	facts.Now = l.from
	looked := false // at this moment
	for {
		due := r.policy.Due(facts)
		switch {
		case due.Kind == policy.Never:
			f.doubtless(r, facts, l)
			return
		case due.Kind == policy.Moment && due.Time.After(facts.Now):
			facts.Now = due.Time
		case due.Kind == policy.Moment && !looked:
		case looked:
			facts.Now = o.sweepFrom(facts.Now.Add(1))
		default:
			facts.Now = o.sweepFrom(facts.Now)
		}
		if !facts.Now.Before(l.to) {
			f.doubtless(r, facts, l)
			return
		}
		facts.Event.Time = facts.Now
		v := r.policy.Judge(facts)
		f.judged(r, facts, &v, o, due.Kind == policy.EverySweep)
		if v.Decision == policy.Stop || v.Needs != 0 && !r.stopsInTheEnd(facts, l) {
			return
		}
		if looked = true; v.Decision == policy.Protected && v.Needs == 0 {
			switch free := r.policy.Unprotected(facts); {
			case free.Kind == policy.Never:
				return
			case free.Time.After(facts.Now):
				facts.Now, looked = free.Time, false
				if !facts.Now.Before(l.to) {
					return
				}
			}
		}
	}
}

// stopsInTheEnd says of an execution for which something was not recorded that the
// rule stops it all the same, at its end if not before. Else it is looked at no more.
func (r *rule) stopsInTheEnd(facts *policy.Facts, l life) bool {
	last, event := *facts, *facts.Event
	last.Now = l.to.Add(-1)
	event.Time, last.Event = last.Now, &event
	return r.policy.Judge(&last).Decision == policy.Stop
}

// judged takes a verdict in.
func (f *found) judged(r *rule, facts *policy.Facts, v *policy.Verdict, o *Options, byTick bool) {
	switch {
	case v.Decision == policy.Stop:
		f.stop(facts.Now, o.sweepFrom(facts.Now), r, byTick, v.Reason)
	case v.Decision == policy.Protected && v.Needs != 0:
		f.doubted(r.place, unrecorded(strings.TrimPrefix(v.Reason(), doubtfulProtection)))
	case v.Decision == policy.Protected:
		f.protected = true
	case len(v.Undecided) > 0:
		f.doubted(r.place, reasonOf(v.Undecided[0].Err))
	}
}

const doubtfulProtection = "protected, because it could not be evaluated whether it is: "

// doubtless judges an execution that is kept for the last time: what can never be
// decided never falls due, and is seen only so.
func (f *found) doubtless(r *rule, facts *policy.Facts, l life) {
	facts.Now = l.to.Add(-1)
	facts.Event.Time = facts.Now
	if v := r.policy.Judge(facts); len(v.Undecided) > 0 {
		f.doubted(r.place, reasonOf(v.Undecided[0].Err))
	}
}

func reasonOf(err error) string {
	if _, ok := errors.AsType[*policy.MissingError](err); ok {
		return unrecorded(err.Error())
	}
	return err.Error()
}

// unrecorded says in a history's words what an error says in a sweep's.
func unrecorded(text string) string {
	return strings.ReplaceAll(text, "was not fetched", "was not recorded")
}
