// Package record records CloudFlow's executions into a folder, a [history.History].
//
// [Run] lists what started since the folder was recorded last, describes anew what was
// live then, and keeps it, some minutes' worth at a time: what an interrupted run has
// kept the next one doesn't ask for again. It only reads from CloudFlow.
//
// What is to be asked of a flow is what its coverage lacks: the stretch from the last
// recording until now, one further back that --since asks for now, and whatever failed
// before. Each is a gap until it has been listed whole.
package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// Source is what is recorded from. *cloudflow.Client is one.
type Source interface {
	ListFlows(ctx context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error]
	ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error]
	DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error)
	GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error]
	ClockOffset() (time.Duration, bool)
}

// Operations are what a run may call, by the names of CloudFlow's API.
func Operations() []string {
	return []string{cloudflow.OpDescribeExecution, cloudflow.OpGetExecutionHistory, cloudflow.OpListExecutions, cloudflow.OpListFlows}
}

// Options is what Run needs. Zero fields mean what their comments say.
type Options struct {
	Source Source
	Dir    string

	// Account, Region and Endpoint are where the source is; "" is not known. What a
	// folder holds of another account or region is not added to.
	Account, Region, Endpoint string
	Flowreaper                string // its version

	Since  time.Duration // how far back a flow is recorded that the folder doesn't have
	From   time.Time     // from when on, in place of Since; the zero time: Since says
	Flows  []string      // globs of the flows to record; none: all
	Input  bool          // inputs, too
	Redact []string      // globs of the keys whose values are blanked, in inputs and environments

	Rates    func() cloudflow.Rates // in force, to tell the time left; nil: not told
	Progress func(Progress)         // nil: not told
}

// Result is what became of a run.
type Result struct {
	Folder   string    `json:"folder"`
	Kept     bool      `json:"kept"`     // whether something came, and is in the folder now
	Complete bool      `json:"complete"` // whether all that was to be recorded is
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"` // what started later is the next run's

	Flows      FlowCount      `json:"flows"`
	Executions ExecutionCount `json:"executions"`
	Pages      int            `json:"pages"`

	Problems   []Problem          `json:"problems,omitempty"`   // what was not recorded, and why
	Gone       []string           `json:"gone,omitempty"`       // flows that are not there any more
	NotCovered []string           `json:"notCovered,omitempty"` // flows whose executions policies don't judge, and that are not recorded: Express ones
	Unmatched  []policy.Unmatched `json:"unmatched,omitempty"`  // globs that name no flow
	Odd        []Strange          `json:"odd,omitempty"`        // executions that aren't what they should be, the first hundred
	OddOmitted int                `json:"oddOmitted,omitzero"`
	Unredacted int                `json:"unredacted,omitzero"`  // inputs that are not recorded, being no JSON in which a key could be blanked
	IdleRedact []string           `json:"idleRedact,omitempty"` // globs of keys that are new to the folder and matched none
}

// FlowCount counts flows.
type FlowCount struct {
	Seen     int `json:"seen"`     // that were to be recorded
	Recorded int `json:"recorded"` // of which all that was to be recorded came
}

// ExecutionCount counts executions.
type ExecutionCount struct {
	Ended int `json:"ended"` // that are recorded as ended now, and weren't before
	Live  int `json:"live"`  // that were live
	Lost  int `json:"lost"`  // that were live at an earlier recording, and that CloudFlow has forgotten
}

// Problem is why something was not recorded.
type Problem struct {
	Flow      string `json:"flow,omitzero"` // "" of all flows
	Execution string `json:"execution,omitzero"`
	Reason    string `json:"reason"`
}

// Strange is what is odd about an execution of a flow.
type Strange struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution"`
	What      string `json:"what"`
}

const (
	// settled is how far a listing may lag, which nobody could confirm: executions that
	// are younger may not be in it yet, and are the next run's; one that is live in it
	// was so as long ago.
	settled = time.Minute

	// numWorkers is how many flows are recorded at a time: enough that no quota waits
	// for another's calls, and few, since an interruption loses what isn't listed whole.
	numWorkers = 3

	maxOdd = 100
)

// Run records. Its result says what came, also beside an error; it is nil where
// nothing was begun, and then the folder is as it was. Its errors are those that
// leave nothing to hope for, of the folder among them, and ctx's; what of one flow
// went wrong is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	r := &recorder{Options: o, result: &Result{Folder: o.Dir}}
	err := r.compile()
	if err == nil {
		r.keeper, err = open(o)
	}
	if err != nil {
		return nil, Refusal{err}
	}
	flows, err := r.listFlows(ctx)
	switch {
	case flows == nil:
		return nil, err
	case len(flows) == 0 && r.saved == nil: // no folder for nothing
		r.result.Complete = err == nil
		return r.result, err
	}
	if err := r.begin(r.recording()); err != nil {
		return nil, err
	}
	err = errors.Join(err, r.work(ctx, flows))
	r.result.Complete = err == nil && len(r.result.Problems) == 0
	r.result.IdleRedact = r.idle.left(r.redacted)
	failed := r.end(r.result, r.clock())
	r.result.Kept = failed == nil && r.result.Pages > 0
	return r.result, errors.Join(err, failed)
}

