package sweep

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy"
)

// Operations returns the operations of CloudFlow's that sweeps by the policy can
// call, whatever sets them off and whenever, in the order in which a sweep
// does. mode softens the policy's when it is plan. Whoever may not call one of
// them has sweeps that fail; no other is ever called.
func Operations(p *policy.Policy, mode policy.Mode) []string {
	enforced := slices.ContainsFunc(p.Rules, func(r *policy.Rule) bool {
		return r.Mode.Softer(mode) == policy.ModeEnforce
	})
	calls := map[string]bool{
		"ListExecutions": true,
		// What falls due between two looks at its flow is asked about by itself,
		// whatever the mode; and so is what was stopped.
		"DescribeExecution": true,
		"StopExecution":     enforced,
	}
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
	inOrder := []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution", "GetExecutionHistory", "StopExecution"}
	return slices.DeleteFunc(inOrder, func(o string) bool { return !calls[o] })
}

// RAMPolicy is the RAM policy, by RAM's names, that allows these operations and no other.
func RAMPolicy(p *policy.Policy, mode policy.Mode) any {
	var actions []string
	for _, operation := range Operations(p, mode) {
		actions = append(actions, "fnf:"+operation)
	}
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	return struct {
		Version   string
		Statement []statement
	}{"1", []statement{{"Allow", actions, "*"}}}
}
