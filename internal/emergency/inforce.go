package emergency

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Options is what events are put in force by.
type Options struct {
	Policy    *policy.Policy
	Mode      policy.Mode // softens the rules'
	RunID     string
	Clock     *judge.Clock
	Latched   *watch.Emergencies // in the state file
	Report    *result.Collector
	Wanted    func(flow string) bool // nil wants all
	GivingWay map[string]bool        // flows that give way in this sweep, by key
}

// InForce are the events in force in a sweep.
type InForce struct {
	Options
	All []*Emergency

	others    []watch.Emergency // that other runs work on
	latchedAt time.Time         // when the file last said that this sweep works on them
}

// Raise takes in what has happened, and takes up what is in force from earlier sweeps,
// of other processes too, where the file is to be believed. Events that are delivered
// twice are one. The errors are mistakes of ours that keep one from being taken up; the
// others are all the same.
func Raise(o Options, events []event.Event, resumes bool) (*InForce, []error) {
	f := &InForce{Options: o}
	var errs []error
	takeUp := func(event string, take func()) {
		if err := fault.Attempt(take); err != nil {
			errs = append(errs, fmt.Errorf("%s is not gone on with: %w", event, err))
		}
	}
	for _, e := range events {
		if e.Time.IsZero() {
			e.Time = f.now()
		}
		takeUp(e.Title(), func() { f.accept(e) })
	}
	for _, m := range f.Latched.Active(f.now()) {
		if resumes && !m.HeldAgainst(f.RunID, f.now()) {
			takeUp("the event in force for the rule "+m.Rule, func() { f.resume(m) })
		}
	}
	for _, e := range f.All {
		f.prepare(e)
	}
	return f, errs
}

func (f *InForce) now() time.Time { return f.Clock.Now() }

// accept puts an event in force for each rule that accepts it. A rule in plan
// mode judges by it in this sweep alone: there is nothing to go on with.
func (f *InForce) accept(e event.Event) {
	rules := f.Policy.Scope(f.Clock.Judging(), &e.Event).Rules()
	if len(rules) == 0 {
		f.Report.Note("NoRule", fmt.Sprintf("no rule accepts %s: it stops nothing", e.Title()))
	}
	raw := e.Encode()
	for _, r := range rules {
		if over := e.Time.Add(r.For); !f.now().Before(over) {
			f.Report.Note("Emergency", fmt.Sprintf("the %s event %q came too late: for the rule %s it was in force until %s, and stops nothing now",
				e.Kind, e.Name(), r.Name, over.Format(time.RFC3339)))
			continue
		}
		if r.Mode.Softer(f.Mode) != policy.ModeEnforce {
			f.of(raw, e.Event).Basis.Until[r.Name] = e.Time.Add(r.For)
			continue
		}
		f.Latched.Latch(watch.Emergency{
			ID: emergencyID(f.RunID, r.Name, raw), Rule: r.Name, Policy: f.Policy.Hash,
			Event: raw, Time: e.Time, Until: e.Time.Add(r.For), Touched: f.now(), Worker: f.RunID,
		})
	}
}

// emergencyID is another one each time that an event is accepted: what is over
// begins anew when the event comes again.
func emergencyID(run, rule string, raw []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s", run, rule, raw))
	return hex.EncodeToString(sum[:8])
}

// resume goes on with an emergency. It is judged by the policy as it is now, the
// time it is in force for as well: one that has been corrected since is what people
// mean.
func (f *InForce) resume(m watch.Emergency) {
	rule := f.eventRule(m.Rule)
	events, err := event.Decode(m.Event)
	switch {
	case rule == nil:
		f.Report.Note("Emergency", fmt.Sprintf("an event is in force until %s for the rule %s, which is no rule on events of this policy: it is not gone on with",
			m.Until.Format(time.RFC3339), m.Rule))
		return
	case err != nil || len(events) != 1:
		f.Report.Note("Emergency", fmt.Sprintf("the event that is in force for the rule %s can't be read: %v", m.Rule, err))
		return
	case !f.goesOn(m, rule):
		return // it was softened, or shortened, meanwhile
	}
	e := events[0].Event
	e.Time = m.Time
	until := m.Time.Add(rule.For)
	m.Until = latest(m.Until, until) // it is kept for longer
	if m.Policy != f.Policy.Hash {   // what had nothing to stop was found so by another
		m.Policy, m.Left, m.Quiet = f.Policy.Hash, 0, 0
	}
	in := f.of(m.Event, e)
	in.latched = append(in.latched, m)
	in.Basis.Until[m.Rule] = latest(in.Basis.Until[m.Rule], until)
}

// eventRule is the policy's rule of that name, if it is one on events; or nil.
func (f *InForce) eventRule(name string) *policy.Rule {
	i := slices.IndexFunc(f.Policy.Rules, func(r *policy.Rule) bool {
		return r.Name == name && slices.Contains(r.On, policy.OnEvent)
	})
	if i < 0 {
		return nil
	}
	return f.Policy.Rules[i]
}

