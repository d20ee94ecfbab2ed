package watch

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func day(flows, starts int) scenario {
	return scenario{
		flows: flows, starts: starts, hang: 0.01, median: 8 * time.Minute, leastAge: 2 * time.Hour, span: 24 * time.Hour,
	}
}

func TestDay(t *testing.T) {
	base := day(2000, 25)
	if os.Getenv("SOAK") != "" {
		base = day(10000, 25)
	}
	for _, c := range []struct {
		name   string
		change func(*scenario)
	}{
		{"random", func(*scenario) {}},
		{"cron", func(s *scenario) { s.cron = true }},
		{"random restart file", func(s *scenario) { s.restart = 30 * time.Minute }},
		{"cron restart file", func(s *scenario) { s.cron = true; s.restart = 30 * time.Minute }},
		{"random restart forgets", func(s *scenario) { s.restart = 30 * time.Minute; s.forgets = true }},
		{"cron restart forgets", func(s *scenario) { s.cron = true; s.restart = 30 * time.Minute; s.forgets = true }},
		{"random large", func(s *scenario) { s.large = 2 }},
		{"random large keep", func(s *scenario) { s.large = 2; s.keep = true }},
		{"random keep", func(s *scenario) { s.keep = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := base
			c.change(&s)
			begin := time.Now()
			m := newSimulation(t, s)
			gen := time.Since(begin)
			m.run()
			fmt.Printf("%s %v %v %+v demand %v\n", c.name, gen, time.Since(begin), m.result(), m.watch.Demand())
		})
	}
}
