// Package sweep is the engine: it finds out what runs, judges it by a policy,
// and stops what a rule condemns.
//
// [Run] does one sweep. It is a loop that hands out work as the quota allows:
// looks at flows and checks of single executions, as package watch has them,
// and stops, as soon as the gate opens. It ends when nothing is due, or when
// its time is over; what is left by then is the next sweep's. [Plan] does the
// same once, with a stopper that only records.
//
//	loop.go, fault.go     hands out work, takes in results; a mistake of ours fails one
//	flows.go              which flows there are, and what is asked of each
//	look.go, judge.go     list and describe; judge what comes
//	emergency.go          events in force, and what is found of them
//	find.go, survey.go    their flows, and the looks at each
//	way.go                which of them give way to others
//	latch.go              what the state file says of them
//	stopping.go           what is condemned, on its way through the gate
//	withhold.go           lets it in once the limits allow all of it
//	turn.go, fresh.go     its turn: the order, fresh facts, the count
//	gate.go               lets pass, or refuses; the only place that stops
//	stop.go               tries a stop and verifies it
//	book.go, finish.go    the report
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
