// Package stops has what is condemned on its way to StopExecution, and is the only
// place that can stop: the Stopper is a private field of its gate.
//
// It plans the stops, as package watch plans the looks; only [Stop.Send] and
// [Stop.Verify] call out, off the sweep's loop. A sweep tells it what it has found ([Stops.Take]), opens the gate once it has seen
// enough ([Stops.Open]), and asks it what is [Stops.Next]: to fetch facts anew, since
// nothing is stopped on what was asked for by an earlier sweep or more than a minute
// ago, or to try a stop. In the end it leaves the rest to the next sweep
// ([Stops.Leave]).
//
//	gate.go       lets pass, or refuses; holds the Stopper
//	condemned.go  what is condemned, and where on its way it is
//	line.go       who stands where, in which order
//	limits.go     lets in what waits, once the limits allow all that is known
//	turn.go       whose turn it is, and the ledger's count
//	fresh.go      whether the facts are fresh, and what is to be fetched
//	try.go        tries a stop, and verifies it
//
// Everything else happens in the sweep's loop. An execution first waits for the gate,
// which opens for all at once; then for its turn; then it is among the next, which the
// ledger counts together; then it is tried, and stands here no more.
package stops
