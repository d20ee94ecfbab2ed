package main

import (
	"errors"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// occasion is what an invocation is about: either a timer's event or a person's,
// by which a sweep is made, or events that happened.
type occasion struct {
	trigger result.Trigger
	made    *policy.Event
	events  []event.Event
	refused error // what else was in the body, and is not judged by
}

// urgent says that something happened: it goes first.
func (o occasion) urgent() bool { return o.made == nil }

// readOccasion decodes an event, or several. An error means that nothing can be
// judged by it.
func readOccasion(body []byte, now time.Time) (occasion, error) {
	events, refused := event.Decode(body)
	if len(events) == 0 {
		return occasion{}, refused
	}
	first := events[0]
	trigger := result.Trigger{Kind: first.Kind, Name: first.Name()}
	if first.Kind == event.Timer { // how old it may be depends on the tick
		return occasion{trigger: trigger, made: &first.Event}, nil
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
		return occasion{}, refused
	case first.Kind == event.Manual:
		if !first.HasTime {
			first.Time = now.UTC()
		}
		return occasion{trigger: trigger, made: &first.Event}, nil
	}
	return occasion{trigger: result.Trigger{Kind: events[0].Kind, Name: events[0].Name()}, events: events, refused: refused}, nil
}
