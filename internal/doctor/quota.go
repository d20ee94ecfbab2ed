package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
)

// bucket is an operation's quota to be measured, and how to call it cheaply.
type bucket struct {
	operation  string
	documented cloudflow.Rate
	params     map[string]string
}

// volley is how many calls are sent at once: enough to empty a bucket twice as
// deep as the documented one.
func (b bucket) volley() int { return 2*b.documented.Burst + 10 }

const (
	rest    = 12 * time.Second // without a call, for the buckets to be full
	refill  = 6 * time.Second  // for which an empty bucket is watched
	faster  = 3                // times the documented rate, at which it is watched
	admits  = 5                // calls to the other region, to see whether its bucket is empty too
	ofRate  = 0.98             // the shares of the quota that flowreaper keeps to
	ofBurst = 0.8
)

// mostCalls is the most that measuring it calls: the volley, what drains it,
// and what watches it fill.
func (b bucket) mostCalls() int {
	return b.volley() + b.drain() + int(refill.Seconds()*faster*b.documented.PerSecond)
}

func (b bucket) drain() int { return 2 * b.documented.Burst }

// allBuckets are the operations that a sweep lives by.
func allBuckets(flow, execution string) []bucket {
	slow, fast := cloudflow.Rate{PerSecond: 2, Burst: 10}, cloudflow.Rate{PerSecond: 5, Burst: 50}
	return []bucket{
		{cloudflow.OpListFlows, slow, map[string]string{"Limit": "1"}},
		{cloudflow.OpListExecutions, slow, map[string]string{"FlowName": flow, "Limit": "1", "MetadataOnly": "true"}},
		{cloudflow.OpDescribeExecution, fast, map[string]string{"FlowName": flow, "ExecutionName": execution}},
	}
}

// buckets are those that this account has something to call for.
func (x *examiner) buckets(ctx context.Context) []bucket {
	flow, execution := x.anExecution(ctx)
	if execution == "" {
		return allBuckets("", "")[:1]
	}
	return allBuckets(flow, execution)
}

// measured is one operation's quota as it was seen.
type measured struct {
	bucket
	sent, let       int           // of the volley
	took            time.Duration // by the volley
	perSecond       float64       // 0: no limit was met
	watched, passed int           // calls while it filled again, and those let in
}

func (m measured) limited() bool { return m.let < m.sent }

// burst is the bucket's depth: what the volley got, less the whole calls that
// came in meanwhile.
func (m measured) burst() int {
	return max(1, m.let-int(math.Floor(m.perSecond*m.took.Seconds())))
}

func (m measured) String() string {
	if !m.limited() {
		return fmt.Sprintf("%s more than %d at once", m.operation, m.sent)
	}
	return fmt.Sprintf("%s about %.2g/s, %d at once", m.operation, m.perSecond, m.burst())
}

// asDocumented says whether the documented quota lies within what the counting
// can tell: one call more or less.
func (m measured) asDocumented() bool {
	return math.Abs(m.perSecond-m.documented.PerSecond) <= 1.5/refill.Seconds() &&
		math.Abs(float64(m.burst()-m.documented.Burst)) <= 1
}

// rate is what flowreaper should keep to, rounded down.
func (m measured) rate() cloudflow.Rate {
	return cloudflow.Rate{
		PerSecond: math.Max(0.01, math.Floor(m.perSecond*ofRate*100)/100),
		Burst:     max(1, int(float64(m.burst())*ofBurst)),
	}
}

// askQuota empties the buckets and watches them fill.
func (x *examiner) askQuota(ctx context.Context) {
	x.Progress("calling faster than the quotas allow")
	client, err := x.once(func(*cloudflow.Options) {})
	if err != nil {
		x.answers.cannot(Quota, err.Error())
		return
	}
	defer x.count(client)
	buckets := x.buckets(ctx)
	if !pause(ctx, rest) {
		return
	}
	var all []measured
	for i, b := range buckets {
		m, err := x.measure(ctx, client, b, func(m measured) {
			if i == 0 && x.Other != "" {
				x.askScope(ctx, m, b)
			}
		})
		if err != nil {
			x.answers.cannot(Quota, fmt.Sprintf("%s could not be measured: %s", b.operation, err))
			return
		}
		all = append(all, m)
	}
	x.tellQuota(all)
}

