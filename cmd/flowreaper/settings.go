package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// settings are the flags of the commands that sweep. The function's own
// environment stands in for those that aren't given.
type settings struct {
	policyFile string
	endpoint   string
	region     string
	mode       string   // FLOWREAPER_MODE: no flag, since the command says it
	rates      string   // FLOWREAPER_RATES
	flows      []string // globs
	event      string   // the file; plan, apply and explain only
	timeout    time.Duration
	ledger     string    // plan and apply only
	saved      savedPlan // apply only

	of *fleet.Place // of a fleet; nil: the flags say where

	given   func(flag string) bool // whether the command line has a flag
	environ []string
}

func (t *terminal) newSettings() *settings {
	return &settings{mode: t.getenv("FLOWREAPER_MODE"), rates: t.getenv("FLOWREAPER_RATES"), environ: t.environ}
}

// addSettings adds the flags. formats are what else the result can be shown as,
// besides a table and JSON.
func (t *terminal) addSettings(cmd *cobra.Command, formats ...string) *settings {
	s := t.newSettings()
	flags := cmd.Flags()
	flags.StringVar(&s.policyFile, "policy", t.getenv("FLOWREAPER_POLICY"), "the policy `FILE` (or FLOWREAPER_POLICY)")
	t.addPlace(cmd, s)
	t.addOutput(cmd, append([]string{"json"}, formats...)...)
	flag.Duration(flags, &s.timeout, "timeout", 0, "give up after this `DURATION`; what was begun is verified first (default: take as long as it takes)")
	return s
}

// addPlace adds --endpoint and --region.
func (t *terminal) addPlace(cmd *cobra.Command, s *settings) {
	flags := cmd.Flags()
	s.given = flags.Changed
	flags.StringVar(&s.endpoint, "endpoint", t.getenv("FLOWREAPER_ENDPOINT"), "the API's `URL`, http:// for loopback addresses only (or FLOWREAPER_ENDPOINT; default the region's)")
	flags.StringVar(&s.region, "region", t.getenv("FLOWREAPER_REGION"), "the `REGION`, such as cn-hangzhou (or FLOWREAPER_REGION)")
	flag.CompleteWords(cmd, "region", cloudflow.Regions...)
}

// addFlows adds --flow to the commands that look at many.
func (s *settings) addFlows(cmd *cobra.Command, usage string) {
	cmd.Flags().StringArrayVar(&s.flows, "flow", nil, usage+"; as in a policy, quoted; again for more, of which the last that matches wins")
}

// check reads and checks everything that doesn't need the network. Its errors
// are wrong usage.
func (s *settings) check() (*sweeping, error) {
	if err := s.checkMode(); err != nil {
		return nil, err
	}
	p, err := s.readPolicy()
	if s.of == nil { // the variables of all policies of a fleet were asked about together
		err = policyfile.Misspelt(s.environ, err, p)
	}
	if err != nil {
		return nil, err
	}
	endpoint, err := s.checkedEndpoint()
	if err != nil {
		return nil, err
	}
	rates, err := cloudflow.ParseRates(s.rates)
	if err != nil {
		return nil, err
	}
	flow, err := policy.FlowGlobs(s.flows)
	if err != nil {
		return nil, err
	}
	return &sweeping{settings: s, rates: rates, at: endpoint, options: sweep.Options{
		Policy: p,
		Place:  s.place(endpoint),
		Mode:   policy.Mode(s.mode),
		Flow:   flow, FlowGlobs: s.flows,
		Approved: s.saved.stops,
		Allowed:  s.saved.allowed,
	}}, nil
}

// where is the place that is called, as results tell it.
func (s *settings) where() (result.Place, error) {
	endpoint, err := s.checkedEndpoint()
	return s.place(endpoint), err
}

// checkedEndpoint refuses an endpoint left over in the environment beside a region
// of the command line: whoever names one region must not stop another's.
func (s *settings) checkedEndpoint() (cloudflow.Endpoint, error) {
	endpoint, err := cloudflow.ParseEndpoint(s.endpoint, s.region)
	if err != nil {
		return endpoint, fmt.Errorf("%w\nGive it with --endpoint or --region", err)
	}
	regions := strings.HasPrefix(endpoint.Host, s.region+".") || strings.HasPrefix(endpoint.Host, s.region+"-internal.")
	if s.given("region") && !s.given("endpoint") && !regions {
		return endpoint, fmt.Errorf("--region is %s, but FLOWREAPER_ENDPOINT is %s: which is it?\nUnset FLOWREAPER_ENDPOINT, or give --endpoint too", s.region, endpoint)
	}
	return endpoint, nil
}

// place is where the sweeps work. Which account it is only the credentials tell.
func (s *settings) place(endpoint cloudflow.Endpoint) result.Place {
	own, _ := endpoint.Region()
	return result.Place{Endpoint: endpoint.String(), Region: cmp.Or(own, s.region), Flowreaper: version}
}

func (s *settings) checkMode() error {
	switch s.mode {
	case "", string(policy.ModeEnforce), string(policy.ModePlan):
		return nil
	case "off":
		return errors.New("FLOWREAPER_MODE is off: nothing is called, nothing is stopped\nUnset it to go on")
	}
	return fmt.Errorf("FLOWREAPER_MODE=%q is none of plan, enforce and off\nUnset it to leave the mode to the policy", s.mode)
}

func (s *settings) readPolicy() (*policy.Policy, error) {
	if s.of != nil {
		return s.of.Policy, nil
	}
	if s.saved.file != "" {
		return s.saved.read(s)
	}
	if s.policyFile == "" {
		return nil, errNoPolicy
	}
	return policyfile.Read(s.policyFile)
}

var errNoPolicy = errors.New("no policy is given: name its file with --policy")

// bound is ctx with the time that --timeout leaves.
func (s *settings) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("the --timeout of %s is over", duration.Format(s.timeout)))
}
