package result

import (
	"errors"
	"fmt"
	"time"
)

// String says which limit is exceeded, by how much.
func (w Withheld) String() string {
	if w.Until != nil {
		return fmt.Sprintf("%d condemned, but the ledger of stops was lost, so nobody knows how many stops were tried in the last %s: nothing is stopped until %s",
			w.Condemned, w.Window, w.Until.Format(time.RFC3339))
	}
	return fmt.Sprintf("%d condemned and %d stops tried in the last %s, but %s allows %d", w.Condemned, w.Recent, w.Window, w.Limit, w.Max)
}

// Refusal says why an execution is not stopped.
func (w Withheld) Refusal() string {
	switch {
	case w.Until != nil:
		return w.String()
	case w.Trickle:
		return w.String() + ": the most overdue are stopped, as many as it allows, and the others are withheld"
	}
	return w.String() + ": nothing is stopped"
}

// WaitingHelps says that the limit will allow all of it once the window has
// passed: what is condemned alone doesn't exceed it. What trickles it allows window
// by window.
func (w Withheld) WaitingHelps() bool {
	return w.Until != nil || w.Condemned <= w.Max || w.Trickle && w.Max > 0
}

// Trickles says that the sweep failed for no other reason than that the limits allow a
// part of what is condemned.
func (r *Report) Trickles(failure error) bool {
	failed, ok := errors.AsType[*Error](failure)
	return ok && failed.Code == CodeWithheld && r.Withheld.Trickle && r.Withheld.Allowed > 0
}

// Advice is what people can do about it.
func (w Withheld) Advice() string {
	const once = "let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N"
	switch {
	case w.Until != nil:
		return "Wait, or " + once + "; docs/withheld.md says how to begin with an empty ledger"
	case w.WaitingHelps():
		return fmt.Sprintf("If the rules are right, wait, %s, or raise limits.%s in the policy; if not, correct them. See docs/withheld.md", once, w.Limit)
	}
	return fmt.Sprintf("If the rules are right, %s, or raise limits.%s in the policy; if not, correct them. See docs/withheld.md", once, w.Limit)
}
