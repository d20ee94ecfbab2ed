// Package audit reads from CloudFlow's own record what was stopped, when, why and by whom.
//
//	result, err := audit.Run(ctx, audit.Options{Source: client, Since: 7 * 24 * time.Hour, Flows: []string{"etl-*"}})
//
// Two things are asked of each flow: which of its executions are Stopped, and of each
// that was so within the time the events, of which the last has the Error and the Cause
// that StopExecution was given. By the tail of the cause a stop is flowreaper's. That is
// what the cause says: CloudFlow doesn't record who called.
//
// A listing can be narrowed by when executions were started, and not by when they were
// stopped. So what was started up to [longest] before is listed, too.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// Source is what is read from. *cloudflow.Client is one.
type Source interface {
	ListFlows(ctx context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error]
	ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error]
	GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error]
	ClockOffset() (time.Duration, bool)
}

// Operations are what a run may call, by the names of CloudFlow's API.
func Operations() []string {
	return []string{cloudflow.OpGetExecutionHistory, cloudflow.OpListExecutions, cloudflow.OpListFlows}
}

// Options is what Run needs. Zero fields mean what their comments say.
type Options struct {
	Source Source

	// Account, Region, Endpoint and Flowreaper go into the result.
	Account, Region, Endpoint, Flowreaper string

	Since  time.Duration  // how long ago a stop may be
	From   time.Time      // from when on, in place of Since; the zero time: Since says
	Flows  []string       // globs of the flows to read; none: all
	Policy *policy.Policy // whose hash is looked for; nil: none's

	Rates    func() cloudflow.Rates // in force, to tell the time left; nil: not told
	Progress func(Progress)         // nil: not told
}

// longest is how long an execution may have run when it was stopped: a standard one lives
// for a year at the most, and for a day more, since bounds may be inclusive or not.
const longest = 366 * 24 * time.Hour

// numWorkers is how many flows are read at a time: enough that neither the listings' quota
// nor that of the histories waits for the other's calls.
const numWorkers = 3

// Check says what is wrong with the globs and with Since, before anything is called.
func (o Options) Check() error {
	if o.From.IsZero() && o.Since <= 0 || o.From.After(time.Now()) {
		return errors.New("--since leaves nothing to read: it must lie in the past; leave it out for the last week")
	}
	_, err := policy.FlowGlobs(o.Flows)
	return err
}

// Run reads. Its result says what could be read, also beside an error; it is nil where
// nothing could. Its errors are those that leave nothing to hope for, and ctx's; what of
// one flow could not be read is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	matches, err := policy.FlowGlobs(o.Flows)
	if err != nil {
		return nil, err
	}
	a := &auditor{Options: o, result: &Result{
		Version: 1, Account: o.Account, Region: o.Region, Endpoint: o.Endpoint, Flowreaper: o.Flowreaper, Stops: []Stop{},
	}}
	if o.Policy != nil {
		a.result.Policy = &Policy{Name: o.Policy.Name, Hash: o.Policy.Hash}
	}
	flows, err := a.listFlows(ctx, matches)
	if flows == nil {
		return nil, err
	}
	err = errors.Join(err, a.read(ctx, flows))
	return a.finish(), err
}

// auditor is one run.
type auditor struct {
	Options
	since time.Time

	mu     sync.Mutex // of what is below
	meter  meter
	result *Result
}

// listFlows lists the flows that are to be read. nil: nothing came.
func (a *auditor) listFlows(ctx context.Context, matches func(string) bool) ([]string, error) {
	names := map[string]string{} // with their modes
	var failed error
	came := false
	for page, err := range a.Source.ListFlows(ctx) {
		if failed = err; err != nil {
			break
		}
		came = true
		for _, f := range page.Items {
			names[f.Name] = f.ExecutionMode
		}
	}
	if failed != nil {
		failed = fmt.Errorf("the flows could not be listed: %w", failed)
		a.incomplete(Incomplete{Flow: "*", Reason: failed.Error()})
	}
	if !came {
		return nil, failed
	}
	offset, _ := a.Source.ClockOffset()
	a.result.Until = time.Now().Add(offset).UTC().Truncate(time.Millisecond)
	if a.since = a.From; a.since.IsZero() {
		a.since = a.result.Until.Add(-a.Since)
	}
	a.result.Since = a.since.UTC()
	return a.chosen(names, matches), failed
}

// chosen are the flows to read, by name. It is never nil.
func (a *auditor) chosen(modes map[string]string, matches func(string) bool) []string {
	all, flows := []string{}, []string{}
	for name, mode := range modes {
		all = append(all, name)
		switch {
		case matches != nil && !matches(name):
		case mode == cloudflow.Express:
			a.result.NotCovered = append(a.result.NotCovered, name)
		default:
			flows = append(flows, name)
		}
	}
	slices.Sort(all)
	slices.Sort(flows)
	slices.Sort(a.result.NotCovered)
	a.result.Unmatched, _ = policy.UnmatchedGlobs("--flow", a.Flows, all) // they are what matches was made of
	a.result.Flows.Seen = len(flows)
	return flows
}

func (a *auditor) incomplete(i Incomplete) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result.Incomplete = append(a.result.Incomplete, i)
}

// finish puts the result in order: the latest stop first, and last what nobody knows the
// time of.
func (a *auditor) finish() *Result {
	r := a.result
	slices.SortFunc(r.Stops, func(x, y Stop) int {
		return cmp.Or(y.StoppedTime.Compare(x.StoppedTime), cmp.Compare(x.Flow, y.Flow), cmp.Compare(x.Execution, y.Execution))
	})
	slices.SortStableFunc(r.Incomplete, func(x, y Incomplete) int { return cmp.Compare(x.Flow, y.Flow) })
	r.Complete = len(r.Incomplete) == 0
	return r
}
