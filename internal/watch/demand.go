package watch

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// usable is the share of the quota that sweeps can use: on a timer they rest
// some seconds of every minute.
const usable = 0.9

// Demand is how much of the ListExecutions quota the looks need in the long
// run, known before a single one is late.
type Demand struct {
	PerSecond float64
	OfQuota   float64

	// Late is by how much looks, and with them stops, fall behind when more than
	// nine tenths of the quota are needed; 0 while they aren't. The tick comes
	// on top.
	Late time.Duration
}

// Tight says that more is needed than sweeps can use: stops come late.
func (d Demand) Tight() bool { return d.OfQuota > usable }

// String says it to people.
func (d Demand) String() string {
	s := fmt.Sprintf("looks need %.2f ListExecutions calls a second, %.0f%% of the quota", d.PerSecond, 100*d.OfQuota)
	if d.Late > 0 {
		s += fmt.Sprintf(": stops may come %s late", duration.Rough(d.Late))
	}
	return s
}

// load is what one flow's looks need: so many pages every so often.
type load struct {
	every time.Duration
	pages int
}

func (l load) perSecond(late time.Duration) float64 {
	return float64(l.pages) / (l.every + late).Seconds()
}

func (w *Watch) loadOf(f *flow) load {
	if w.onceASweep(f) {
		return load{w.options.Tick, f.pages}
	}
	reach := f.wide
	if f.looked != 0 {
		reach = f.reach
	}
	return load{max(reach-margin(f.LeastAge), w.options.Tick), f.pages}
}

func (w *Watch) countLoad(f *flow) {
	w.uncountLoad(f)
	f.demand = w.loadOf(f)
	w.load[f.demand]++
}

func (w *Watch) uncountLoad(f *flow) {
	if f.demand == (load{}) {
		return
	}
	if w.load[f.demand]--; w.load[f.demand] == 0 {
		delete(w.load, f.demand)
	}
	f.demand = load{}
}

// Demand adds up what the flows need. Flows are counted by how often they are
// looked at, so this doesn't go through all of them.
func (w *Watch) Demand() Demand {
	need := w.perSecond(0)
	d := Demand{PerSecond: need, OfQuota: need / w.options.ListRate}
	if d.Tight() {
		d.Late = w.lateness()
	}
	return d
}

func (w *Watch) perSecond(late time.Duration) float64 {
	var sum float64
	for l, flows := range w.load {
		sum += float64(flows) * l.perSecond(late)
	}
	return sum
}

// lateness solves for the delay of every look at which the quota suffices: the
// most overdue look goes first, so in the long run all are equally late.
func (w *Watch) lateness() time.Duration {
	low, high := time.Duration(0), time.Minute
	for w.perSecond(high) > usable*w.options.ListRate {
		high *= 2
	}
	for high-low > 10*time.Millisecond {
		if mid := (low + high) / 2; w.perSecond(mid) > usable*w.options.ListRate {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
