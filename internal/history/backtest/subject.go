package backtest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// subject is a flow, and what of the policy concerns it.
type subject struct {
	past  *history.Flow
	flow  *policy.Flow
	exact []rule // those that judge each execution by itself
	live  []rule // those that count what is live in the flow
	never []int  // those that would concern it, and judge on no timer
}

// rule is one rule of the policy, alone.
type rule struct {
	policy.Reach
	place  int // in the policy
	policy *policy.Policy
}

func (b *bench) subject(past *history.Flow) *subject {
	s := &subject{past: past, flow: flowOf(past)}
	if s.past.Covered.Express() {
		return s
	}
	event := &policy.Event{Kind: "timer"}
	for i, p := range b.rules {
		if !b.timed[i] {
			if p.Concerns(s.flow) {
				s.never = append(s.never, i)
			}
			continue
		}
		for _, reach := range p.Reach(event, s.flow) {
			r := rule{reach, i, p}
			if reach.Needs.Has(policy.NeedLive) {
				s.live = append(s.live, r)
			} else {
				s.exact = append(s.exact, r)
			}
		}
	}
	return s
}

func (s *subject) concerned() bool { return len(s.exact)+len(s.live)+len(s.never) > 0 }

// countsTogether says that a rule counts what is live in the flow together with what is in
// others.
func (s *subject) countsTogether() bool {
	return slices.ContainsFunc(s.live, func(r rule) bool { return r.Needs.Has(policy.NeedTogether) })
}

func judgesOnTimers(r *policy.Rule) bool { return slices.Contains(r.On, policy.OnTimer) }

// flowOf is a flow as rules see it: as it was when it was recorded last.
func flowOf(past *history.Flow) *policy.Flow {
	f := &policy.Flow{Name: past.Name, ID: past.ID, NameOnly: past.Covered == nil}
	if c := past.Covered; c != nil {
		f.Description, f.ExecutionMode, f.RoleARN, f.ResourceGroupID = c.Description, c.ExecutionMode, c.RoleARN, c.ResourceGroupID
		f.CreatedTime, f.LastModifiedTime = c.CreatedTime, c.LastModifiedTime
		f.Env, f.EnvDoubt, f.DistributedMap, f.Unknown = c.Environment, c.EnvironmentDoubt, c.DistributedMap, c.Absent
	}
	return f
}

// executionOf is an execution as rules saw it while it ran.
func executionOf(e *history.Execution) *policy.Execution {
	x := &policy.Execution{Name: e.Name, Status: "Running", StartedTime: e.StartedTime}
	if e.Input != nil {
		x.Input = policy.JSONInput(*e.Input)
	}
	switch {
	case e.Environment == nil:
		x.EnvUnknown = true
	case *e.Environment == "{}": // as most are
	case json.Unmarshal([]byte(*e.Environment), &x.Env) != nil:
		x.EnvDoubt = "it was recorded as something else than an object of texts"
	}
	return x
}

// life is from when to when an execution is known to have run.
type life struct {
	from, to time.Time // from is zero where nobody knows
	open     bool      // it may have run on, or ended before: what is known is that it had ended by then
}

func lifeOf(e *history.Execution) life {
	switch {
	case e.Live():
		return life{from: e.StartedTime, to: e.SeenTime}
	case e.StoppedTime.IsZero():
		return life{e.StartedTime, e.SeenTime, true}
	}
	return life{from: e.StartedTime, to: e.StoppedTime}
}

// ownStop says that flowreaper itself stopped it, by the tail of its cause.
func ownStop(e *history.Execution) bool {
	if e.Status != "Stopped" || !strings.Contains(e.Cause, " [flowreaper/1 ") {
		return false
	}
	_, _, ok := policy.ParseCause(e.Cause)
	return ok
}