// goesOn says that by the rule as it is now an emergency is in force, and stops.
func (f *InForce) goesOn(m watch.Emergency, rule *policy.Rule) bool {
	return rule.Mode.Softer(f.Mode) == policy.ModeEnforce && f.now().Before(m.Time.Add(rule.For))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// of finds the emergency of an event, or makes it.
func (f *InForce) of(raw []byte, e policy.Event) *Emergency {
	for _, in := range f.All {
		if bytes.Equal(in.raw, raw) {
			return in
		}
	}
	in := newEmergency(raw, e)
	f.All = append(f.All, in)
	return in
}

// prepare prepares the work on an emergency, by the rules that it is in force for.
func (f *InForce) prepare(e *Emergency) {
	p := f.Policy.Only(slices.Collect(maps.Keys(e.Basis.Until))...)
	e.Basis.Rules = p
	e.Scope = p.Scope(f.Clock.Judging(), e.Basis.Event)
	e.paused = len(e.Scope.Rules()) < len(p.Rules)
	e.Streams = !slices.ContainsFunc(e.Scope.Rules(), func(r *policy.Rule) bool { return !r.NoLimits })
	e.wanted, e.counts = f.Wanted, !e.Streams && f.Policy.Limits.MaxShare < 1
}

// Latches says whether the sweep works on an event that stays in force.
func (f *InForce) Latches() bool {
	return slices.ContainsFunc(f.All, func(e *Emergency) bool { return len(e.latched) > 0 })
}

// Hold has the state say that this sweep works on its emergencies, if that was said too
// long ago, and then it is to be saved.
func (f *InForce) Hold() (save bool) {
	now := f.now()
	if !f.Latches() || now.Before(f.latchedAt.Add(watch.Lease/3)) {
		return false
	}
	f.latchedAt = now
	f.touch(func(e *Emergency, m *watch.Emergency) {
		m.Worker = f.RunID
		if e.whole() || e.leftBefore() > 0 {
			m.Left = e.left()
		}
	})
	return true
}

// Release leaves the emergencies to the next sweep, a tick after this one which began
// then, but for those of which nothing is left.
func (f *InForce) Release(begun time.Time, tick time.Duration) {
	f.touch(func(e *Emergency, m *watch.Emergency) {
		m.Worker, m.Left, m.Next, m.Quiet = "", e.left(), e.unlooked(), e.quiet(begun, tick)
	})
	for _, e := range f.All {
		if !e.done(e.quiet(begun, tick)) {
			continue
		}
		for _, m := range e.latched {
			f.Latched.Finish(m.ID)
		}
	}
}

func (f *InForce) touch(change func(*Emergency, *watch.Emergency)) {
	now := f.now()
	for _, e := range f.All {
		for i := range e.latched {
			m := e.latched[i] // a copy: leftBefore() goes by what was before
			m.About = cmp.Or(e.least, m.About)
			change(e, &m)
			m.Touched = later(now, m.Touched)
			e.latched[i].Touched = m.Touched // the next is later, within a millisecond too
			f.Latched.Latch(m)
		}
	}
}

// Settled takes in that an execution runs no more, or is condemned no more.
func (f *InForce) Settled(k judge.Key) {
	for _, e := range f.All {
		e.settled(k)
	}
}

// Counting says that for some event there is still to be looked for what a limit
// may hold back.
func (f *InForce) Counting() bool {
	return slices.ContainsFunc(f.All, func(e *Emergency) bool { return !e.Streams && (e.asking > 0 || len(e.pending()) > 0) })
}

// Pending names the flows that are still to be looked at.
func (f *InForce) Pending() (flows []string) {
	for _, e := range f.All {
		flows = append(flows, e.pendingFlows()...)
	}
	return flows
}

// FindOthers finds the emergencies that other runs work on, or have put in force
// since this one began. They are not over, whatever it has seen itself.
func (f *InForce) FindOthers() {
	ours := map[string]bool{}
	for _, e := range f.All {
		for _, m := range e.latched {
			ours[m.ID] = true
		}
	}
	f.others = slices.DeleteFunc(f.Latched.Active(f.now()), func(m watch.Emergency) bool {
		rule := f.eventRule(m.Rule)
		return ours[m.ID] || rule == nil || !f.goesOn(m, rule)
	})
}

// Others are the rules whose events others work on, as they were found last.
func (f *InForce) Others() []string {
	rules := map[string]bool{}
	for _, m := range f.others {
		rules[m.Rule] = true
	}
	return slices.Sorted(maps.Keys(rules))
}

// Left counts what several events about the same flows condemn once: what is known by
// its name or, if that is more, what was counted before, or by others.
func (f *InForce) Left() int {
	open, counted := map[string]map[judge.Key]bool{}, map[string]int{}
	for _, e := range f.All {
		if open[e.least] == nil {
			open[e.least] = map[judge.Key]bool{}
		}
		maps.Copy(open[e.least], e.open)
		counted[e.least] = max(counted[e.least], e.left())
	}
	for _, m := range f.others {
		counted[m.About] = max(counted[m.About], m.Left)
	}
	left := 0
	for least, n := range counted {
		left += max(n, len(open[least]))
	}
	return left
}
