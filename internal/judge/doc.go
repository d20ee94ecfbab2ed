// Package judge judges one execution at one moment: it reads the facts that a verdict
// hangs on, tells what they say in the words of rules, and asks the policy.
//
// A [Basis] is what is judged by: a policy, under what has happened. A [Judge] makes a
// [Finding] of an execution: the verdict, the moment, the facts and when they were
// asked for. An [Inquiry] is one piece of work off a sweep's loop: it lists, describes
// and judges, fetches what rows of listings left out, and keeps what it could not
// read. It reports nothing, and touches nothing but itself.
//
// The [Clock] is ours, corrected by CloudFlow's. adapt.go alone turns what the API
// answers into what rules see.
package judge
