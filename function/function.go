package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sts"
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
	notifier *notifier    // nil while broken
	of       *fleet.Place // of a fleet; nil: the function's own account
	start    sync.Once    // a place's start line: a fleet's process may never see most places

	// What outlives an invocation: counts, never credentials.
	quota  *cloudflow.Quota
	memory *sweep.Memory // nil until the first sweep: it is an account's and region's

	sweeps oneAtATime
	sweep  func(context.Context, sweep.Options) (*result.Report, error)
}

// newFunction reads the environment and compiles the policy. It always returns
// a function: one that can't work says why in every answer.
func newFunction(getenv func(string) string, environ []string, log *slog.Logger) *function {
	f := &function{log: log, sweep: sweep.Run}
	f.broken = f.configure(getenv, environ)
	if f.broken != nil {
		f.logFailure("start", f.broken)
		return f
	}
	f.logStart()
	return f
}

func (f *function) configure(getenv func(string) string, environ []string) (err error) {
	if f.settings, err = readSettings(getenv); err != nil {
		return fail(configError, err)
	}
	if f.quota, err = cloudflow.NewQuota(f.settings.rates); err != nil {
		return fail(configError, err)
	}
	f.policy, err = loadPolicy(f.settings.policyFile)
	if err := readWith(environ, f.policy.Variables(), err); err != nil {
		return err
	}
	if f.notifier, err = newNotifier(f.policy, getenv, f.log, f.warned); err != nil {
		return fail(policyError, err)
	}
	return nil
}

// mode is the policy's, softened by the environment's.
func (f *function) mode() policy.Mode { return f.policy.Mode.Softer(f.settings.mode) }

// handle is one invocation. Its answer is the report of its sweep; the SDK
// drops an answer beside an error, so that a failed sweep's report is in the
// log only.
func (f *function) handle(ctx context.Context, body []byte) (*result.Report, error) {
	// FromContext writes to what it returns: once, and here.
	fc, ok := fccontext.FromContext(ctx)
	if !ok {
		fc = &fccontext.FcContext{}
	}
	report, err := f.invoke(ctx, fc, body)
	if report != nil {
		f.logReport(report, err)
		f.notifier.tell(ctx, report)
	} else {
		f.logFailure("failed", err)
	}
	if err != nil {
		return nil, answerError(err)
	}
	return report, nil
}

// answer is handle's report as it is answered: a terminal may print it.
func (f *function) answer(ctx context.Context, body []byte) (json.RawMessage, error) {
	report, err := f.handle(ctx, body)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(report)
	return json.RawMessage(plain.JSON(string(text))), err
}

// invoke returns no report when it fails before a sweep begins.
func (f *function) invoke(ctx context.Context, fc *fccontext.FcContext, body []byte) (*result.Report, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	o, err := readInvocation(body, time.Now())
	at := f.place(fc)
	switch {
	case err != nil:
		return nil, fail(eventError, err)
	case f.settings.off:
		return f.answered("off", o.trigger, at), nil
	case o.made != nil && o.made.Kind == event.Timer && time.Since(o.made.Time) > 2*f.settings.tick:
		return f.answered("stale", o.trigger, at), nil
	}
	client, err := f.client(ctx, fc, o.urgent())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if o.urgent() && !f.accepts(o.events, time.Now()) { // it has nothing to go first for
		return f.run(ctx, client, o, at, nil, nil)
	}
	yield, ok, err := f.begin(ctx, o)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return f.answered("busy", o.trigger, at), nil
	}
	defer f.sweeps.done()
	return f.run(ctx, client, o, at, f.remember(fc, o.urgent()), yield)
}

// accepts says whether some rule accepts one of the events, now or by a clock that
// is a little behind. One that none accepts must not end a timer's sweep, or a flood
// of them would leave timers no time at all.
func (f *function) accepts(events []event.Event, now time.Time) bool {
	return slices.ContainsFunc(events, func(e event.Event) bool {
		if !e.HasTime {
			e.Time = now.UTC()
		}
		soon := f.policy.Scope(now, &e.Event).Rules()
		return len(soon)+len(f.policy.Scope(now.Add(-sweep.Grace), &e.Event).Rules()) > 0
	})
}

// run does a sweep. Without a memory it is one that no other knows of.
func (f *function) run(ctx context.Context, client *cloudflow.Client, o invocation, at result.Place, memory *sweep.Memory, yield <-chan struct{}) (*result.Report, error) {
	runID := newRunID()
	report, err := f.sweep(ctx, sweep.Options{
		Policy:  f.policy,
		Source:  client,
		Stopper: client,
		Mode:    f.settings.mode,
		Memory:  memory,
		Until:   f.until(ctx, time.Now(), o.urgent()),
		Yield:   yield,
		Quota:   f.quota,
		RunID:   runID,
		Place:   at,
		Trigger: o.trigger,
		Event:   o.made,
		Events:  o.events,
		Decided: func(d result.Decision) { f.logDecision(runID, d) },
	})
	if err == nil && o.refused != nil { // a neighbour that isn't understood must not go unseen
		err = fail(eventError, o.refused)
	}
	return report, err
}

