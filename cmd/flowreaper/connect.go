package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// sweeping is what a command needs for its sweeps, checked before any call.
type sweeping struct {
	*settings
	options sweep.Options
	rates   cloudflow.Rates
	at      cloudflow.Endpoint // what is called

	connection *connect.Connection // once connected
}

// mode is the policy's effective mode: the environment may soften it.
func (s *sweeping) mode() policy.Mode {
	return s.options.Policy.Mode.Softer(cmp.Or(s.options.Mode, policy.ModeEnforce))
}

// ofAccount is a report that names its account, where that could be found out.
func (s *sweeping) ofAccount(r *result.Report) *result.Report {
	if id, ok := s.connection.Identity(); ok {
		r.Account = id.Account
	}
	return r
}

// connect makes the client that the sweeps read from and stop with, and leaves them
// the time that --timeout does. Whoever has done with it calls disconnect.
func (t *terminal) connect(ctx context.Context, s *sweeping) (bounded context.Context, disconnect func(), err error) {
	c, bounded, disconnect, err := t.open(ctx, s.settings, s.rates)
	if err != nil {
		return nil, nil, err
	}
	s.options.Source, s.options.Stopper, s.options.Quota, s.connection = c.Client, c.Client, c.Quota, c
	return bounded, disconnect, nil
}

// openToRead connects for a command that judges nothing.
func (t *terminal) openToRead(ctx context.Context, s *settings) (c *connect.Connection, bounded context.Context, disconnect func(), err error) {
	rates, err := cloudflow.ParseRates(s.rates)
	if err != nil {
		return nil, nil, nil, usageError(err)
	}
	return t.open(ctx, s, rates)
}

func (t *terminal) open(ctx context.Context, s *settings, rates cloudflow.Rates) (c *connect.Connection, bounded context.Context, disconnect func(), err error) {
	if c, err = connect.Open(ctx, connect.Options{Endpoint: s.endpoint, Region: s.region, Rates: rates, Getenv: t.getenv}); err != nil {
		return nil, nil, nil, notConnected(err)
	}
	c.Identify(ctx)
	bounded, cancel := s.bound(ctx)
	return c, bounded, func() { cancel(); c.Close() }, nil
}

// notConnected gives an error of package connect its exit status.
func notConnected(err error) error {
	switch {
	case errors.As(err, new(connect.Refusal)):
		return usageError(err)
	case errors.Is(err, connect.ErrInterrupted):
		return &statusError{status: statusInterrupted, err: err}
	}
	return err
}

// noLedger is the --ledger that counts a sweep's own stops alone.
const noLedger = "none"

func (s *settings) addLedger(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.ledger, "ledger", "", "the `FILE` that counts the stops tried, for the policy's limits, or none "+
		"(default: one an account, region and endpoint, under $XDG_STATE_HOME or ~/.local/state)")
}

// countIn has the sweeps count their stops in the ledger.
func (s *sweeping) countIn() (err error) {
	if s.ledger != noLedger {
		s.options.Ledger, err = s.connection.Ledger(s.ledger)
	}
	return notConnected(err)
}
