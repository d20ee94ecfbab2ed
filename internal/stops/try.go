package stops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Stop is a stop whose turn it is.
type Stop struct {
	c        *condemned
	pass     *pass
	turn     int
	decision result.Decision
	gate     *gate
	source   judge.Source
}

// try begins a stop.
func (s *Stops) try(c *condemned) *Stop {
	d := s.decision(c.Finding)
	if c.Due.Kind == policy.Moment {
		late := max(0, s.Judge.Clock.Now().Sub(c.Due.Time.Truncate(time.Millisecond)))
		s.late = append(s.late, late)
		d.LateSeconds = result.Seconds(late)
	}
	s.tried[c.key()] = true
	delete(s.all, c.key())
	s.turn++
	s.unanswered, s.lastSent = true, time.Now()
	return &Stop{c: c, pass: c.pass, turn: s.turn, decision: d, gate: &s.gate, source: s.Source}
}

// Answer is what came of a stop.
type Answer struct {
	Outcome result.Outcome
	Message string
	Err     error // why it failed

	// Unverified is why nobody can tell whether it took effect.
	Unverified error
	requestID  string
}

// Send sends the stop, off the loop.
func (p *Stop) Send(ctx context.Context) (cloudflow.Execution, error) {
	return p.gate.send(ctx, p.pass)
}

// StopAnswered takes in that the stop was answered, whatever the answer: the next need
// not wait for it.
func (s *Stops) StopAnswered(p *Stop) {
	if p.turn == s.turn {
		s.unanswered = false
	}
}

// Verify tells, off the loop, what became of a stop that was sent, and what people
// should know of it. err is StopExecution's; its answer says nothing about the effect.
// ctx outlives the sweep's time; wait is how long DescribeExecution may wait for the
// end.
func (p *Stop) Verify(ctx context.Context, wait time.Duration, answer cloudflow.Execution, err error) Answer {
	v := verification{ctx, p, wait}
	a := v.outcome(err)
	a.requestID = requestID(answer, err)
	return a
}

// NotSent is the answer of a stop that the sweep had no time for.
func NotSent(why error) Answer {
	return Answer{Outcome: result.NotTried, Message: notTried{why}.Error()}
}

// requestID leads people and support to the StopExecution call, refused or not.
func requestID(answer cloudflow.Execution, err error) string {
	if api, ok := errors.AsType[*cloudflow.Error](err); ok {
		return api.RequestID
	}
	return answer.RequestID
}

type verification struct {
	ctx  context.Context
	stop *Stop
	wait time.Duration
}

func (v verification) outcome(err error) Answer {
	api, isAPI := errors.AsType[*cloudflow.Error](err)
	failed := Answer{Outcome: result.Failed, Err: err}
	if err != nil {
		failed.Message = err.Error()
	}
	switch {
	case errors.Is(err, errRecorded):
		return Answer{Outcome: result.Planned}
	case err == nil:
		return v.verify(Answer{Outcome: result.StillRunning, Message: "the stop was accepted"})
	case !isAPI:
		return failed
	case api.MaybeDone && cloudflow.IsAlreadyCompleted(err):
		// It ended, by an attempt of ours whose answer was lost or without us:
		// only the execution itself knows.
		return v.verify(Answer{Outcome: result.AlreadyCompleted})
	case api.MaybeDone:
		return v.verify(failed)
	case cloudflow.IsAlreadyCompleted(err):
		return Answer{Outcome: result.AlreadyCompleted}
	case cloudflow.IsGone(err):
		return Answer{Outcome: result.Gone}
	}
	return failed
}

// verify asks the execution whether the stop took effect. Where nobody can tell
// the outcome is presumed, never stopped.
func (v verification) verify(presumed Answer) Answer {
	f := v.stop.pass
	execution, err := v.stop.source.DescribeExecution(v.ctx, f.Flow.Name, f.Execution.Name, v.wait)
	switch {
	case cloudflow.IsGone(err):
		return Answer{Outcome: result.Gone}
	case err != nil:
		presumed.Unverified = err
		presumed.Message = join(presumed.Message, fmt.Sprintf("whether it took effect could not be verified: %v", err))
		return presumed
	case execution.Live() && presumed.Outcome == result.Failed:
		return presumed
	case execution.Live():
		return Answer{Outcome: result.StillRunning, Message: join(presumed.Message, fmt.Sprintf("its status is still %s", execution.Status))}
	case execution.Status == "Stopped":
		return Answer{Outcome: result.Stopped}
	}
	return Answer{Outcome: result.AlreadyCompleted, Message: fmt.Sprintf("it ended as %s", execution.Status)}
}

func join(message, more string) string {
	if message == "" {
		return more
	}
	return message + "; " + more
}

// Settle takes in what became of a stop.
func (s *Stops) Settle(p *Stop, a Answer) {
	c, d := p.c, p.decision
	d.Outcome, d.Message, d.RequestID = a.Outcome, a.Message, a.requestID
	switch d.Outcome {
	case result.Planned:
		s.recorded = append(s.recorded, planned(c.Finding))
	case result.Stopped, result.AlreadyCompleted, result.Gone:
		live := s.Watch.Live()
		s.Watch.Ended(c.flowKey, c.name)
		s.ended += live - s.Watch.Live()
		s.gone[c.key()] = true
		s.Settled(c.key())
		if c.Unlimited() { // the ledger doesn't know it
			s.Watch.Uncounted.Add(p.pass.try(s.Judge.Clock.Now()))
		}
	case result.NotTried:
		s.Report.Partial()
		s.mark(c.By, c.key(), unsettled)
	default:
		s.mark(c.By, c.key(), d.Outcome)
	}
	s.Report.Tried(d)
}

// Lateness is how late stops were tried; nil where none was due at a moment that can be
// told.
func (s *Stops) Lateness() *result.Lateness {
	n := len(s.late)
	if n == 0 {
		return nil
	}
	slices.Sort(s.late)
	return &result.Lateness{Count: n, P99Seconds: result.Seconds(s.late[(n*99-1)/100]), MaxSeconds: result.Seconds(s.late[n-1])}
}

// decision is what can be said of a condemned execution before its outcome.
func (s *Stops) decision(f judge.Finding) result.Decision {
	d := result.Decision{
		Flow:        f.Flow.Name,
		Execution:   f.Execution.Name,
		Verdict:     f.Verdict.Decision,
		StartedTime: f.Execution.StartedTime,
		Reason:      f.Verdict.Reason(),
		WouldAlso:   f.Verdict.WouldAlso,
	}
	if !f.Execution.StartedTime.IsZero() {
		d.AgeSeconds = max(0, f.JudgedAt.Sub(f.Execution.StartedTime).Seconds()) // as rules see it
	}
	if f.Due.Kind == policy.Moment {
		due := f.Due.Time.Truncate(time.Millisecond)
		d.DueTime = &due
	}
	if f.Verdict.Rule != nil {
		d.Rule = f.Verdict.Rule.Name
	}
	if f.Verdict.Decision == policy.Stop {
		d.Error, d.Cause = f.Verdict.Rule.Error, s.cause(f)
	}
	return d
}
