// Package sweep is the engine: it calls out, and hands what came to those who plan.
//
// [Run] does one sweep. It is a loop that takes from each planner what is next, as the
// quota allows, starts it, and hands the answer back: looks at flows and checks of single
// executions from package watch, looks for events in force from package emergency, facts
// to fetch and stops to try from package stops. What comes is judged by package judge. It
// ends when nothing is due, or when its time is over; what is left by then is the next
// sweep's. [Plan] does the same once, with a stopper that only records.
//
//	sweep.go             begins, and says what went wrong
//	loop.go              hands out work, takes in results
//	flows.go, same.go    which flows there are
//	ask.go, names.go     what is asked of each; which names none has
//	look.go              lists and describes for the watch
//	together.go          … and judges at once what rules count together
//	events.go            … and for the events in force
//	stop.go              opens the gate; fetches facts, sends stops, has them verified
//	finish.go, drift.go  the report
//	memory.go            what sweeps leave each other
//
// What calls out runs in goroutines of its own and touches nothing of the
// sweep's; everything else happens in the one goroutine that called Run.
//
// Every sweep yields a [result.Report], also one that failed; its error, if any, is a
// [*result.Error] whose [result.Code] names what failed. In doubt nothing is stopped, and the
// report says so: a listing that failed, even on its last page, is no reason to
// stop, to keep or to count, and a clock that is off stops nothing.
//
// What has happened ([Options].Events) is judged by the rules on events. It goes
// first, and stays in force for as long as they say: sweeps that share a Memory, or
// its file, go on with it, one at a time; only a list to whose end a sweep didn't get
// gives way to others, every other sweep. Rules that no limit holds back stop what
// the first page shows, without counting what else there is; all others wait for
// the limits like the rest.
//
// A [Memory] is what sweeps leave each other: what runs, when to look again,
// and the ledger of stops tried. The limits are about all that is known to be
// condemned, whether this sweep has looked at it again or not; so the gate
// opens only when what could be seen has been seen. Nothing is stopped on what
// was asked for by an earlier sweep, or more than a minute ago: it is read and
// judged anew at its turn.
package sweep
