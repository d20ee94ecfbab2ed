package doctor

import (
	"fmt"
	"strings"
)

// Steps says, for people and before anything is called, what Run will call.
func Steps(o Options) []string {
	steps := []string{
		fmt.Sprintf("read only: at most %d calls of ListFlows, ListExecutions, DescribeFlow and DescribeExecution, within the documented quotas", readCalls(o)),
	}
	if o.Policy != nil {
		steps = append(steps, "--policy: list all flows, a call of ListFlows for every 100 of them, to see which names in the policy are no flow's")
	}
	if o.Canary {
		steps = append(steps, fmt.Sprintf(
			"--canary: create two flows named %s…, which only wait; start %d executions of them; list, describe and stop these; delete the flows. No other flow is touched. It takes about half a minute, and up to ten where lists lag",
			canaryPrefix, canaryRuns+1))
	}
	if o.Burst {
		steps = append(steps, "--burst: call "+strings.Join(burstCalls(o), ", ")+", faster than the quotas allow: whatever else calls CloudFlow with this account may be throttled meanwhile")
	}
	return steps
}

// readCalls is the most that reading calls, retries aside.
func readCalls(o Options) int {
	const bounds = 4
	calls := 1 + sampledFlows + bounds + searchedFlows*halvings(len(ages())) + 2*halvings(len(skews())) + 1
	if o.Earlier != nil {
		calls += 2 * len(spread(o.Earlier.Witnesses, witnesses))
	}
	return calls
}

// halvings is how often a range of n places is halved until one is left.
func halvings(n int) int {
	times := 0
	for ; n > 0; n /= 2 {
		times++
	}
	return times
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
