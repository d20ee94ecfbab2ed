// Package backtest says what a policy would have done to the executions of a recorded
// past, and what would have come of it.
//
//	r, err := backtest.Run(p, flows, backtest.Options{Tick: time.Minute})
//	c := backtest.Compare(r, other)
//
// [Run] judges every execution as if all rules enforced and sweeps came without
// fail, whatever the policy's mode: a policy that only plans is what people backtest.
// Rules don't know of each other, so each is asked by itself for the first moment at
// which it would have stopped the execution, and the earliest counts, or, of those before
// one and the same sweep, the rule that comes first in the file. Where the moment hangs
// on the execution alone it is solved for (policy.Due, policy.Unprotected), to the
// nanosecond; where it hangs on what else is live in the flow, or isn't understood,
// sweeps are gone through tick by tick, and what is live is rebuilt from when
// executions started and ended, less those that the policy would have stopped before.
//
// What was stopped and would have Succeeded is a false stop; any other end is a good
// one, and so is none. In doubt nothing is claimed: what hangs on what a history doesn't
// have is undecided, and what flowreaper itself has stopped is censored, since nobody
// knows how that would have ended.
//
// The limits change none of this. Which stops they would have withheld, and when, is
// worked out from the stops afterwards.
//
// The package is pure: no network, no files, no clock of its own.
package backtest
