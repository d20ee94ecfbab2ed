package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// verifyWait is how long one DescribeExecution waits for the execution to end:
// CloudFlow answers as soon as it has.
const verifyWait = 5 * time.Second

// try tries a stop and verifies it.
func (s *sweep) try(c *condemned, p pass) {
	d := s.decision(p.finding)
	s.lateBy(&d, p.due, s.now())
	s.tried[c.key()] = true
	delete(s.admitted, c.key())
	s.turn++
	s.unanswered, s.lastSent = true, time.Now()
	turn := s.turn
	s.start(opStop, func() (func(), error) {
		answer, err := s.gate.send(s.ctx, p)
		s.endIfFatal(err) // before the next one's turn
		s.results <- func() { s.unanswered = s.unanswered && turn < s.turn }
		d.RequestID = requestID(answer, err)
		d.Outcome, d.Message = s.outcome(s.ctx, p.finding, err)
		return func() { s.settle(c, d, err) }, nil
	}, func(fault error) {
		d.Outcome, d.Message = result.Failed, fault.Error()
		s.settle(c, d, fault)
	})
}

// lateBy notes how late a stop is tried.
func (s *sweep) lateBy(d *result.Decision, due policy.Due, now time.Time) {
	if due.Kind == policy.Moment {
		late := max(0, now.Sub(due.Time.Truncate(time.Millisecond)))
		s.late = append(s.late, late)
		d.LateSeconds = seconds(late)
	}
}

// settle takes in what became of a stop.
func (s *sweep) settle(c *condemned, d result.Decision, err error) {
	switch d.Outcome {
	case result.Planned:
		s.recorded = append(s.recorded, planned(c.finding))
	case result.Stopped, result.AlreadyCompleted, result.Gone:
		live := s.watch.Live()
		s.watch.Ended(c.flowKey, c.name)
		s.ended += live - s.watch.Live()
		s.gone[c.key()] = true
		s.settled(c.key())
	case result.NotTried:
		s.partial = true
		s.markAs(c.by, c.key(), waitingOutcome)
	default:
		s.markAs(c.by, c.key(), d.Outcome)
	}
	s.attempted(d, err)
}

// requestID leads people and support to the StopExecution call, refused or not.
func requestID(answer cloudflow.Execution, err error) string {
	var api *cloudflow.Error
	if errors.As(err, &api) {
		return api.RequestID
	}
	return answer.RequestID
}

// outcome tells what became of a stop, and what people should know of it. err
// is StopExecution's; its answer says nothing about the effect.
func (s *sweep) outcome(ctx context.Context, c finding, err error) (result.Outcome, string) {
	var api *cloudflow.Error
	switch {
	case errors.Is(err, errRecorded):
		return result.Planned, ""
	case err == nil:
		return s.verify(ctx, c, result.StillRunning, "the stop was accepted")
	case s.unsent(err):
		return result.NotTried, notTried{timeIsOver(s.ctx)}.Error()
	case !errors.As(err, &api):
		return result.Failed, err.Error()
	case api.MaybeDone && cloudflow.IsAlreadyCompleted(err):
		// It ended, by an attempt of ours whose answer was lost or without us:
		// only the execution itself knows.
		return s.verify(ctx, c, result.AlreadyCompleted, "")
	case api.MaybeDone:
		return s.verify(ctx, c, result.Failed, err.Error())
	case cloudflow.IsAlreadyCompleted(err):
		return result.AlreadyCompleted, ""
	case cloudflow.IsGone(err):
		return result.Gone, ""
	}
	return result.Failed, err.Error()
}

// unsent says that the sweep's time, or the sweep, was over before a stop was sent.
func (s *sweep) unsent(err error) bool {
	var api *cloudflow.Error
	if errors.As(err, &api) && api.MaybeDone || isFatal(err) {
		return false
	}
	return errors.Is(err, cloudflow.ErrOutOfTime) || s.ctx.Err() != nil && errors.Is(err, s.ctx.Err())
}

// verify asks the execution whether the stop took effect. Where nobody can tell
// the outcome is presumed, never stopped.
func (s *sweep) verify(ctx context.Context, c finding, presumed result.Outcome, message string) (result.Outcome, string) {
	wait := s.verifyWait()
	ctx, cancel := outlive(ctx, s.grace)
	defer cancel()
	execution, err := s.Source.DescribeExecution(ctx, c.flow.Name, c.execution.Name, wait)
	switch {
	case cloudflow.IsGone(err):
		return result.Gone, ""
	case err != nil:
		s.endIfFatal(err)
		s.failure(err)
		return presumed, join(message, fmt.Sprintf("whether it took effect could not be verified: %v", err))
	case execution.Live() && presumed == result.Failed:
		return result.Failed, message
	case execution.Live():
		return result.StillRunning, join(message, fmt.Sprintf("its status is still %s", execution.Status))
	case execution.Status == "Stopped":
		return result.Stopped, ""
	}
	return result.AlreadyCompleted, fmt.Sprintf("it ended as %s", execution.Status)
}

// verifyWait is how long the next verification may wait: less towards the end of
// the sweep's time.
func (s *sweep) verifyWait() time.Duration {
	if s.Until.IsZero() {
		return verifyWait
	}
	left := s.Until.Add(s.grace).Sub(s.Now()) - time.Second // for the answer's way
	return min(verifyWait, max(time.Second, left.Truncate(time.Second)))
}

// outlive returns a context that ends so long after ctx.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

func join(message, more string) string {
	if message == "" {
		return more
	}
	return message + "; " + more
}
