package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/internal/result"
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
	text, err := event.Read(s.event, t.in)
	if err != nil {
		return err
	}
	now := time.Now()
	e, err := event.One(moment.Fill(text, now))
	if err != nil {
		return fmt.Errorf("--event %s: %w", s.event, err)
	}
	if !e.HasTime {
		e.Time = now.UTC()
	}
	if err := e.CheckTime(now); err != nil {
		if err := untimely(fmt.Errorf("--event %s: %w\nFor a trial write {{now}} in the place of its time", s.event, err)); err != nil {
			return err
		}
	}
	s.options.Event = &e.Event
	s.options.Trigger = result.Trigger{Kind: e.Kind, Name: e.Name()}
	return nil
}

// refuse refuses what an error tells of.
func refuse(err error) error { return err }

// warn tells of an error and goes on.
func (t *terminal) warn(err error) error {
	t.say("flowreaper: warning: %v\n", err)
	return nil
}
