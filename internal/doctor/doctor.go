package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// Options say whom to ask, and how much.
type Options struct {
	Endpoint    string // as cloudflow.ParseEndpoint has it; "" derives it from Region
	Region      string
	Credentials cloudflow.Credentials
	HTTPClient  cloudflow.HTTPClient // nil: one of its own, as the client's
	Rates       cloudflow.Rates      // missing ones are the default, below the documented quotas

	Canary bool   // also flows of doctor's own
	Burst  bool   // also more calls than the quotas allow, which may throttle others
	Other  string // with Burst: another region, or its endpoint

	Policy *policy.Policy // whose names are looked up; nil: none

	Progress func(string) // told what is done now; nil: nobody
}

// Check finds what is wrong with the options' places before anything is called.
func (o Options) Check() error {
	if _, err := cloudflow.ParseEndpoint(o.Endpoint, o.Region); err != nil {
		return err
	}
	if o.Other == "" {
		return nil
	}
	if _, err := cloudflow.ParseEndpoint(otherEndpoint(o.Other)); err != nil {
		return fmt.Errorf("the other region: %w", err)
	}
	return nil
}

// examiner is one run.
type examiner struct {
	Options
	guard   *guard
	client  *cloudflow.Client // waits for the quota and retries
	quota   *cloudflow.Quota
	answers answers
	report  *Report
	flows   []cloudflow.Flow // the first page of them
}

// Run asks all questions. Without a report its error says why nothing could be
// asked: no endpoint, no access. With one it says that the context ended first,
// or that flows of the canary could not be deleted (Report.Leftovers).
func Run(ctx context.Context, o Options) (*Report, error) {
	x, closeAll, err := newExaminer(o)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	x.report.StartedAt = time.Now().UTC()
	x.Progress("reading flows")
	if err := x.readFlows(ctx); err != nil {
		return nil, x.withClock(err)
	}
	failure := x.examine(ctx)
	return x.finish(ctx), errors.Join(failure, x.leftovers())
}

func newExaminer(o Options) (*examiner, func(), error) {
	if err := o.Check(); err != nil {
		return nil, nil, err
	}
	endpoint, err := cloudflow.ParseEndpoint(o.Endpoint, o.Region)
	if err != nil {
		return nil, nil, err
	}
	closeAll := func() {}
	if o.HTTPClient == nil {
		own := cloudflow.NewHTTPClient()
		o.HTTPClient, closeAll = own, own.Close
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	x := &examiner{
		Options: o,
		guard:   newGuard(o.HTTPClient),
		answers: answers{},
		report:  &Report{Version: 1, Endpoint: endpoint.String(), Settings: map[string]string{}, Calls: map[string]int{}},
	}
	if x.quota, err = cloudflow.NewQuota(o.Rates); err != nil {
		return nil, nil, err
	}
	x.client, err = x.connect(func(*cloudflow.Options) {})
	return x, closeAll, err
}

// connect makes a client behind the guard. It is the only place that makes any.
func (x *examiner) connect(change func(*cloudflow.Options)) (*cloudflow.Client, error) {
	o := cloudflow.Options{
		Endpoint: x.Endpoint, Region: x.Region, Credentials: x.Credentials,
		HTTPClient: x.guard, Quota: x.quota, UserAgent: "flowreaper-doctor",
	}
	change(&o)
	return cloudflow.New(o)
}

// once makes a client that answers what the server said to one request: it
// neither waits for the quota nor tries again.
func (x *examiner) once(change func(*cloudflow.Options)) (*cloudflow.Client, error) {
	return x.connect(func(o *cloudflow.Options) {
		o.Quota, o.Retry = cloudflow.Unlimited(), cloudflow.RetryPolicy{MaxAttempts: 1}
		change(o)
	})
}

// examine asks question after question; an error ends it.
func (x *examiner) examine(ctx context.Context) error {
	x.askNames(ctx)
	if x.Canary && ctx.Err() == nil {
		x.runCanary(ctx)
	}
	if x.Burst && ctx.Err() == nil {
		x.askQuota(ctx)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("not all questions were asked: %w", context.Cause(ctx))
	}
	return nil
}

// withClock adds what the refused call still told about the clocks.
func (x *examiner) withClock(err error) error {
	if offset, known := x.client.ClockOffset(); known && offset.Abs() > clockLimit {
		return fmt.Errorf("%w; CloudFlow's clock is %s this machine's", err, aheadOf(offset))
	}
	return err
}

func (x *examiner) note(format string, args ...any) {
	x.report.Notes = append(x.report.Notes, fmt.Sprintf(format, args...))
}

func (x *examiner) finish(ctx context.Context) *Report {
	x.askClock()
	r := x.report
	r.Answers = x.answers.list(ctx.Err() != nil)
	r.FinishedAt = time.Now().UTC()
	x.count(x.client)
	return r
}

// count adds what a client has sent to the report.
func (x *examiner) count(c *cloudflow.Client) {
	stats := c.Stats()
	for operation, n := range stats.Calls {
		x.report.Calls[operation] += n
	}
	x.report.Throttled += stats.Throttled
}

// leftovers is the error of canary flows that are still there.
func (x *examiner) leftovers() error {
	if len(x.report.Leftovers) == 0 {
		return nil
	}
	return fmt.Errorf("canary flows could not be deleted: %q; what runs of them only waits and ends by itself within 10 minutes; next: delete them in the console, or with 'aliyun fnf DeleteFlow --Name NAME'", x.report.Leftovers)
}
