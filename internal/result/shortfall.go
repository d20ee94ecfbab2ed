package result

import (
	"fmt"
	"strings"
)

// Shortfall is what a sweep that didn't fail left undone; nil if nothing.
func (r *Report) Shortfall() error {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	counts := map[Outcome]int{}
	for _, d := range r.Decisions { // these come first: none of them is omitted
		counts[d.Outcome]++
	}
	add(len(r.Incomplete), "not looked at")
	add(len(r.Undecided), "undecided")
	add(counts[Failed], "failed")
	add(counts[StillRunning], "still running")
	add(counts[NotTried], "not tried")
	add(counts[NotWarned], "not warned of")
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("done in part: %s; see the report", strings.Join(parts, ", "))
}
