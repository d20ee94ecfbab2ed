package show

import (
	"fmt"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Shortfall says the first of what could not be read: CSV has no place for it.
func Shortfall(r *audit.Result) error {
	err := fmt.Errorf("done in part: not all could be read: flow %s: %s", plain.Text(r.Incomplete[0].Flow), plain.Text(r.Incomplete[0].Reason))
	if more := len(r.Incomplete) - 1; more > 0 {
		err = fmt.Errorf("%w; and %s more, which -o json and the table have", err, plain.Number(more))
	}
	return err
}

// NoFlow says why there was no flow to read.
func NoFlow(r *audit.Result) string {
	switch {
	case len(r.NotCovered) > 0:
		return "there are Express flows alone, whose executions end within five minutes"
	case len(r.Unmatched) == 0:
		return "this account and region has no flow\nCheck --region"
	}
	return "no flow matches --flow\nCheck the name, which is case-sensitive, --region, and that globs are quoted"
}
