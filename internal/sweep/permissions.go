package sweep

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy"
)

// Operations returns the operations of CloudFlow's that sweeps by the policies can
// call, whatever sets them off and whenever, in the order in which a sweep
// does. mode softens the policies' when it is plan. Whoever may not call one of
// them has sweeps that fail; no other is ever called.
func Operations(mode policy.Mode, policies ...*policy.Policy) []string {
	calls := map[string]bool{}
	for _, p := range policies {
		addCalls(calls, p, mode)
	}
	inOrder := []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution", "GetExecutionHistory", "StopExecution"}
	return slices.DeleteFunc(inOrder, func(o string) bool { return !calls[o] })
}

func addCalls(calls map[string]bool, p *policy.Policy, mode policy.Mode) {
	enforced := slices.ContainsFunc(p.Rules, func(r *policy.Rule) bool {
		return r.Mode.Softer(mode) == policy.ModeEnforce
	})
	calls["ListExecutions"] = true
	// What falls due between two looks at its flow is asked about by itself,
	// whatever the mode; and so is what was stopped.
	calls["DescribeExecution"] = true
	calls["StopExecution"] = calls["StopExecution"] || enforced
	for _, scope := range p.Extent() {
		if _, few := named(scope); few {
			calls["DescribeFlow"] = true
		} else {
			calls["ListFlows"] = true
		}
		// Whether an event does, only the event says.
		calls["DescribeFlow"] = calls["DescribeFlow"] || scope.MayNameFlows()
		// The gate reads the flow anew where the verdict hangs on more of it than
		// its name.
		calls["DescribeFlow"] = calls["DescribeFlow"] || enforced && scope.Needs().Has(policy.NeedFlow)
		calls["GetExecutionHistory"] = calls["GetExecutionHistory"] || scope.Needs().Has(policy.NeedHistory)
	}
}
