package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Fingerprint tells apart what different policies ask about the flow, at any
// time and on any event: it stays as long as the conditions do of all rules
// that could ever concern the flow, and the prices that they read. So what is
// known of the flow's executions, and when they are due, outlives an edit of
// other flows' rules, of limits, protect, modes and texts.
func (f *FlowScope) Fingerprint() string {
	p := f.scope.policy
	sum := sha256.New()
	for _, r := range p.Rules {
		if !r.couldConcern(f.flow) {
			continue
		}
		fmt.Fprintln(sum, r.identity)
		if r.reads.Has(executionCost) && p.Pricing != nil {
			price, priced := p.Pricing.PerMinute(f.flow.Name)
			fmt.Fprintln(sum, price, priced, p.Pricing.PerTransition)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// couldConcern says that no condition on what stays as it is rules the flow out.
func (r *Rule) couldConcern(flow *Flow) bool {
	j := &judgement{facts: Facts{Flow: flow}}
	for _, c := range r.ordered {
		if c.reads()&^(flowFacts|expression.SetOf(flowName)) != 0 {
			continue
		}
		if holds, err := c.holds(j); err == nil && !holds {
			return false
		}
	}
	return true
}

// identify sets what Fingerprint needs, once the conditions are read.
func (r *Rule) identify() {
	var text strings.Builder
	if r.WarnBefore > 0 {
		fmt.Fprintln(&text, "warns", r.WarnBefore)
	}
	for _, c := range r.conjuncts {
		r.reads |= c.reads()
		switch c := c.(type) {
		case *concurrency:
			fmt.Fprintf(&text, "%v, children %t\n", c, c.mapChildren)
		case *countBy:
			fmt.Fprintf(&text, "%v, children %t, by %s\n", c, c.mapChildren, c.key.identity())
		case *condition:
			fmt.Fprintln(&text, c.expression.Identity())
		case *endBy:
			fmt.Fprintln(&text, c, c.days.listed())
		case windows:
			fmt.Fprintln(&text, c.identity())
		default:
			fmt.Fprintln(&text, c)
		}
	}
	sum := sha256.Sum256([]byte(text.String()))
	r.identity = hex.EncodeToString(sum[:])
}
