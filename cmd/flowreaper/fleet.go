package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/flowreaper/flowreaper/internal/audit"
	auditshow "github.com/flowreaper/flowreaper/internal/audit/show"
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/fleet/look"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// openFleet reads a fleet, and looks for the credentials with which its roles are assumed.
func (t *terminal) openFleet(ctx context.Context, f *flag.Fleet, s *settings) (places []*fleet.Place, l look.Looker, err error) {
	read, err := fleet.Read(f.File)
	if err != nil {
		return nil, l, usageError(err)
	}
	if places, err = read.Select(f.Places); err != nil {
		return nil, l, usageError(fmt.Errorf("--place: %w", err))
	}
	if l.Rates, err = cloudflow.ParseRates(s.rates); err != nil {
		err = fmt.Errorf("FLOWREAPER_RATES: %w", err)
	}
	if err := misspelt(t.environ, err, read.Policies...); err != nil {
		return nil, l, usageError(err)
	}
	l.Getenv = t.getenv
	l.Keys, err = connect.Credentials(ctx, t.getenv)
	return places, l, notConnected(err)
}

// inPlace are the settings of one place.
func (s *settings) inPlace(p *fleet.Place) *settings {
	own := *s
	own.of, own.endpoint, own.region = p, p.Endpoint, p.Region
	own.given = func(string) bool { return false }
	return &own
}

// eachPlace does something in each place, prints one report with a part a place, and turns
// how it went into the exit status. text prints one part's.
func eachPlace[R any](ctx context.Context, t *terminal, s *settings, places []*fleet.Place, do func(context.Context, *fleet.Place) (*R, error), text func(*R) error) error {
	bounded, cancel := s.bound(ctx)
	defer cancel()
	draw, done := screen.Bar(t.err)
	n := 0
	parts := fleet.Each(bounded, places, do, func(last fleet.Part[R]) {
		if n++; draw != nil {
			draw(float64(n)/float64(len(places)), fmt.Sprintf("%d of %d places, at last %s", n, len(places), last.Place.Name))
		}
	})
	done()
	if t.output == "json" {
		if err := look.JSON(t.out, parts); err != nil {
			return err
		}
	} else if err := look.Text(t.out, parts, text); err != nil {
		return err
	}
	switch nothing, short := look.Shortfall(parts); {
	case short == nil:
		return nil
	case nothing:
		return interruptedOr(ctx, short)
	default:
		return interruptedOr(ctx, &statusError{status: statusPartly, err: short})
	}
}

// planFleet plans in each place of a fleet.
func (t *terminal) planFleet(ctx context.Context, s *settings, f *flag.Fleet) error {
	if s.ledger != "" && s.ledger != noLedger {
		return usageError(errors.New("--ledger FILE counts one place's stops: with --fleet leave it out, for one a place, or give none"))
	}
	if s.event == "-" {
		return usageError(errors.New("--event - is read once, and with --fleet each place judges it: put it into a file"))
	}
	places, l, err := t.openFleet(ctx, f, s)
	if err != nil {
		return err
	}
	options, untimely := map[*fleet.Place]sweep.Options{}, t.warn
	for _, p := range places { // before anything is called
		one, err := s.inPlace(p).check()
		if err == nil {
			err = t.setOff(one, untimely)
			untimely = func(error) error { return nil } // it has been said
		}
		if err != nil {
			return usageError(err)
		}
		options[p] = one.options
	}
	plan := func(ctx context.Context, p *fleet.Place) (*result.Report, error) {
		r, err := l.Plan(ctx, p, options[p], s.ledger != noLedger)
		if err != nil && r != nil {
			err = errors.New(report.Plain(err.Error()) + nextStep(r, err))
		}
		return r, err
	}
	return eachPlace(ctx, t, s, places, plan, func(r *result.Report) error { return report.Text(t.out, r, t.style(t.out)) })
}

// doctorFleet asks in each place of a fleet.
func (t *terminal) doctorFleet(ctx context.Context, f *doctorFlags) error {
	places, l, err := t.openFleet(ctx, &f.fleet, f.settings)
	if err != nil {
		return err
	}
	return eachPlace(ctx, t, f.settings, places, l.Doctor, func(r *doctor.Report) error { return doctor.Text(t.out, r, t.style(t.out)) })
}

// auditFleet reads what was stopped in each place of a fleet.
func (t *terminal) auditFleet(ctx context.Context, f *auditFlags) error {
	places, l, err := t.openFleet(ctx, &f.fleet, f.settings)
	if err != nil {
		return err
	}
	options := map[*fleet.Place]audit.Options{}
	for _, p := range places { // before anything is called
		one := *f
		one.settings = f.inPlace(p)
		if options[p], err = one.auditOptions(); err != nil {
			return usageError(err)
		}
	}
	read := func(ctx context.Context, p *fleet.Place) (*audit.Result, error) { return l.Audit(ctx, p, options[p]) }
	return eachPlace(ctx, t, f.settings, places, read, func(r *audit.Result) error { return auditshow.Text(t.out, r, t.style(t.out)) })
}
