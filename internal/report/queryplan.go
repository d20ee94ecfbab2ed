package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// QueryPlan writes, for people, what the policy of that name asks of the API.
func QueryPlan(w io.Writer, plan policy.QueryPlan, name string, style Style) error {
	var rows [][]string
	for _, r := range plan.Rules {
		asked, judged, calls := r.Lines()
		rows = append(rows, []string{r.Rule, asked, calls, judged})
	}
	_, err := fmt.Fprintf(w, "%s\n\n%s\n\n%s\n%s\n", listFlows(plan, name),
		style.Lines([]string{"rule", "asked of ListExecutions", "calls", "judged here"}, rows), looks(plan), plan.Demand)
	return err
}

// listFlows says how the flows are found.
func listFlows(plan policy.QueryPlan, name string) string {
	if plan.ListFlows == 0 {
		return fmt.Sprintf("Policy %s: no ListFlows, since the rules name their flows: %s.", Plain(name), Plain(strings.Join(plan.FlowNames, ", ")))
	}
	return fmt.Sprintf("Policy %s: ListFlows, %s for %s, at least hourly.", Plain(name), plain.Count(plan.ListFlows, "call"), plain.Count(plan.Flows, "flow"))
}

// looks says what it costs to look at everything once, as plan and apply do.
func looks(plan policy.QueryPlan) string {
	return fmt.Sprintf("What several rules ask about a flow is asked once, for all of them; in parts, by StartedTimeBegin and StartedTimeEnd, where a page doesn't hold the answer.\n"+
		"A look at everything is %s, a page a flow, and takes about %s within the quota.", plain.Count(plan.Look, "ListExecutions call"), plan.LookTime())
}
