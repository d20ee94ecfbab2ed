// Package judge judges executions, each at one moment; where rules count what is live in
// a flow, all of it at once. It reads the facts that a verdict
// hangs on, tells what they say in the words of rules, and asks the policy.
//
// A [Basis] is what is judged by: a policy, under what has happened. A [Judge] makes a
// [Finding] of an execution: the verdict, the moment, the facts and when they were
// asked for. An [Inquiry] is one piece of work off a sweep's loop: it lists, describes
// and judges, fetches what rows of listings left out, and keeps what it could not
// read. It reports nothing, and shares with others only the flows that were described
// (whole.go).
//
// The [Clock] is ours, corrected by CloudFlow's. adapt.go alone turns what the API
// answers into what rules see.
package judge
