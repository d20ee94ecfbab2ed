package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
)

// tally is what a simulated day came to, by the emulator's books.
type tally struct {
	scenario
	executions int // that began before its end
	lists      int // ListExecutions calls
	describes  int
	throttled  int
	sweeps     int
	undone     int // sweeps that left something that was due
	failures   string
	stops      int

	floor    float64       // the least ListExecutions calls there can be
	fullLook time.Duration // until every flow had been listed
	longest  time.Duration // between two listings of one flow, or until its first

	late   quantiles // of stops due after the first full look
	beyond quantiles // the same, beyond what StopExecution's own quota makes wait

	missed []string // due 120 s before the end, and running still
	wrong  []string // stopped, and a naive judge would have kept them

	wall time.Duration // how long the simulation took
}

// due120 is how long before the end something must have been due to be missed.
const due120 = 120 * time.Second

func (d *day) result() tally {
	stats := d.wire.Stats()
	r := tally{
		scenario: d.scenario, lists: stats.Calls[cloudflow.OpListExecutions], describes: stats.Calls[cloudflow.OpDescribeExecution],
		throttled: stats.Throttled, stops: len(stats.Stops), sweeps: d.sweeps, undone: d.undone, failures: d.failures(),
		floor: float64(d.flows+d.large) * d.span.Seconds() / d.limit.Seconds(),
	}
	full := d.looks(&r)
	for _, stop := range stats.Stops {
		if !mayBeStopped(stop.Flow) || !stop.At.After(d.due(stop.StartedTime)) {
			r.wrong = append(r.wrong, fmt.Sprintf("%s of %s: started %v, stopped %v", stop.Execution, stop.Flow, stop.StartedTime, stop.At))
		}
	}
	d.findMissed(&r)
	d.lateness(&r, stats.Stops, full)
	return r
}

func (d *day) failures() string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(d.failed)) {
		parts = append(parts, fmt.Sprintf("%d %s", d.failed[code], code))
	}
	if d.undecided > 0 {
		parts = append(parts, fmt.Sprintf("%d undecided", d.undecided))
	}
	return strings.Join(parts, ", ")
}

// looks finds out when every flow had been listed once.
func (d *day) looks(r *tally) (full time.Time) {
	for _, flow := range d.wire.Flows() {
		looks := d.wire.listed[flow.Name]
		if len(looks) == 0 {
			r.longest = d.span
			full = d.end
			continue
		}
		if looks[0].After(full) {
			full = looks[0]
		}
		before := d.begun
		for _, at := range append(slices.Clone(looks), d.end) {
			r.longest = max(r.longest, at.Sub(before))
			before = at
		}
	}
	r.fullLook = full.Sub(d.begun)
	return full
}

func (d *day) findMissed(r *tally) {
	for _, flow := range d.wire.Flows() {
		for e := range d.wire.Executions(flow.Name) {
			r.executions++
			if mayBeStopped(flow.Name) && e.Live() && d.due(e.StartedTime).Before(d.end.Add(-due120)) {
				r.missed = append(r.missed, fmt.Sprintf("%s of %s: started %v", e.Name, flow.Name, e.StartedTime))
			}
		}
	}
}

// lateness is the time from startedTime + limit until StopExecution was
// accepted. Some of it is not the looking's fault: StopExecution itself may be
// called only so often. What goes beyond is measured against a stopper that
// knows every due time beforehand and is bound by nothing but that quota.
func (d *day) lateness(r *tally, stops []emulator.Stop, full time.Time) {
	slices.SortFunc(stops, func(a, b emulator.Stop) int { return d.due(a.StartedTime).Compare(d.due(b.StartedTime)) })
	ideal := &queue{at: d.begun}
	var late, beyond []time.Duration
	for _, stop := range stops {
		due := d.due(stop.StartedTime)
		best := ideal.pass(due)
		if due.Before(full) {
			continue
		}
		late = append(late, stop.At.Sub(due))
		beyond = append(beyond, max(0, stop.At.Sub(best)))
	}
	r.late, r.beyond = quantilesOf(late), quantilesOf(beyond)
}

// queue is a token bucket with the rate that the client keeps to, full at the
// start, through which stops pass in the order of their due times.
type queue struct {
	at    time.Time
	spent float64 // tokens missing from a full bucket
}

func (q *queue) pass(due time.Time) time.Time {
	rate := cloudflow.DefaultRates()[cloudflow.OpStopExecution]
	if due.After(q.at) {
		q.spent = max(0, q.spent-due.Sub(q.at).Seconds()*rate.PerSecond)
		q.at = due
	}
	q.spent++
	if short := q.spent - float64(rate.Burst); short > 0 {
		q.at = q.at.Add(time.Duration(short / rate.PerSecond * float64(time.Second)))
		q.spent = float64(rate.Burst)
	}
	return q.at
}

type quantiles struct {
	count          int
	p50, p99, most time.Duration
}

func quantilesOf(all []time.Duration) quantiles {
	if len(all) == 0 {
		return quantiles{}
	}
	slices.Sort(all)
	return quantiles{len(all), all[len(all)/2], all[len(all)*99/100], all[len(all)-1]}
}

func (q quantiles) String() string {
	round := func(d time.Duration) int { return int(d.Round(time.Second).Seconds()) }
	return fmt.Sprintf("%d/%d/%d", round(q.p50), round(q.p99), round(q.most))
}

func (r tally) ratio() float64 { return float64(r.lists) / r.floor }

// mostTicks is how many ticks a first look at every flow may take: 98 calls fit
// into one.
func (r tally) mostTicks() time.Duration {
	return time.Duration((r.flows+r.large+97)/98) * tick
}

// check holds a result against what the design promises.
func (r tally) check(t *testing.T) {
	t.Helper()
	for _, wrong := range r.wrong {
		t.Errorf("stopped against the judge: %s", wrong)
	}
	if r.throttled > 0 {
		t.Errorf("%d calls were throttled", r.throttled)
	}
	if r.stops == 0 {
		t.Error("nothing was stopped, so nothing was tested")
	}
	if r.naive {
		return // it is there to be compared with
	}
	if r.failures != "" {
		t.Errorf("sweeps failed: %s", r.failures)
	}
	if r.fullLook > r.mostTicks() {
		t.Errorf("the first look at every flow took %v, want at most %v", r.fullLook, r.mostTicks())
	}
	if r.restart > 0 && !r.file {
		return // all it promises is that each flow gets its turn
	}
	for _, missed := range r.missed {
		t.Errorf("still running: %s", missed)
	}
	if most := 75 * time.Second; r.beyond.p99 > most {
		t.Errorf("late beyond StopExecution's queue: p99 %v, want at most %v", r.beyond.p99, most)
	}
	if most := r.mostLists(); r.lists > most {
		t.Errorf("ListExecutions was called %d times, %.3f × the floor; want at most %d", r.lists, r.ratio(), most)
	}
}

// mostLists is how often ListExecutions may be called. Beside few other flows
// the many pages of a large one weigh more: one a minute, and a hundred until
// it is known where to cut its listing.
func (r tally) mostLists() int {
	switch {
	case r.large == 0:
		return int(1.02 * r.floor)
	case r.flows < 2000:
		return int(1.02*r.floor + float64(r.large)*(r.span.Minutes()+100))
	}
	return int(1.15 * r.floor)
}
