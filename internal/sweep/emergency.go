package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// emergency is an event in force in this sweep, under the rules that accepted
// it. What they condemn goes before all else.
type emergency struct {
	bench
	raw     []byte            // the event as it came
	latched []watch.Emergency // what keeps it in force, one a rule; none where rules only plan
	scope   *policy.Scope

	// streams says that no limit holds its stops back: each may be tried as soon
	// as it is found, without counting what else there is.
	streams bool

	surveys  []*survey // flows that are still to be looked at, in the order of their turns
	told     map[string]bool
	looked   map[string]bool // by key
	flows    int             // that are to be looked at
	asking   int             // listings of flows, looks under way
	failed   bool            // some listing failed, so that not all was seen
	doubtful bool            // some rule could not be evaluated
	ripens   bool            // what is kept now will be condemned
	paused   bool            // some rule isn't in force now: its window may open again

	leastAge time.Duration // of what is looked at: what is younger isn't known
	least    string        // of the flows' keys: events about the same flows have the same
	looks    int           // begun
	shifted  []*survey     // to be made once more

	seen    map[key]bool
	open    map[key]bool // condemned, and not known to have ended
	any     bool         // something was condemned in this sweep
	stopped int
}

// emergencies are the events in force in a sweep.
type emergencies struct {
	inForce     []*emergency
	telling     []*emergency      // those that wait for a listing of all flows
	surveyed    map[string]bool   // flows to look at for them, by key
	listedFor   map[string]bool   // flows that have been listed
	notCovered  map[string]string // flows that are not, and why
	countedLive map[string]bool   // flows whose live executions they counted
	moreLive    int               // … less what the watch says is live there
	others      []watch.Emergency // that other runs work on
	latchedAt   time.Time         // when the file last said that this sweep works on them
	unlatched   bool              // it could not be written
}

func newEmergencies() *emergencies {
	return &emergencies{surveyed: map[string]bool{}, listedFor: map[string]bool{}, notCovered: map[string]string{}, countedLive: map[string]bool{}}
}

// regular says that the sweep judges by rules on timers, too, or by hand.
func (s *sweep) regular() bool { return len(s.Events) == 0 }

func newEmergency(raw []byte, e policy.Event) *emergency {
	return &emergency{
		bench: bench{event: &e, until: map[string]time.Time{}}, raw: raw,
		told: map[string]bool{}, looked: map[string]bool{}, seen: map[key]bool{}, open: map[key]bool{},
	}
}

// raise takes in what has happened, and takes up what is in force from earlier
// sweeps, of other processes too. Events that are delivered twice are one.
func (s *sweep) raise() {
	s.memory.refresh(s.now())
	for _, e := range s.Events {
		if e.Time.IsZero() {
			e.Time = s.now()
		}
		s.takeUp(e.Title(), func() { s.accept(e) })
	}
	for _, m := range s.watch.Emergencies.Active(s.now()) {
		if !s.memory.once && !m.HeldAgainst(s.RunID, s.now()) {
			s.takeUp("the event in force for the rule "+m.Rule, func() { s.resume(m) })
		}
	}
	for _, e := range s.inForce {
		s.begin(e)
	}
}

// takeUp takes up one event. A mistake of ours that keeps it from that is reported;
// the others are taken up all the same.
func (s *sweep) takeUp(event string, take func()) {
	if fault := attempt(take); fault != nil {
		s.failure(fmt.Errorf("%s is not gone on with: %w", event, fault))
	}
}

