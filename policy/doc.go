// Package policy is the language that flowreaper stops executions by: a YAML
// file of rules, compiled once, judged often.
//
// [Parse] turns the text of a policy file into a [Policy], or into [Errors]
// that name every mistake at once, each with its place. [Policy.Judge] takes
// what is known of one execution, as [Facts], and says whether a rule condemns
// it, why, and what could not be decided:
//
//	p, err := policy.Parse("policy.yaml", text)
//	if err != nil { … }                        // policy.Errors: file:line:column, line, caret
//	v := p.Judge(&policy.Facts{Now: now, Event: &event, Flow: &flow, Execution: &execution})
//	switch v.Decision {
//	case policy.Stop:    … v.Rule, v.Mode, v.Reason(), p.Cause(v, runID)
//	case policy.Protected:
//	case policy.Keep:
//	}
//
// The package is pure: no network, no files, no clock of its own. A Policy is
// immutable and safe for concurrent use.
package policy
