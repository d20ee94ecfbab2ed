package emergency

import (
	"cmp"
	"slices"

	"github.com/flowreaper/flowreaper/internal/judge"
)

// queue gives a scan its place: flows take turns by their keys, beginning where
// the sweep before left off.
func (e *Emergency) queue(v *Scan) {
	i, _ := slices.BinarySearchFunc(e.scans, v, func(a, b *Scan) int {
		return cmp.Or(e.turns(judge.FlowKey(a.flow), judge.FlowKey(b.flow)), -1) // of one flow the one that came first
	})
	e.scans = slices.Insert(e.scans, i, v)
}

// turns compares two flows by their turns.
func (e *Emergency) turns(a, b string) int {
	first := e.first()
	if laterA, laterB := a < first, b < first; laterA != laterB {
		return count(laterA) - count(laterB)
	}
	return cmp.Compare(a, b)
}

// inTurn counts the flows that have been looked at, up to the first that is still to
// be: what was looked at before its turn is looked at again by the next sweep.
func (e *Emergency) inTurn() int {
	n, next := 0, e.unlooked()
	for flow := range e.looked {
		n += count(next == "" || e.turns(flow, next) < 0)
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// first is the flow whose turn it is: where the sweep before left off.
func (e *Emergency) first() string {
	for _, m := range e.latched {
		if m.Next != "" {
			return m.Next
		}
	}
	return ""
}

// unlooked is the flow at which the next sweep begins; "" where all have had their
// turn. So has one of which a look failed: others come first.
func (e *Emergency) unlooked() string {
	for _, v := range e.pending() {
		if key := judge.FlowKey(v.flow); !e.unread[key] {
			return key
		}
	}
	return ""
}

// next is the first scan that can be gone on with, and may be; nil if there is none.
func (e *Emergency) next(may func(*Scan) bool) *Scan {
	for _, v := range e.pending() {
		if !v.asking && (v.after == nil || v.after.asked) && may(v) {
			return v
		}
	}
	return nil
}

// Next is the next look, or nil; room says whether one can be made now, and wait that one
// is due and can't. What gives way has its turn where last says so; emergencies that have enough for this sweep look no more. They take turns,
// so that one about all flows doesn't hold up another that names its own.
func (f *InForce) Next(last bool, enough func(*Emergency) bool, room func() bool) (l *Look, wait bool) {
	looking := slices.Clone(f.All)
	for len(looking) > 0 {
		e := slices.MinFunc(looking, func(a, b *Emergency) int { return cmp.Compare(a.looks, b.looks) })
		v := e.next(func(v *Scan) bool { return last || !f.givesWay(v) })
		if v == nil || enough(e) {
			looking = slices.DeleteFunc(looking, func(other *Emergency) bool { return other == e })
			continue
		}
		if !room() {
			return nil, true
		}
		return e.begin(v), false
	}
	return nil, false
}

// LookAgain has looked once more at what was read while its pages may have shifted, now
// that they don't by our doing.
func (f *InForce) LookAgain() {
	for _, e := range f.All {
		for _, v := range e.shifted {
			e.queue(v)
		}
		e.shifted = nil
	}
}

// KnowsLeft says that its stops have been counted once, so that people know how long they
// take, and may be tried as they are found.
func (e *Emergency) KnowsLeft() bool { return e.Streams && e.leftBefore() > 0 }

// Open are those that it condemns, and that are not known to have ended.
func (e *Emergency) Open() map[judge.Key]bool { return e.open }

// A list that has no end, or whose end no sweep gets to, would be the first to be
// read in every sweep for as long as an event that is about it is in force, and
// nothing else would ever be looked at. So what an event's looks began and did not
// get to the end of, though half of the quota went there, gives way in the next
// sweep: to what else the event is about, and to the looks that are due on a timer.
// In the one after that it has its turn again.

// givesWay says that others are looked at before this scan's flow.
func (f *InForce) givesWay(v *Scan) bool { return f.GivingWay[judge.FlowKey(v.flow)] }

// GiveWay are the flows, by key, that give way in the next sweep, when there was a quota
// of so many listings in this one.
func (f *InForce) GiveWay(quota float64) map[string]bool {
	begun, pages := map[string]bool{}, 0
	for _, e := range f.All {
		for _, v := range e.pending() {
			if v.read > 0 && !f.givesWay(v) {
				begun[judge.FlowKey(v.flow)] = true
				pages += v.read
			}
		}
	}
	if 2*float64(pages) < quota {
		return nil
	}
	return begun
}
