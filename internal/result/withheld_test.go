package result_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
)

// What is said of a limit is the limit, and what helps.
func TestWithheldInWords(t *testing.T) {
	until := time.Date(2026, 5, 4, 13, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		withheld  result.Withheld
		says, now string
	}{
		{
			result.Withheld{Limit: "maxStops", Condemned: 3, Recent: 12, Max: 5, Window: "1h"},
			"3 condemned and 12 stops tried in the last 1h, but maxStops allows 5",
			"If the rules are right, wait, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxStops in the policy; if not, correct them. See docs/withheld.md",
		},
		{
			result.Withheld{Limit: "maxShare", Condemned: 6, Max: 5, Allowed: 5, Window: "1h"},
			"6 condemned and 0 stops tried in the last 1h, but maxShare allows 5",
			"If the rules are right, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxShare in the policy; if not, correct them. See docs/withheld.md",
		},
		{
			result.Withheld{Limit: "maxShare", Condemned: 6, Max: 5, Allowed: 5, Window: "1h", Trickle: true},
			"6 condemned and 0 stops tried in the last 1h, but maxShare allows 5",
			"If the rules are right, wait, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxShare in the policy; if not, correct them. See docs/withheld.md",
		},
		{
			result.Withheld{Limit: "maxStops", Condemned: 6, Window: "1h", Trickle: true},
			"6 condemned and 0 stops tried in the last 1h, but maxStops allows 0",
			"If the rules are right, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxStops in the policy; if not, correct them. See docs/withheld.md",
		},
		{
			result.Withheld{Limit: "maxStops", Condemned: 1000, Max: 5, Window: "1h", Until: &until},
			"1000 condemned, but the ledger of stops was lost, so nobody knows how many stops were tried in the last 1h: nothing is stopped until 2026-05-04T13:00:00Z",
			"Wait, or let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N; docs/withheld.md says how to begin with an empty ledger",
		},
	} {
		if got := c.withheld.String(); got != c.says {
			t.Errorf("says %s\nwant %s", got, c.says)
		}
		if got := c.withheld.Advice(); got != c.now {
			t.Errorf("advises %s\nwant    %s", got, c.now)
		}
	}
}
