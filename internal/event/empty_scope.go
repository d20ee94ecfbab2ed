package event

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// EmptyScope says why no flow was in the scope of a policy, where that may be a slip: an
// event that no rule accepts, or a name. Nobody shall take it for a clean account. given
// is nil where no event was, and globs are those of flows, besides the policy's.
func EmptyScope(p *policy.Policy, given *policy.Event, globs []string) string {
	e := Event{Event: policy.Event{Kind: Manual}}
	if given != nil {
		e.Event = *given
	}
	rules := p.Scope(time.Now(), &e.Event).Rules()
	switch {
	case len(rules) == 0 && given != nil:
		return fmt.Sprintf("no rule accepts %s: it stops nothing\n'flowreaper explain --event' shows the conditions, with what they saw", e.Title())
	case len(rules) == 0:
		return "no rule judges now: each is on events alone, has its window closed, or asks for what is never so\nTo see what an event would stop, give it with --event"
	case len(globs) > 0:
		return fmt.Sprintf("no flow that the rules are about matches --flow %s\nCheck the name, which is case-sensitive, --region, and that globs are quoted", plain.Quoted(globs...))
	}
	return "this account and region has none of the flows that the rules are about\nCheck --region, and the names in the policy and the event, which are case-sensitive"
}
