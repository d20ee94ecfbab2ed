package report

import (
	"strings"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Unmatched warns of a glob that names no flow of the account: a fence that is
// none, perhaps.
func Unmatched(u policy.Unmatched) string { return "Warning: " + Plain(u.String()) }

func unmatched(r *result.Report) string {
	var lines []string
	for _, u := range r.Unmatched {
		lines = append(lines, Unmatched(u))
	}
	return strings.Join(lines, "\n")
}
