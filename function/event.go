package main

import (
	"errors"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// invocation is what one is about: either a timer's event or a person's,
// by which a sweep is made, or events that happened.
type invocation struct {
	trigger result.Trigger
	made    *policy.Event
	events  []event.Event
	refused error // what else was in the body, and is not judged by
}

// urgent says that something happened: it goes first.
func (o invocation) urgent() bool { return o.made == nil }

// readInvocation decodes an event, or several. An error means that nothing can be
// judged by it.
func readInvocation(body []byte, now time.Time) (invocation, error) {
	events, refused := event.Decode(body)
	if len(events) == 0 {
		return invocation{}, refused
	}
	first := events[0]
	trigger := result.Trigger{Kind: first.Kind, Name: first.Name()}
	if first.Kind == event.Timer { // how old it may be depends on the tick
		return invocation{trigger: trigger, made: &first.Event}, nil
	}
	var errs []error
	events = slices.DeleteFunc(events, func(e event.Event) bool {
		err := e.CheckTime(now)
		errs = append(errs, err)
		return err != nil
	})
	refused = errors.Join(append(errs, refused)...)
	switch {
	case len(events) == 0:
		return invocation{}, refused
	case first.Kind == event.Manual:
		if !first.HasTime {
			first.Time = now.UTC()
		}
		return invocation{trigger: trigger, made: &first.Event}, nil
	}
	return invocation{trigger: result.Trigger{Kind: events[0].Kind, Name: events[0].Name()}, events: events, refused: refused}, nil
}
