package main

import (
	"cmp"
	"context"
	"os"
	"os/user"

	"github.com/flowreaper/flowreaper/internal/caller"
	"github.com/flowreaper/flowreaper/internal/cloudflow"
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

	accessKey string // once connected

	// identity is who calls, once connected. It waits for the answer, for
	// caller.Patience at the most; it is not ok where there is none.
	identity func() (id caller.Identity, ok bool)
}

// mode is the policy's effective mode: the environment may soften it.
func (s *sweeping) mode() policy.Mode {
	return s.options.Policy.Mode.Softer(cmp.Or(s.options.Mode, policy.ModeEnforce))
}

// ofAccount is a report that names its account, where that could be found out.
func (s *sweeping) ofAccount(r *result.Report) *result.Report {
	if id, ok := s.identity(); ok {
		r.Account = id.Account
	}
	return r
}

// connect makes the client that the sweeps read from and stop with, and leaves them
// the time that --timeout does. Whoever has done with it calls disconnect.
func (t *terminal) connect(ctx context.Context, s *sweeping) (bounded context.Context, disconnect func(), err error) {
	keys, err := t.credentials(ctx)
	if err != nil {
		return nil, nil, err
	}
	quota, err := cloudflow.NewQuota(s.rates)
	if err != nil {
		return nil, nil, usageError(err)
	}
	client, err := cloudflow.New(cloudflow.Options{Endpoint: s.endpoint, Region: s.region, Credentials: keys, Quota: quota})
	if err != nil {
		return nil, nil, usageError(err)
	}
	s.options.Source, s.options.Stopper, s.options.Quota = client, client, quota
	s.accessKey = keys.AccessKeyID
	s.identify(ctx, keys)
	bounded, cancel := s.bound(ctx)
	return bounded, func() { cancel(); client.Close() }, nil
}

// identify begins to ask who calls, beside the sweep.
func (s *sweeping) identify(ctx context.Context, keys cloudflow.Credentials) {
	var id caller.Identity
	var ok bool
	answered := make(chan struct{})
	s.identity = func() (caller.Identity, bool) {
		<-answered
		return id, ok
	}
	go func() {
		defer close(answered)
		id, ok = caller.Ask(ctx, s.at, keys, nil)
	}()
}

// caller is who has this done, for those who find their executions stopped: the RAM
// identity, where it can be had, or else who sits at which machine.
func (t *terminal) caller(s *sweeping) string {
	if id, ok := s.identity(); ok {
		return id.ARN
	}
	name := t.getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return cmp.Or(name, "somebody") + "@" + cmp.Or(host, "somewhere")
}
