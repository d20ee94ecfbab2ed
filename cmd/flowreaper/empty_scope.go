package main

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// explainEmptyScope says why no flow was in scope, where that may be a slip: an
// event that no rule accepts, or a name. Nobody shall take it for a clean account.
func (t *terminal) explainEmptyScope(s *sweeping, r *result.Report) {
	if !r.Complete || r.Flows.Seen > 0 || len(r.NotCovered) > 0 {
		return
	}
	e := event.Event{Event: policy.Event{Kind: event.Manual}}
	if s.options.Event != nil {
		e.Event = *s.options.Event
	}
	rules := s.options.Policy.Scope(time.Now(), &e.Event).Rules()
	var why string
	switch {
	case len(rules) == 0 && s.options.Event != nil:
		why = fmt.Sprintf("no rule accepts %s: it stops nothing\n'flowreaper explain --event' shows the conditions, with what they saw", e.Title())
	case len(rules) == 0:
		why = "no rule judges now: each is on events alone, has its window closed, or asks for what is never so\nTo see what an event would stop, give it with --event"
	case len(s.flows) > 0:
		why = fmt.Sprintf("no flow that the rules are about matches --flow %s\nCheck the name, which is case-sensitive, --region, and that globs are quoted", plain.Quoted(s.flows...))
	default:
		why = "this account and region has none of the flows that the rules are about\nCheck --region, and the names in the policy and the event, which are case-sensitive"
	}
	t.say("flowreaper: warning: %s\n", why)
}
