package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
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
		why = fmt.Sprintf("no flow that the rules are about matches --flow %s\nCheck the name, which is case-sensitive, --region, and that globs are quoted", named(s.flows...))
	default:
		why = "this account and region has none of the flows that the rules are about\nCheck --region, and the names in the policy and the event, which are case-sensitive"
	}
	t.say("flowreaper: warning: %s\n", why)
}

// lookedInto is in how many flows that sweeps don't cover stop looks for what runs
// there: some seconds within the quota.
const lookedInto = 20

// uncovered says what the hand brake was pulled for and runs on, since sweeps don't
// cover its flow; nil where nothing does.
func uncovered(ctx context.Context, s *sweeping, r *result.Report) error {
	looked := r.NotCovered[:min(lookedInto, len(r.NotCovered))]
	var lines []string
	for _, left := range judge.ReadLeft(ctx, s.options.Source, s.options.Policy, looked, time.Now) {
		if len(left.Names) > 0 {
			lines = append(lines, fmt.Sprintf("%s of %s: %s", plain.Count(len(left.Names), "execution"), report.Plain(left.Flow), some(left.Names)))
		}
		if left.Err != nil {
			lines = append(lines, fmt.Sprintf("%s: what runs there could not be listed: %s", report.Plain(left.Flow), report.Plain(left.Err.Error())))
		}
	}
	if more := len(r.NotCovered) - len(looked); more > 0 {
		lines = append(lines, plain.Count(more, "more flow")+", in which nobody looked")
	}
	if len(lines) == 0 {
		return nil
	}
	return &statusError{status: statusPartly, err: fmt.Errorf("done in part: what runs in Express flows was not stopped\n  %s\n"+
		"Nobody could confirm that executions of Express flows can be stopped, so flowreaper doesn't try. Each ends by itself within five minutes", strings.Join(lines, "\n  "))}
}

// some are the first of many names.
func some(names []string) string {
	const most = 5
	text := report.Plain(strings.Join(names[:min(most, len(names))], ", "))
	if len(names) > most {
		text += ", …"
	}
	return text
}
