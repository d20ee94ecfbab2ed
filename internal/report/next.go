package report

import (
	"context"
	"errors"
	"strings"

	"github.com/flowreaper/flowreaper/internal/result"
)

// NextStep is, for a person at a terminal, what to do when not even the flows could be listed, unless the
// failure itself says so.
func NextStep(r *result.Report, failure error) string {
	var s *result.Error
	switch {
	case errors.As(failure, &s) && s.Code == result.CodeUnmatched:
		return "\nCorrect it, or, if it is meant so, add --allow-unmatched"
	case errors.Is(failure, context.DeadlineExceeded):
		return "\nGive it more time with --timeout, or less to do with --flow"
	case strings.Contains(failure.Error(), "; next: "): // it has been said
	case errors.As(failure, &s) && s.Code == result.CodeSweep && r.Flows.Seen == 0:
		return "\nCheck the endpoint and the region, and that this machine reaches them"
	}
	return ""
}