// accept puts an event in force for each rule that accepts it. A rule in plan
// mode judges by it in this sweep alone: there is nothing to go on with.
func (s *sweep) accept(e event.Event) {
	rules := s.Policy.Scope(s.clock.judging(), &e.Event).Rules()
	if len(rules) == 0 {
		s.note("NoRule", fmt.Sprintf("no rule accepts %s: it stops nothing", e.Title()))
	}
	raw := e.Encode()
	for _, r := range rules {
		if over := e.Time.Add(r.For); !s.now().Before(over) {
			s.note("Emergency", fmt.Sprintf("the %s event %q came too late: for the rule %s it was in force until %s, and stops nothing now",
				e.Kind, e.Name(), r.Name, over.Format(time.RFC3339)))
			continue
		}
		if r.Mode.Softer(s.Mode) != policy.ModeEnforce {
			in := s.emergencyOf(raw, e.Event)
			in.until[r.Name] = e.Time.Add(r.For)
			continue
		}
		s.watch.Emergencies.Latch(watch.Emergency{
			ID: emergencyID(s.RunID, r.Name, raw), Rule: r.Name, Policy: s.Policy.Hash,
			Event: raw, Time: e.Time, Until: e.Time.Add(r.For), Touched: s.now(), Worker: s.RunID,
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
func (s *sweep) resume(m watch.Emergency) {
	rule := s.eventRule(m.Rule)
	events, err := event.Decode(m.Event)
	switch {
	case rule == nil:
		s.note("Emergency", fmt.Sprintf("an event is in force until %s for the rule %s, which is no rule on events of this policy: it is not gone on with",
			m.Until.Format(time.RFC3339), m.Rule))
		return
	case err != nil || len(events) != 1:
		s.note("Emergency", fmt.Sprintf("the event that is in force for the rule %s can't be read: %v", m.Rule, err))
		return
	case !s.goesOn(m, rule):
		return // it was softened, or shortened, meanwhile
	}
	e := events[0].Event
	e.Time = m.Time
	until := m.Time.Add(rule.For)
	m.Until = latest(m.Until, until) // it is kept for longer
	if m.Policy != s.Policy.Hash {   // what had nothing to stop was found so by another
		m.Policy, m.Left, m.Quiet = s.Policy.Hash, 0, 0
	}
	in := s.emergencyOf(m.Event, e)
	in.latched = append(in.latched, m)
	in.until[m.Rule] = latest(in.until[m.Rule], until)
}

// eventRule is the policy's rule of that name, if it is one on events; or nil.
func (s *sweep) eventRule(name string) *policy.Rule {
	i := slices.IndexFunc(s.Policy.Rules, func(r *policy.Rule) bool {
		return r.Name == name && slices.Contains(r.On, policy.OnEvent)
	})
	if i < 0 {
		return nil
	}
	return s.Policy.Rules[i]
}

// goesOn says that by the rule as it is now an emergency is in force, and stops.
func (s *sweep) goesOn(m watch.Emergency, rule *policy.Rule) bool {
	return rule.Mode.Softer(s.Mode) == policy.ModeEnforce && s.now().Before(m.Time.Add(rule.For))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// emergencyOf finds the emergency of an event, or makes it.
func (s *sweep) emergencyOf(raw []byte, e policy.Event) *emergency {
	for _, in := range s.inForce {
		if bytes.Equal(in.raw, raw) {
			return in
		}
	}
	in := newEmergency(raw, e)
	s.inForce = append(s.inForce, in)
	return in
}

// begin begins the work on an emergency.
func (s *sweep) begin(e *emergency) {
	rules := make([]string, 0, len(e.until))
	for rule := range e.until {
		rules = append(rules, rule)
	}
	e.policy = s.Policy.Only(rules...)
	e.emergency = e
	e.scope = e.policy.Scope(s.clock.judging(), e.event)
	e.paused = len(e.scope.Rules()) < len(e.policy.Rules)
	e.streams = !slices.ContainsFunc(e.scope.Rules(), func(r *policy.Rule) bool { return !r.NoLimits })
}

// found takes in an execution that an emergency's look has found.
func (s *sweep) found(e *emergency, f finding) {
	k := f.key()
	if e.seen[k] || s.gone[k] {
		return
	}
	e.seen[k] = true
	s.know(f)
	s.saw(f)
	e.doubtful = e.doubtful || len(f.verdict.Undecided) > 0
	if f.verdict.Decision == policy.Keep {
		e.ripens = e.ripens || e.mayRipen(f.due)
		return
	}
	no := s.gate.examine(f)
	if no != nil {
		s.refused(f, no)
		return
	}
	e.any, e.open[k] = true, true
	s.condemn(f)
}

// settled takes in that an execution runs no more, or is condemned no more.
func (s *sweep) settled(k key) {
	for _, e := range s.inForce {
		if e.open[k] || e.told[k.flow] && !e.seen[k] { // … for another event, before this one's look
			delete(e.open, k)
			e.stopped++
		}
	}
}

// whole says that all of an emergency's flows have been looked at.
func (e *emergency) whole() bool { return e.asking == 0 && len(e.surveys) == 0 && !e.failed }

// left is how many stops are left, as far as is known: what was counted before
// and has not been seen ended, or what this sweep has found, if that is more.
func (e *emergency) left() int {
	left := len(e.open)
	if e.whole() {
		return left
	}
	return max(left, e.counted()-e.stopped)
}

// counted is how many stops were left when this sweep began; 0 when nobody has
// counted.
func (e *emergency) counted() int {
	most := 0
	for _, m := range e.latched {
		most = max(most, m.Left)
	}
	return most
}

// mayRipen says that an execution which is kept will be condemned while the event is
// in force.
func (e *emergency) mayRipen(due policy.Due) bool {
	return due.Kind == policy.Moment && slices.ContainsFunc(slices.Collect(maps.Values(e.until)), due.Time.Before)
}

// quiet is how many flows have been looked at, one after the other, in which there
// was nothing to stop, now or once it is older. Looks that were begun within a tick of
// the event, as it came last, don't count: what had just started was perhaps not in
// them. Nor do those from which an age kept what ran then.
func (e *emergency) quiet(begun time.Time, tick time.Duration) int {
	last := e.event.Time
	for _, m := range e.latched {
		last = later(m.Time, last)
	}
	if e.any || e.doubtful || e.failed || e.ripens || e.paused || begun.Sub(last) < tick+e.leastAge {
		return 0
	}
	before := e.inTurn()
	for _, m := range e.latched {
		before = max(before, m.Quiet+e.inTurn())
	}
	return before
}

// done says that nothing is left: all flows have been looked at since something
// was last found in one.
func (e *emergency) done(quiet int) bool {
	return e.asking == 0 && quiet >= max(1, e.flows)
}

// first is the flow whose turn it is: where the sweep before left off.
func (e *emergency) first() string {
	for _, m := range e.latched {
		if m.Next != "" {
			return m.Next
		}
	}
	return ""
}

// unlooked is the flow at which the next sweep begins; "" where all have had their
// turn.
func (e *emergency) unlooked() string {
	if all := e.pending(); len(all) > 0 {
		return keyOf(all[0].flow)
	}
	return ""
}
