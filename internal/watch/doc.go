// Package watch knows which executions run, and when to look again.
//
// CloudFlow lists the executions of one flow at a time, two calls a second an
// account. So nothing is looked at before a rule could condemn something in
// it: an execution that started after a look cannot be older than two hours
// until two hours later. A [Watch] remembers what each look found and says
// what to ask next. It asks nothing itself: it has no network and no clock,
// and every time is handed in.
//
// A sweep is one loop:
//
//	w.Begin(now)
//	if w.FlowsDue(now) {
//		w.SetFlows(flows, leastAge, now) // from ListFlows
//	}
//	for {
//		task := w.Next(now, tokens) // one task at a time; several may be under way
//		switch {
//		case task.Look != nil:  // list it, then Looked, TooMany or LookFailed
//		case task.Check != nil: // describe it, then Checked, Ended or CheckFailed
//		case task.Wait:         // something is due: wait for tokens, ask again
//		default:                // nothing is due: the sweep is over
//		}
//	}
//
// Every answer to a look is a list of [Execution] values with their due times:
// the earliest moment at which some rule could condemn them. The caller judges
// them; a Watch only schedules.
//
// Three facts a flow make the schedule. When it was looked at (looked), how
// far that look reaches (reach: whatever becomes due before looked + reach was
// in the answer), and which executions of the answer still run (known). They
// are facts, so they can be saved, loaded, and merged with another process's:
// what is older only costs calls. [File] keeps them, together with the ledger
// of stops, the latched emergencies and the levels of the token buckets.
//
// Two executions escape every look, and are found by the next one: one that
// was still Starting, and one that the service did not list yet. A third is
// one that slipped from one page to another while an answer of several pages
// was read; looks are therefore kept to one page wherever a page can hold them.
package watch