// Refusal is why nothing was asked: of the options, or of the folder as it is.
type Refusal struct{ error }

// Unwrap returns the error beneath.
func (r Refusal) Unwrap() error { return r.error }

// Check says what is wrong with the globs and with Since, before anything is called.
func (o Options) Check() error {
	if o.From.IsZero() && o.Since <= settled || time.Since(o.From) <= settled {
		return errors.New("--since leaves nothing to record: what started within the last minute is the next run's, since listings may lag\nGive a longer time, or leave it out for the last week")
	}
	return (&recorder{Options: o}).compile()
}

func (r *recorder) compile() (err error) {
	if r.matches, err = policy.FlowGlobs(r.Flows); err != nil {
		return err
	}
	if len(r.Redact) > 0 {
		if r.redact, r.idle, err = redaction(r.Redact); err != nil {
			return fmt.Errorf("--redact: %w", err)
		}
	}
	return nil
}

// recorder is one run.
type recorder struct {
	Options
	*keeper
	result  *Result
	matches func(flow string) bool // nil: all
	redact  redactor
	idle    idle
	meter   meter

	now          time.Time // by CloudFlow's clock, when the flows had been listed
	since, until time.Time
}

func (r *recorder) clock() time.Time {
	offset, _ := r.Source.ClockOffset()
	return time.Now().Add(offset).UTC().Truncate(time.Millisecond)
}

func (r *recorder) recording() history.Recording {
	return history.Recording{
		Flowreaper: r.Flowreaper, StartedAt: r.now, Since: r.since, Flows: r.Flows,
		WithInput: r.Input, Redact: r.Redact,
	}
}

// listFlows lists the flows that are to be recorded. What came before an error is as
// good as ever; nil: nothing came.
func (r *recorder) listFlows(ctx context.Context) ([]cloudflow.Flow, error) {
	byID := map[string]cloudflow.Flow{}
	var failed error
	came := false
	for page, err := range r.Source.ListFlows(ctx) {
		if failed = err; err != nil {
			break
		}
		came = true
		for _, f := range page.Items {
			byID[keyOf(f)] = f // the later page knows better
		}
	}
	if failed != nil {
		failed = fmt.Errorf("the flows could not be listed: %w", failed)
	}
	if !came {
		return nil, failed
	}
	r.now = r.clock()
	r.since, r.until = r.now.Add(-r.Since), r.now.Add(-settled)
	if !r.From.IsZero() {
		r.since = r.From
	}
	r.result.Since, r.result.Until = r.since, r.until
	if failed == nil {
		r.lookForGone(ctx, byID)
	}
	return r.chosen(byID), failed
}

// keyOf tells flows apart, one without an Id by its name.
func keyOf(f cloudflow.Flow) string { return cmp.Or(f.ID, "name:"+f.Name) }

// chosen are the flows that are to be recorded, those first whose recording is the
// oldest. It is never nil.
func (r *recorder) chosen(byID map[string]cloudflow.Flow) []cloudflow.Flow {
	names := make([]string, 0, len(byID))
	flows := []cloudflow.Flow{}
	for _, f := range byID {
		names = append(names, f.Name)
		switch {
		case r.matches != nil && !r.matches(f.Name):
		case f.ExecutionMode == cloudflow.Express: // no policy judges what they run
			r.result.NotCovered = append(r.result.NotCovered, f.Name)
		default:
			flows = append(flows, f)
		}
	}
	slices.Sort(names)
	slices.Sort(r.result.NotCovered)
	r.result.Unmatched, _ = policy.UnmatchedGlobs("--flow", r.Options.Flows, names) // they are what matches was made of
	slices.SortFunc(flows, func(a, b cloudflow.Flow) int {
		return cmp.Or(r.recordedTo(keyOf(a)).Compare(r.recordedTo(keyOf(b))), strings.Compare(a.Name, b.Name))
	})
	r.result.Flows.Seen = len(flows)
	return flows
}

// facts are what rules may read of a flow, as it is now.
func facts(c history.FlowCoverage, f cloudflow.Flow, redact redactor) history.FlowCoverage {
	c.ID, c.Name, c.GoneAt = keyOf(f), f.Name, time.Time{}
	c.Description, c.ExecutionMode, c.RoleARN, c.ResourceGroupID = f.Description, f.ExecutionMode, f.RoleARN, f.ResourceGroupID
	c.CreatedTime, c.LastModifiedTime = f.CreatedTime.UTC(), f.LastModifiedTime.UTC()
	c.Environment, c.EnvironmentDoubt = redact.variables(f.Environment), f.EnvironmentDoubt
	c.DistributedMap, c.Absent = f.DistributedMap, f.Absent
	return c
}
