package backtest

import "time"

// Comparison is what a policy would have done otherwise than another, to the same past.
// Its JSON form is stable.
type Comparison struct {
	Version int `json:"version"` // 1

	Coverage  Coverage    `json:"coverage"`
	Undecided []Undecided `json:"undecided"` // of the policy
	Censored  Censored    `json:"censored"`  // of the policy

	Policy  Side `json:"policy"`
	Against Side `json:"against"`

	NewlyStopped    []Stop `json:"newlyStopped"`    // by the policy, and not by the other
	NoLongerStopped []Stop `json:"noLongerStopped"` // by the other, and not by the policy
	Unchanged       int    `json:"unchanged"`       // stopped by both
	Earlier         int    `json:"earlier"`         // of these, earlier by the policy than by the other
	Later           int    `json:"later"`
}

// Side is one of two policies, and what it would have come to.
type Side struct {
	Policy
	Executions Executions `json:"executions"`
	GoodStops  int        `json:"goodStops"`
	FalseStops int        `json:"falseStops"`
	HoursSaved float64    `json:"hoursSaved"`
	CostSaved  *float64   `json:"costSaved,omitempty"`
	Withheld   int        `json:"withheld"` // how often limits would have held something back
}

// Compare holds what a policy would have done against what another would have.
func Compare(r, against *Result) *Comparison {
	c := &Comparison{
		Version: 1, Coverage: r.Coverage, Undecided: r.Undecided, Censored: r.Censored,
		Policy: r.side(), Against: against.side(), NewlyStopped: []Stop{}, NoLongerStopped: []Stop{},
	}
	others := map[stopped]time.Time{}
	for s := range against.Stops() {
		others[s.key()] = s.StoppedAt
	}
	for s := range r.Stops() {
		at, both := others[s.key()]
		if !both {
			c.NewlyStopped = append(c.NewlyStopped, *s)
			continue
		}
		delete(others, s.key())
		c.Unchanged++
		switch s.StoppedAt.Compare(at) {
		case -1:
			c.Earlier++
		case 1:
			c.Later++
		}
	}
	for s := range against.Stops() {
		if _, left := others[s.key()]; left {
			c.NoLongerStopped = append(c.NoLongerStopped, *s)
		}
	}
	return c
}

func (r *Result) side() Side {
	return Side{
		Policy: r.Policy, Executions: r.Executions, GoodStops: len(r.GoodStops), FalseStops: len(r.FalseStops),
		HoursSaved: r.HoursSaved, CostSaved: r.CostSaved, Withheld: len(r.Withheld),
	}
}

// stopped is what was stopped: a flow that was made anew may have an execution of the
// name, too.
type stopped struct {
	flow, execution string
	started         time.Time
}

func (s *Stop) key() stopped { return stopped{s.Flow, s.Execution, s.StartedTime} }

// False says that it is a false stop.
func (s *Stop) False() bool { return s.EndedAs == "Succeeded" }
