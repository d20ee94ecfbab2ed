package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// keepLatched has the state file say that this sweep works on its emergencies,
// often enough that no other takes them for abandoned: first before anything is
// stopped, so that a kill leaves the next sweep something to go on with.
func (s *sweep) keepLatched() {
	now := s.now()
	if !s.latches() || now.Before(s.latchedAt.Add(watch.Lease/3)) {
		return
	}
	s.latchedAt = now
	s.touch(func(e *emergency, m *watch.Emergency) {
		m.Worker = s.RunID
		if e.whole() || e.counted() > 0 {
			m.Left = e.left()
		}
	})
	if off, ok := s.clock.check(); !ok && off.known {
		return
	}
	// What can't be saved is stopped all the same: an emergency doesn't wait. The
	// sweep fails, so that the event is delivered again.
	if err := s.memory.save(now); err != nil {
		s.unlatched = true
		s.fail(result.CodeSweep, err)
	}
}

// release leaves the emergencies to the next sweep, but for those of which
// nothing is left.
func (s *sweep) release() {
	if !s.latches() {
		return
	}
	begun := s.clock.corrected(s.started)
	s.touch(func(e *emergency, m *watch.Emergency) {
		m.Worker, m.Left, m.Next, m.Quiet = "", e.left(), e.unlooked(), e.quiet(begun, s.memory.tick)
	})
	for _, e := range s.inForce {
		if !e.done(e.quiet(begun, s.memory.tick)) {
			continue
		}
		for _, m := range e.latched {
			s.watch.Emergencies.Finish(m.ID)
		}
	}
}

// leftAfter is how many stops this sweep leaves: those of emergencies, as far as
// they have been counted, and its own.
func (s *sweep) leftAfter() int {
	left := s.leftOfEvents()
	for _, c := range slices.Concat(slices.Collect(maps.Values(s.waiting)), s.queue, s.counted) {
		if c.by.emergency == nil {
			left++
		}
	}
	return left
}

// leftOfEvents counts what several events about the same flows condemn once: what
// is known by its name or, if that is more, what was counted before, or by others.
func (s *sweep) leftOfEvents() int {
	open, counted := map[string]map[key]bool{}, map[string]int{}
	for _, e := range s.inForce {
		if open[e.least] == nil {
			open[e.least] = map[key]bool{}
		}
		maps.Copy(open[e.least], e.open)
		counted[e.least] = max(counted[e.least], e.left())
	}
	for _, m := range s.others {
		counted[m.About] = max(counted[m.About], m.Left)
	}
	left := 0
	for least, n := range counted {
		left += max(n, len(open[least]))
	}
	return left
}

// errGoesOn is why a sweep doesn't look at all that an event is about.
var errGoesOn = errors.New("more stops are known than this sweep has time for; the next one goes on")

// tellEmergencies reports what the sweep knows of the events in force.
func (s *sweep) tellEmergencies() {
	for _, e := range s.inForce {
		why := errGoesOn
		if s.ctx.Err() != nil {
			why = timeIsOver(s.ctx)
		}
		for _, flow := range e.pendingFlows() {
			s.incomplete(flow, why)
		}
	}
	if s.latches() || len(s.others) > 0 {
		resumable := s.memory.file != nil && !s.unlatched
		s.report.Resumable = &resumable
	}
}

// findOthers finds the emergencies that other runs work on, or have put in force
// since this one began. They are not over, whatever it has seen itself.
func (s *sweep) findOthers() {
	if s.memory.once {
		return
	}
	ours := map[string]bool{}
	for _, e := range s.inForce {
		for _, m := range e.latched {
			ours[m.ID] = true
		}
	}
	s.memory.refresh(s.now())
	s.others = slices.DeleteFunc(s.watch.Emergencies.Active(s.now()), func(m watch.Emergency) bool {
		rule := s.eventRule(m.Rule)
		return ours[m.ID] || rule == nil || !s.goesOn(m, rule)
	})
}

// tellOthers reports that nothing is known of what others work on.
func (s *sweep) tellOthers() {
	rules := map[string]bool{}
	for _, m := range s.others {
		rules[m.Rule] = true
	}
	if names := slices.Sorted(maps.Keys(rules)); len(names) > 0 {
		s.incomplete(everyFlow, fmt.Errorf("an event is in force for %s, and it is not this sweep that works on it", strings.Join(names, ", ")))
	}
}

// latches says whether the sweep works on an event that stays in force.
func (s *sweep) latches() bool {
	for _, e := range s.inForce {
		if len(e.latched) > 0 {
			return true
		}
	}
	return false
}

func (s *sweep) touch(change func(*emergency, *watch.Emergency)) {
	now := s.now()
	for _, e := range s.inForce {
		for i := range e.latched {
			m := e.latched[i] // a copy: counted() goes by what was before
			m.About = cmp.Or(e.least, m.About)
			change(e, &m)
			m.Touched = later(now, m.Touched)
			e.latched[i].Touched = m.Touched // the next is later, within a millisecond too
			s.watch.Emergencies.Latch(m)
		}
	}
}

// later is the time, but after one that was before: of two the later counts.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Millisecond)
}
