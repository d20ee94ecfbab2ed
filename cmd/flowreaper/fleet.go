package main

import (
	"context"
	"errors"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/fleet/look"
	"github.com/flowreaper/flowreaper/internal/policyfile"
)

// overFleet has a command look at the places of a fleet. check is of what else is given: of
// each place's settings, the first's first, before anything is called.
func (t *terminal) overFleet(ctx context.Context, f *flag.Fleet, s *settings, check func(*settings) error, run func(context.Context, *look.Command) error) error {
	read, err := fleet.Read(f.File)
	if err != nil {
		return usageError(err)
	}
	c := &look.Command{Out: t.out, Err: t.err, JSON: t.output == "json", Style: t.style(t.out)}
	c.Getenv = t.getenv
	c.Rates, err = cloudflow.ParseRates(s.rates)
	if err := policyfile.Misspelt(t.environ, err, read.Policies...); err != nil {
		return usageError(err)
	}
	if err := check(s.inPlace(read.Places[0])); err != nil {
		return usageError(err)
	}
	if err := c.Open(ctx, read, f.Places); err != nil {
		return notConnected(err)
	}
	bounded, cancel := s.bound(ctx)
	defer cancel()
	err = run(bounded, c)
	if errors.As(err, new(look.Partly)) {
		err = &statusError{status: statusPartly, err: err}
	}
	return interruptedOr(ctx, err)
}

// inPlace are the settings of one place.
func (s *settings) inPlace(p *fleet.Place) *settings {
	own := *s
	own.of, own.endpoint, own.region = p, p.Endpoint, p.Region
	own.given = func(string) bool { return false }
	return &own
}

// planFleet plans in each place of a fleet.
func (t *terminal) planFleet(ctx context.Context, s *settings, f *flag.Fleet) error {
	switch {
	case s.ledger != "" && s.ledger != noLedger:
		return usageError(errors.New("--ledger FILE counts one place's stops: with --fleet leave it out, for one a place, or give none"))
	case s.event == "-":
		return usageError(errors.New("--event - is read once, and with --fleet each place judges it: put it into a file"))
	}
	var one *sweeping
	return t.overFleet(ctx, f, s, func(s *settings) (err error) {
		if one, err = s.check(); err == nil {
			err = t.setOff(one, t.warn)
		}
		return err
	}, func(ctx context.Context, c *look.Command) error {
		return c.Plan(ctx, one.options, s.ledger != noLedger)
	})
}