// begin waits for an event's turn, for as long as enough time is left to act
// on it; else the invocation fails, so that the event is delivered again. A
// timer's sweep doesn't wait.
func (f *function) begin(ctx context.Context, o invocation) (yield <-chan struct{}, ok bool, err error) {
	if !o.urgent() {
		yield, ok = f.sweeps.timer()
		return yield, ok, nil
	}
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, time.Now().Add(time.Until(deadline)/2))
		defer cancel()
	}
	if err := f.sweeps.event(ctx); err != nil {
		return nil, false, fmt.Errorf("another event's sweep is under way in this process, and has not ended in time: deliver this one again (%w)", err)
	}
	return nil, true, nil
}

// remember is what the sweeps before this one found out and tried, from the
// state file if this process has had none. What of the file isn't believed
// costs calls; it is told once.
func (f *function) remember(fc *fccontext.FcContext, urgent bool) *sweep.Memory {
	if f.memory != nil {
		return f.memory
	}
	var doubts error
	f.memory, doubts = sweep.NewMemory(sweep.MemoryOptions{
		File: f.settings.state, Account: f.account(fc), Region: cmp.Or(f.settings.region, fc.Region),
		Tick: f.settings.tick, Quota: f.quota, Urgent: urgent,
	})
	if doubts != nil {
		f.log.Warn("state", "file", f.settings.state, "doubts", doubts.Error())
	}
	return f.memory
}

// warned remembers that a channel has taken warnings. What can't be saved may be warned
// of once more, and is stopped later.
func (f *function) warned(given []result.Warning) {
	if err := f.memory.Warned(given, time.Now()); err != nil {
		f.log.Warn("state", "file", f.settings.state, "warnings", err.Error())
	}
}

// client is made anew for each invocation: its credentials are temporary.
// One for an event does not give way when the API throttles.
func (f *function) client(ctx context.Context, fc *fccontext.FcContext, urgent bool) (*cloudflow.Client, error) {
	region := cmp.Or(f.settings.region, fc.Region)
	endpoint, err := cloudflow.ParseEndpoint(f.settings.endpoint, region)
	if err != nil {
		return nil, fail(configError, err)
	}
	keys, err := f.credentials(ctx, fc, endpoint)
	if err != nil {
		return nil, fail(credentialsError, err)
	}
	client, err := cloudflow.New(cloudflow.Options{
		Endpoint:    f.settings.endpoint,
		Region:      region,
		Credentials: keys,
		Quota:       f.quota,
		KeepRate:    urgent,
	})
	if err != nil {
		return nil, fail(credentialsError, err)
	}
	return client, nil
}

// credentials are the invocation's or, in a fleet, those of the place's role: anew for each
// sweep.
func (f *function) credentials(ctx context.Context, fc *fccontext.FcContext, endpoint cloudflow.Endpoint) (cloudflow.Credentials, error) {
	own := cloudflow.Credentials{
		AccessKeyID:     fc.Credentials.AccessKeyId,
		AccessKeySecret: fc.Credentials.AccessKeySecret,
		SecurityToken:   fc.Credentials.SecurityToken,
	}
	switch p := f.of; {
	case p == nil:
		return own, nil
	case p.Role != nil:
		return sts.Assume(ctx, endpoint, own, *p.Role, p.Session(), nil)
	case p.Account != fc.AccountId:
		return own, fmt.Errorf("the place %s is in the account %s and has no role, but the function is in %s: give the place a role of its account", p.Name, p.Account, fc.AccountId)
	}
	return own, nil
}

// account is whose executions are judged.
func (f *function) account(fc *fccontext.FcContext) string {
	if f.of != nil {
		return f.of.Account
	}
	return fc.AccountId
}

// place is where an invocation works. One that has no endpoint fails elsewhere.
func (f *function) place(fc *fccontext.FcContext) result.Place {
	at := result.Place{Account: f.account(fc), Region: cmp.Or(f.settings.region, fc.Region), Flowreaper: version}
	if f.of != nil {
		at.Name = f.of.Name
	}
	if endpoint, err := cloudflow.ParseEndpoint(f.settings.endpoint, at.Region); err == nil {
		own, _ := endpoint.Region()
		at.Endpoint, at.Region = endpoint.String(), cmp.Or(own, at.Region)
	}
	return at
}

// until is when a sweep's time is over: early enough before the next tick, and
// before the function's timeout, to verify the stops that it has begun and to
// report, since nothing is left of a process whose time is over. Of a short
// timeout half is kept for that. An event's sweep is bound by the timeout alone.
func (f *function) until(ctx context.Context, now time.Time, urgent bool) time.Time {
	until := now.Add(f.settings.tick - sweep.Grace - reporting)
	if deadline, ok := ctx.Deadline(); ok {
		kept := min(sweep.Grace+reporting, deadline.Sub(now)/2)
		if end := deadline.Add(-kept); urgent || end.Before(until) {
			return end
		}
	}
	return until
}

// answered is the report of an invocation that looked at nothing, and why. It
// is not complete: nothing is known of what runs.
func (f *function) answered(why string, trigger result.Trigger, at result.Place) *result.Report {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return &result.Report{
		Version:    1,
		RunID:      newRunID(),
		Place:      at,
		Trigger:    trigger,
		Policy:     result.PolicyRef{Name: f.policy.Name, Hash: f.policy.Hash},
		Mode:       f.mode(),
		StartedAt:  now,
		FinishedAt: now,
		Answered:   why,
		Decisions:  []result.Decision{},
	}
}

func newRunID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }
