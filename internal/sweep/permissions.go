package sweep

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy"
)

// Operations returns the operations of CloudFlow's that sweeps by the policy can
// call, whatever sets them off and whenever. mode softens the policy's when it
// is plan. Whoever may not call one of them has sweeps that fail; no other is
// ever called.
func Operations(p *policy.Policy, mode policy.Mode) []string {
	enforced := slices.ContainsFunc(p.Rules, func(r *policy.Rule) bool {
		return r.Mode.Softer(mode) == policy.ModeEnforce
	})
	if enforced {
		// DescribeExecution says whether a stop took effect.
		return []string{"ListFlows", "ListExecutions", "DescribeExecution", "StopExecution"}
	}
	return []string{"ListFlows", "ListExecutions"}
}