// measure sends the volley, has the moment after it used, and watches the
// bucket fill.
func (x *examiner) measure(ctx context.Context, client *cloudflow.Client, b bucket, emptied func(measured)) (measured, error) {
	m := measured{bucket: b, sent: b.volley()}
	begun := time.Now()
	let, err := volley(ctx, client, b, m.sent)
	m.let, m.took = let, time.Since(begun)
	if err != nil {
		return m, err
	}
	emptied(m)
	if !m.limited() {
		return m, nil
	}
	// What came in meanwhile must not be taken for what comes in now.
	for range b.drain() {
		if in, err := letIn(ctx, client, b); err != nil || !in {
			break
		}
	}
	return m, x.watchFill(ctx, client, b, &m)
}

// watchFill calls at an even pace, and counts what is let in.
func (x *examiner) watchFill(ctx context.Context, client *cloudflow.Client, b bucket, m *measured) error {
	pace := time.Duration(float64(time.Second) / (faster * b.documented.PerSecond))
	var first, last time.Time // of what was let in
	for begun := time.Now(); time.Since(begun) < refill; {
		if !pause(ctx, pace) {
			return context.Cause(ctx)
		}
		in, err := letIn(ctx, client, b)
		if err != nil {
			return err
		}
		m.watched++
		if in {
			m.passed++
			last = time.Now()
			first = cmp.Or(first, last)
		}
	}
	if between := last.Sub(first); between > 0 {
		m.perSecond = float64(m.passed-1) / between.Seconds()
		return nil
	}
	return fmt.Errorf("of %d calls in %s not two were let in, too few to tell a rate", m.watched, duration.Format(refill))
}

// volley sends n calls at once and counts those that were let in.
func volley(ctx context.Context, client *cloudflow.Client, b bucket, n int) (int, error) {
	var all sync.WaitGroup
	let, failed := make([]bool, n), make([]error, n)
	for i := range n {
		all.Go(func() { let[i], failed[i] = letIn(ctx, client, b) })
	}
	all.Wait()
	return len(slices.DeleteFunc(let, func(in bool) bool { return !in })), cmp.Or(failed...)
}

// letIn makes one call and says whether the quota let it in. An execution that
// has ended for good since it was listed was let in, too.
func letIn(ctx context.Context, client *cloudflow.Client, b bucket) (bool, error) {
	_, err := cloudflow.Raw(ctx, client, cloudflow.RawCall{Operation: b.operation, Params: b.params})
	if e, ok := errors.AsType[*cloudflow.Error](err); ok && e.Throttled() {
		return false, nil
	}
	if err == nil || cloudflow.IsGone(err) {
		return true, nil
	}
	return false, err
}

func (x *examiner) tellQuota(all []measured) {
	var answer, seen []string
	rates := cloudflow.Rates{}
	for _, m := range all {
		answer = append(answer, m.String())
		seen = append(seen, fmt.Sprintf("%s: %d of %d at once were let in within %s, then %d of %d while it filled",
			m.operation, m.let, m.sent, brief(m.took), m.passed, m.watched))
		if m.limited() && !m.asDocumented() {
			rates[m.operation] = m.rate()
		}
	}
	means := "The defaults fit: there is nothing to set."
	if len(rates) > 0 {
		x.report.Settings["FLOWREAPER_RATES"] = rates.String()
		means = "Set FLOWREAPER_RATES=" + rates.String() + " (98% of the rate, 80% of the burst). Whatever else called the API meanwhile makes the quota look smaller."
	}
	if len(all) == 1 {
		means += " With no execution to ask for, only ListFlows was measured."
	}
	x.answers.tell(Quota, strings.Join(answer, "; "), strings.Join(seen, "; "), means)
}
