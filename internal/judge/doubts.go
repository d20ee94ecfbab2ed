package judge

import (
	"fmt"

	"github.com/flowreaper/flowreaper/internal/result"
)

// Doubts tells the report of rules that could not be evaluated, and of a status that
// isn't documented. That may be a live one, so what has it is kept in mind; and no rule
// condemns it, in silence.
func (f Finding) Doubts(report *result.Collector) {
	for _, u := range f.Verdict.Undecided {
		report.Undecided(result.Undecided{Flow: f.Flow.Name, Execution: f.Execution.Name, Rule: u.Rule, Error: u.Err.Error()})
	}
	switch status := f.Execution.Status; status {
	case "Running", "Starting":
	case "":
		report.Note("NoStatus", fmt.Sprintf("the execution %s of %s came without a status: no rule condemns it", f.Execution.Name, f.Flow.Name))
	default:
		report.Note("UnknownStatus", fmt.Sprintf("the execution %s of %s came with the status %.40q, which is not documented: no rule condemns it", f.Execution.Name, f.Flow.Name, status))
	}
}
