package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// An event is a reason to look now, so one from another time is none.
const (
	eventAge   = 15 * time.Minute // the oldest
	eventAhead = 2 * time.Minute  // clocks differ
)

func (s *settings) addEvent(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.event, "event", "", "judge as if this event had come: its `FILE`, - for stdin; {{now}} in it becomes the time")
}

// setOff has the event of --event set off the sweep; without one it stays as it
// is. untimely says what to do about an event that is too old, or too far ahead.
func (t *terminal) setOff(s *sweeping, untimely func(error) error) error {
	if s.event == "" {
		return nil
	}
	text, err := t.readEvent(s.event)
	if err != nil {
		return err
	}
	now := time.Now()
	e, err := oneEvent(atTime(text, now))
	if err != nil {
		return fmt.Errorf("--event %s: %w", s.event, err)
	}
	if !e.HasTime {
		e.Time = now.UTC()
	}
	if err := timely(e, now); err != nil {
		if err := untimely(fmt.Errorf("--event %s: %w", s.event, err)); err != nil {
			return err
		}
	}
	s.options.Event = &e.Event
	s.options.Trigger = sweep.Trigger{Kind: e.Kind, Name: e.Name()}
	return nil
}

// atTime writes the time in the place of {{now}}, as a timer trigger writes it.
func atTime(text []byte, now time.Time) []byte {
	return bytes.ReplaceAll(text, []byte("{{now}}"), []byte(now.UTC().Format(time.RFC3339)))
}

func oneEvent(body []byte) (event.Event, error) {
	all, err := event.Decode(body)
	switch {
	case err != nil:
		return event.Event{}, errors.New(report.Plain(err.Error()))
	case len(all) != 1:
		return event.Event{}, fmt.Errorf("it holds %d events, and here one is judged at a time: give each a file of its own", len(all))
	}
	return all[0], nil
}

// timely says why an event is refused for its time; nil where it isn't.
func timely(e event.Event, now time.Time) error {
	switch age := now.Sub(e.Time); {
	case age > eventAge:
		return fmt.Errorf("the event is %s old, and one older than %s stops nothing\nFor a trial write {{now}} in the place of its time",
			age.Round(time.Minute), sweep.ShortDuration(eventAge))
	case age < -eventAhead:
		return fmt.Errorf("the event is from %s ahead, and one more than %s ahead stops nothing\nSet this machine's clock, or correct the event's time",
			(-age).Round(time.Second), sweep.ShortDuration(eventAhead))
	}
	return nil
}

// refuse refuses what an error tells of.
func refuse(err error) error { return err }

// warn tells of an error and goes on.
func (t *terminal) warn(err error) error {
	fmt.Fprintf(t.err, "flowreaper: warning: %v\n", err)
	return nil
}
