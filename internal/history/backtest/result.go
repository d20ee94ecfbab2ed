package backtest

import (
	"iter"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Result is what a policy would have done to a recorded past. Its JSON form is stable.
// Lists are in the order of time, but for Undecided: the most executions first.
type Result struct {
	Version int `json:"version"` // 1

	// What the rest is to be read by comes first.
	Coverage  Coverage    `json:"coverage"`
	Undecided []Undecided `json:"undecided"`
	Censored  Censored    `json:"censored"`

	Policy     Policy     `json:"policy"`
	Executions Executions `json:"executions"`

	GoodStops  []Stop       `json:"goodStops"`           // of what Failed, TimedOut, was Stopped or still runs
	FalseStops []Stop       `json:"falseStops"`          // of what Succeeded
	HoursSaved float64      `json:"hoursSaved"`          // by the good stops; of what still runs, until it was seen last
	CostSaved  *float64     `json:"costSaved,omitempty"` // … by the prices of a minute; absent where the policy has none
	Rules      []RuleResult `json:"rules"`               // in the file's order

	// Withheld is when the limits would have held something back, had nobody done
	// anything about it. The stops are counted as if they had not.
	Withheld []Withheld `json:"withheld"`
}

// Policy is which policy it was.
type Policy struct {
	Name     string      `json:"name"`
	Hash     string      `json:"hash"`
	Mode     policy.Mode `json:"mode"`
	Currency string      `json:"currency,omitempty"` // of CostSaved
}

// Coverage is what the history holds, of what was asked for.
type Coverage struct {
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`

	Since time.Time `json:"since,omitzero"` // what started before, or from Until on, is not counted; zero: no bound
	Until time.Time `json:"until,omitzero"`
	Tick  string    `json:"tick"` // the time between two sweeps

	From       time.Time `json:"from,omitzero"` // the first start and the last sight of what is counted
	To         time.Time `json:"to,omitzero"`
	Flows      int       `json:"flows"`               // that have executions which are counted
	Executions int       `json:"executions"`          // that are counted
	Express    int       `json:"express,omitzero"`    // of them of Express flows, which are never looked at
	WithInput  *int      `json:"withInput,omitempty"` // of them that were recorded with their input; absent where the policy reads none
	Redacted   bool      `json:"redacted,omitzero"`   // in inputs or environments that it reads, values may have been blanked
	Lost       int       `json:"lost,omitzero"`       // of which CloudFlow had forgotten how they ended

	Gaps      []Gap `json:"gaps,omitempty"` // the first hundred
	GapsTotal int   `json:"gapsTotal,omitzero"`
	Odd       []Odd `json:"odd,omitempty"` // the first hundred
	Odds      int   `json:"odds,omitzero"` // how many there are
}

// Gap is a stretch of startedTimes in which executions of a flow may be missing.
type Gap struct {
	Flow   string    `json:"flow"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// Odd is what is strange about one execution as it was recorded.
type Odd struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution"`
	What      string `json:"what"`
}

// Undecided is what a rule could not be judged for, and why. Such executions are kept,
// where no other rule stops them.
type Undecided struct {
	Rule       string `json:"rule,omitempty"` // absent: any
	Reason     string `json:"reason"`
	Executions int    `json:"executions"`
	Succeeded  int    `json:"succeeded"` // of them: each may be a false stop
	// NotJudged says that the rule judges on what no history has, such as events, so
	// that these are all executions of its flows.
	NotJudged bool   `json:"notJudged,omitzero"`
	Flow      string `json:"flow,omitempty"` // of one of them
	Execution string `json:"execution,omitempty"`
}

// Censored is how far the past itself was seen.
type Censored struct {
	StillRunning int `json:"stillRunning"` // kept as long as they were seen; what came later nobody knows
	Stopped      int `json:"stopped"`      // by flowreaper itself, and kept until then
	// Stops are of what flowreaper itself stopped later. How that would have ended
	// nobody knows, so they are neither good nor false.
	Stops []Stop `json:"stops"`
}

// Executions is how many came to what.
type Executions struct {
	Concerned int `json:"concerned"`         // of flows that a rule is about; the following are of them
	Unjudged  int `json:"unjudged,omitzero"` // of flows that only rules are about which judge on no timer; the following are of the others
	Succeeded int `json:"succeeded"`
	Stopped   int `json:"stopped"`   // by the policy: good, false and censored stops
	Protected int `json:"protected"` // condemned, and held by protect to their end
	Undecided int `json:"undecided"` // kept, though some rule that judges on timers could not be decided
	Kept      int `json:"kept"`      // all others
}

// Stop is one execution that the policy would have stopped.
type Stop struct {
	Flow        string    `json:"flow"`
	Execution   string    `json:"execution"`
	Rule        string    `json:"rule"`
	StartedTime time.Time `json:"startedTime"`
	StoppedAt   time.Time `json:"stoppedAt"`          // when the policy would have stopped it, at the earliest
	EndedAs     string    `json:"endedAs"`            // its status in the end, or when it was seen last
	EndedTime   time.Time `json:"endedTime,omitzero"` // zero: it still ran
	SeenTime    time.Time `json:"seenTime"`           // when it was seen last
	Hours       float64   `json:"hours"`              // that it ran on
	Cost        *float64  `json:"cost,omitempty"`     // … of which that is the price
	ByTick      bool      `json:"byTick,omitzero"`    // found by going through sweeps, and so as exact as they are
	Undecided   bool      `json:"undecided,omitzero"` // another rule could not be decided, and may have stopped it before
	Reason      string    `json:"reason"`             // the values that decided, as in the report of a sweep

	sweep time.Time // that would have stopped it
}

// End is when it ended, or was seen last.
func (s *Stop) End() time.Time {
	if s.EndedTime.IsZero() {
		return s.SeenTime
	}
	return s.EndedTime
}

// RuleResult is what came of one rule.
type RuleResult struct {
	Rule       string      `json:"rule"`
	Mode       policy.Mode `json:"mode"` // as the file has it: it is judged as if it enforced
	GoodStops  int         `json:"goodStops"`
	FalseStops int         `json:"falseStops"`
	Censored   int         `json:"censored"` // stops of what flowreaper itself stopped
	HoursSaved float64     `json:"hoursSaved"`
	CostSaved  *float64    `json:"costSaved,omitempty"`
}

// Withheld is a stretch of time in which a limit would have held everything back; or,
// where the policy says trickle, what was beyond it.
type Withheld struct {
	From       time.Time `json:"from"`
	To         time.Time `json:"to,omitzero"` // zero: to the end of the history
	Limit      string    `json:"limit"`       // maxStops or maxShare, the tighter of the two
	Max        int       `json:"max"`         // what it allowed then
	Executions int       `json:"executions"`  // that were held back
	Ended      int       `json:"ended"`       // of them by themselves, meanwhile
}

// Stops are all stops: good, false, and of what flowreaper itself stopped later.
func (r *Result) Stops() iter.Seq[*Stop] {
	return func(yield func(*Stop) bool) {
		for _, stops := range [][]Stop{r.GoodStops, r.FalseStops, r.Censored.Stops} {
			for i := range stops {
				if !yield(&stops[i]) {
					return
				}
			}
		}
	}
}

// FalseShare is the share of false stops among what Succeeded.
func (r *Result) FalseShare() float64 {
	if r.Executions.Succeeded == 0 {
		return 0
	}
	return float64(len(r.FalseStops)) / float64(r.Executions.Succeeded)
}
