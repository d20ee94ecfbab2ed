// Package policy is the language that flowreaper stops executions by: a YAML
// file of rules, compiled once, judged often.
//
// [Parse] turns the text of a policy file into a [Policy], or into [Errors]
// that name every mistake at once, each with its place. [Policy.Judge] takes
// what is known of one execution, as [Facts], and says whether a rule condemns
// it, why, and what could not be decided; the example parses and judges.
//
// A sweep narrows the policy step by step, so that it asks no more of the API
// than it must. [Policy.Scope] evaluates what needs only the event, [Scope.Flow]
// what needs only the flow, and [FlowScope.Query] says what is left to ask. What
// is answered Policy.Judge judges, and says in [Verdict].Needs what to fetch
// before it can tell.
//
// [Policy.Due] says when a rule could condemn an execution, at the earliest,
// [Verdict.Stays] that one stays condemned however the time goes on, and
// [Policy.Explain] shows every condition with the values that it saw.
//
// # How it works
//
// A rule is a list of conjuncts: the parts of its when, split at the top-level
// ANDs, and what its other keys mean. Each knows what it reads. Any that is
// false keeps an execution; else any that fails leaves the rule undecided; else
// the rule condemns. So their order cannot matter, and any that is false of a
// flow saves asking for its executions.
//
// In doubt nothing is stopped: what was not fetched, isn't known, overflows or
// takes too long is an error of the condition, never a guess; and protect
// protects where it can't be decided whether it does.
//
// The package is pure: no network, no files, no clock of its own. A Policy is
// immutable and safe for concurrent use.
package policy
