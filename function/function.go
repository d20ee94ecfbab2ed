package main

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// reporting is what a sweep leaves of the invocation's time, beyond what
// verifying needs, to log and answer its report.
const reporting = 2 * time.Second

// function is one process of the function. Function Compute may hand it several
// events at once.
type function struct {
	settings settings
	policy   *policy.Policy
	broken   error // why every invocation fails; nil when none must
	log      *slog.Logger

	// What outlives an invocation: counts, never credentials.
	quota  *cloudflow.Quota
	memory *sweep.Memory // nil until the first sweep: it is an account's and region's

	sweeping sync.Mutex // held by the one sweep under way
	sweep    func(context.Context, sweep.Options) (*sweep.Report, error)
}

// newFunction reads the environment and compiles the policy. It always returns
// a function: one that can't work says why in every answer.
func newFunction(getenv func(string) string, log *slog.Logger) *function {
	f := &function{log: log, sweep: sweep.Run}
	f.broken = f.configure(getenv)
	if f.broken != nil {
		f.logFailure("start", f.broken)
		return f
	}
	log.Info("start", "policy", f.policy.Name, "hash", f.policy.Hash, "mode", f.mode(), "off", f.settings.off)
	return f
}

func (f *function) configure(getenv func(string) string) (err error) {
	if f.settings, err = readSettings(getenv); err != nil {
		return fail(configError, err)
	}
	if f.quota, err = cloudflow.NewQuota(f.settings.rates); err != nil {
		return fail(configError, err)
	}
	if f.policy, err = loadPolicy(f.settings.policyFile); err != nil {
		return fail(policyError, err)
	}
	return nil
}

// mode is the policy's, softened by the environment's.
func (f *function) mode() policy.Mode { return f.policy.Mode.Softer(f.settings.mode) }

// handle is one invocation. Its answer is the report of its sweep; the SDK
// drops an answer beside an error, so that a failed sweep's report is in the
// log only.
func (f *function) handle(ctx context.Context, body []byte) (*sweep.Report, error) {
	// FromContext writes to what it returns: once, and here.
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		invocation = &fccontext.FcContext{}
	}
	report, err := f.invoke(ctx, invocation, body)
	if report != nil {
		f.logReport(report, err)
	} else {
		f.logFailure("failed", err)
	}
	if err != nil {
		return nil, answerError(err)
	}
	return report, nil
}

// invoke returns no report when it fails before a sweep begins.
func (f *function) invoke(ctx context.Context, invocation *fccontext.FcContext, body []byte) (*sweep.Report, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	event, err := decodeTimer(body)
	if err != nil {
		return nil, fail(eventError, err)
	}
	if f.settings.off {
		return f.answered("off", event), nil
	}
	if age := time.Since(event.Time); age > 2*f.settings.tick {
		return f.answered("stale", event), nil
	}
	client, err := f.client(invocation)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if !f.sweeping.TryLock() {
		return f.answered("busy", event), nil
	}
	defer f.sweeping.Unlock()

	runID := newRunID()
	return f.sweep(ctx, sweep.Options{
		Policy:  f.policy,
		Source:  client,
		Stopper: client,
		Mode:    f.settings.mode,
		Memory:  f.remember(invocation),
		Until:   f.until(ctx, time.Now()),
		Quota:   f.quota,
		RunID:   runID,
		Trigger: trigger(event),
		Event:   event,
		Decided: func(d sweep.Decision) { f.logDecision(runID, d) },
	})
}

// remember is what the sweeps before this one found out and tried, from the
// state file if this process has had none. What of the file isn't believed
// costs calls; it is told once.
func (f *function) remember(invocation *fccontext.FcContext) *sweep.Memory {
	if f.memory != nil {
		return f.memory
	}
	var doubts error
	f.memory, doubts = sweep.NewMemory(sweep.MemoryOptions{
		File: f.settings.state, Account: invocation.AccountId, Region: cmp.Or(f.settings.region, invocation.Region),
		Tick: f.settings.tick, Quota: f.quota,
	})
	if doubts != nil {
		f.log.Warn("state", "file", f.settings.state, "doubts", doubts.Error())
	}
	return f.memory
}

// client is made anew for each invocation: its credentials are temporary.
func (f *function) client(invocation *fccontext.FcContext) (*cloudflow.Client, error) {
	region := cmp.Or(f.settings.region, invocation.Region)
	if _, err := cloudflow.ParseEndpoint(f.settings.endpoint, region); err != nil {
		return nil, fail(configError, err)
	}
	keys := invocation.Credentials
	client, err := cloudflow.New(cloudflow.Options{
		Endpoint: f.settings.endpoint,
		Region:   region,
		Credentials: cloudflow.Credentials{
			AccessKeyID:     keys.AccessKeyId,
			AccessKeySecret: keys.AccessKeySecret,
			SecurityToken:   keys.SecurityToken,
		},
		Quota: f.quota,
	})
	if err != nil {
		return nil, fail(credentialsError, err)
	}
	return client, nil
}

// until is when a sweep's time is over: early enough before the next tick, and
// before the function's timeout, to verify the stops that it has begun and to
// report, since nothing is left of a process whose time is over. Of a short
// timeout half is kept for that.
func (f *function) until(ctx context.Context, now time.Time) time.Time {
	until := now.Add(f.settings.tick - sweep.Grace - reporting)
	if deadline, ok := ctx.Deadline(); ok {
		kept := min(sweep.Grace+reporting, deadline.Sub(now)/2)
		if end := deadline.Add(-kept); end.Before(until) {
			return end
		}
	}
	return until
}

// answered is the report of an invocation that looked at nothing, and why. It
// is not complete: nothing is known of what runs.
func (f *function) answered(why string, event *policy.Event) *sweep.Report {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return &sweep.Report{
		Version:    1,
		RunID:      newRunID(),
		Trigger:    trigger(event),
		Policy:     sweep.PolicyRef{Name: f.policy.Name, Hash: f.policy.Hash},
		Mode:       f.mode(),
		StartedAt:  now,
		FinishedAt: now,
		Answered:   why,
		Decisions:  []sweep.Decision{},
	}
}

func trigger(event *policy.Event) sweep.Trigger {
	return sweep.Trigger{Kind: event.Kind, Name: event.Subject}
}

func newRunID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }
