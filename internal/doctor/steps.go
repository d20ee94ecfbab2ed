package doctor

import (
	"fmt"
	"strings"
)

// Steps says, for people and before anything is called, what Run will call.
func Steps(o Options) []string {
	steps := []string{"read only: one call of ListFlows"}
	if o.Policy != nil {
		steps = append(steps, "--policy: list all flows, a call of ListFlows for every 100 of them, to see which names in the policy are no flow's")
	}
	if o.Canary {
		steps = append(steps, fmt.Sprintf(
			"--canary: create two flows named %s…, which only wait; start an execution of each; list, describe and stop these; delete the flows. No other flow is touched. It takes about half a minute, and up to ten where lists lag",
			canaryPrefix))
	}
	if o.Burst {
		steps = append(steps, fmt.Sprintf("--burst: look into at most %d flows for an execution; call %s, faster than the quotas allow: whatever else calls CloudFlow with this account may be throttled meanwhile",
			searchedFlows, strings.Join(burstCalls(o), ", ")))
	}
	return steps
}

func burstCalls(o Options) []string {
	var calls []string
	for _, b := range allBuckets("", "") {
		calls = append(calls, fmt.Sprintf("%s up to %d times", b.operation, b.mostCalls()))
	}
	if o.Other != "" {
		calls = append(calls, fmt.Sprintf("ListFlows of %s %d times", o.Other, admits))
	}
	return calls
}
