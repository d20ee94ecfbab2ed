// Package look looks at the places of a fleet for a person at a terminal: what would be
// stopped there, what only the account can answer, what was stopped. What fails in one
// place leaves the others alone.
//
//	l := look.Looker{Keys: keys, Rates: rates, Getenv: os.Getenv}
//	err := (&look.Command{Looker: l, Places: places, Out: os.Stdout, Err: os.Stderr}).Doctor(ctx)
package look

import (
	"context"
	"errors"

	"github.com/flowreaper/flowreaper/internal/audit"
	auditshow "github.com/flowreaper/flowreaper/internal/audit/show"
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// Looker looks in one place with the credentials that were found once, and assumes each place's role with
// them.
type Looker struct {
	Keys   cloudflow.Credentials
	Rates  cloudflow.Rates
	Getenv func(string) string
}

// connect connects to a place's account, and to no other. Whoever has done closes it.
func (l Looker) connect(ctx context.Context, p *fleet.Place) (*connect.Connection, error) {
	c, err := connect.Open(ctx, connect.Options{
		Endpoint: p.Endpoint, Region: p.Region, Rates: l.Rates, Getenv: l.Getenv,
		Keys: l.Keys, Account: p.Account, Role: p.Role, Session: p.Session(),
	})
	if err != nil {
		return nil, err
	}
	c.Identify(ctx)
	if err := c.CheckAccount(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Plan shows what would be stopped now, by options that lack whom to ask. counts says that a
// ledger of the place's own counts what was stopped before. The error says, too, that not
// all could be told.
func (l Looker) Plan(ctx context.Context, p *fleet.Place, o sweep.Options, counts bool) (*result.Report, error) {
	c, err := l.connect(ctx, p)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if counts {
		if o.Ledger, err = c.Ledger(""); err != nil {
			return nil, err
		}
	}
	o.Source, o.Stopper, o.Quota, o.Policy = c.Client, c.Client, c.Quota, p.Policy
	o.Place.Name, o.Place.Account, o.Place.Region, o.Place.Endpoint = p.Name, p.Account, p.Region, c.At()
	r, _, failure := sweep.Plan(ctx, o)
	if failure == nil {
		failure = r.Shortfall()
	}
	return r, failure
}

// Doctor asks what reading alone can tell, and what of the policy names no flow.
func (l Looker) Doctor(ctx context.Context, p *fleet.Place) (*doctor.Report, error) {
	c, err := l.connect(ctx, p)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, failure := doctor.Run(ctx, doctor.Options{Endpoint: p.Endpoint, Region: p.Region, Credentials: c.Keys, Rates: l.Rates, Policy: p.Policy})
	switch {
	case failure != nil:
		return r, errors.New(plain.Text(failure.Error()))
	case !r.Complete():
		return r, errors.New("not all that was asked could be told")
	}
	return r, nil
}

// Audit reads what was stopped, by options that lack whom to ask, and says what of it is of
// the place's policy as it is now.
func (l Looker) Audit(ctx context.Context, p *fleet.Place, o audit.Options) (*audit.Result, error) {
	c, err := l.connect(ctx, p)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	o.Source, o.Account, o.Rates, o.Policy = c.Client, p.Account, c.Quota.Rates, p.Policy
	o.Region, o.Endpoint = p.Region, c.At()
	r, failure := audit.Run(ctx, o)
	if failure == nil && !r.Complete {
		failure = auditshow.Shortfall(r)
	}
	return r, failure
}
