// Package history is a recorded past: which executions there were, when each began,
// and how it ended. It is a folder,
//
//	history.json             of which account and when; what is covered, flow by flow
//	executions-*.parquet     a row an execution, by flowId, startedTime and execution
//
// that flowreaper record writes, a backtest and a suggestion read, and DuckDB, pandas
// or MaxCompute read as it is. docs/replay.md tells the columns.
//
//	h, err := history.Open(dir, history.Options{Input: true})
//	defer h.Close()
//	for flow, err := range h.Flows() {
//		…
//	}
//
// [Open] says what is wrong with a folder before a row of it is read. [History.Flows]
// holds one flow at a time, each execution of it once: what was recorded last counts,
// and [Flow.Odd] says where what was recorded before disagrees. [Write] makes a folder
// of flows, whole or not at all; tests make theirs so. Package record records.
package history

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// Execution is one execution, as it was known when it was recorded last. Times are
// UTC, by CloudFlow's clock, to the millisecond.
type Execution struct {
	Name        string
	Status      string    // in CloudFlow's words: Running, Succeeded, …
	StartedTime time.Time // the zero time where CloudFlow didn't say
	StoppedTime time.Time // the zero time: it had not ended by SeenTime, or nobody said when

	// SeenTime is when it was recorded last: by then it had ended, or had not.
	SeenTime time.Time

	Input       *string // the JSON text, "" for none; nil: not recorded, or not asked of Open
	Environment *string // of the execution, as JSON: an object of texts; nil: not recorded
	Error       string  // as it ended; "": not known
	Cause       string
}

// Live says that it had not ended when it was seen last.
func (e *Execution) Live() bool { return !policy.HasEnded(e.Status) }

// Flow is one flow's executions, by startedTime and name; each once, as what was
// recorded last knows it.
type Flow struct {
	ID, Name   string
	Executions []Execution

	// Covered is what history.json tells of the flow; nil where it tells nothing.
	Covered *FlowCoverage

	// Odd tells of executions that are not what they should be.
	Odd []Odd
}

// Odd is what is strange about one execution.
type Odd struct {
	Execution string
	What      string // such as: stopped before it started
}

// Missing are the stretches in which executions of the flow may be missing: the gaps
// that a recording left, and all of it where the files are not those that history.json
// tells of.
func (f *Flow) Missing() []Gap {
	c := f.Covered
	switch {
	case c == nil:
		whole := f.spanned()
		return []Gap{{whole.From, whole.To, CoverageFile + " tells nothing of this flow: its file may be another history's"}}
	case len(f.Executions) < c.Rows:
		all := Gap{c.From, c.To, fmt.Sprintf("%s counts %s, and the files have %s: one may be missing", CoverageFile, plain.Count(c.Rows, "execution"), plain.Number(len(f.Executions)))}
		return append([]Gap{all}, c.Gaps...)
	}
	return c.Gaps
}
