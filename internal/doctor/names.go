package doctor

import "context"

// told is how many of the policy's names that are no flow's are told.
const told = 100

// askNames lists all flows, and looks for what the policy names among them.
func (x *examiner) askNames(ctx context.Context) {
	if x.Policy == nil {
		return
	}
	x.Progress("looking for the flows that the policy names")
	var names []string
	for page, err := range x.client.ListFlows(ctx) {
		if err != nil {
			x.note("which names in the policy are no flow's can't be told: not all flows were listed: %s", err)
			return
		}
		for _, f := range page.Items {
			names = append(names, f.Name)
		}
	}
	x.report.Unmatched = x.Policy.Unmatched(names, told)
}
