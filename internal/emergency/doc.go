// Package emergency is the events in force in a sweep, and what is left to look at for
// each. It is a planner, like package watch: it calls nothing, and has no clock but the
// one handed in.
//
// [Raise] puts events in force for the rules that accept them, and takes up those that
// the state file keeps: they are latched there, for as long as the rules say. An [Emergency] is told of flows
// ([Emergency.Concern]), says what to look at next ([InForce.Next]), and is told what
// came of it. It remembers what it found, so that the file can say what is left, and
// where the next sweep begins.
//
//	emergency.go  one event, and what is known of what it is about
//	inforce.go    all of them: accepted, resumed, latched in the file
//	scan.go       the looks at one flow, cut by started time
//	turns.go      whose flow's turn it is, and which give way to others
package emergency
