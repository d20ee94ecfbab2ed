// Package sweep is the engine: it lists what runs, judges it by a policy, and
// stops what a rule condemns.
//
// [Run] does one sweep, left to right:
//
//	flows → those the policy concerns → their executions → verdicts
//	→ the gate → stops, the longest running first → verified → report
//
// [Plan] does the same with a stopper that only records.
//
// Every sweep yields a [Report], also one that failed; its error, if any, is an
// [*Error] whose [Code] names what failed. In doubt nothing is stopped, and the
// report says so: a listing that failed, even on its last page, is no reason to
// stop, to keep or to count, and a clock that is off stops nothing.
//
// One place calls [Stopper]: the gate (gate.go). It alone holds the stopper,
// and lets pass only what the policy's mode, its protection and its limits
// allow. The [Ledger] remembers what was tried; sweeps that share one share
// their limits.
package sweep
