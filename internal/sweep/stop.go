package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

const (
	// inFlight is how many stops are tried or verified at once.
	inFlight = 16

	// verifyWait is how long one DescribeExecution waits for the execution to
	// end: CloudFlow answers as soon as it has.
	verifyWait = 5 * time.Second

	// patience is how long the next stop waits for the one before it, so that
	// they arrive in order, and one that hangs doesn't hold up the others.
	patience = time.Second
)

// stopAll hands the condemned to the gate and stops those it lets pass, the
// longest running first.
func (s *sweep) stopAll(ctx context.Context, all []condemned) {
	slices.SortFunc(all, longestFirst)
	var group errgroup.Group
	group.SetLimit(inFlight)
	for _, p := range s.gate.admit(all, s.refused) {
		answered := make(chan struct{})
		group.Go(func() error {
			s.stop(ctx, p, answered)
			return nil
		})
		await(ctx, answered)
	}
	_ = group.Wait() // stop reports for itself
	s.stopped(ctx)
}

func longestFirst(a, b condemned) int {
	return cmp.Or(
		a.execution.StartedTime.Compare(b.execution.StartedTime),
		cmp.Compare(a.flow.Name, b.flow.Name),
		cmp.Compare(a.execution.Name, b.execution.Name),
	)
}

func await(ctx context.Context, answered <-chan struct{}) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// stop tries one stop, verifies it and reports what became of it.
func (s *sweep) stop(ctx context.Context, p pass, answered chan<- struct{}) {
	c, answer, err := s.gate.stop(ctx, p)
	s.endIfFatal(err) // before the next one's turn
	close(answered)
	if no := refusal(nil); errors.As(err, &no) {
		s.refused(c, no)
		return
	}
	d := s.decision(c)
	d.RequestID = requestID(answer, err)
	d.Outcome, d.Message = s.outcome(ctx, c, err)
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
func (s *sweep) outcome(ctx context.Context, c condemned, err error) (Outcome, string) {
	var api *cloudflow.Error
	switch {
	case errors.Is(err, errRecorded):
		return Planned, ""
	case err == nil:
		return s.verify(ctx, c, StillRunning, "the stop was accepted")
	case !errors.As(err, &api):
		return Failed, err.Error()
	case api.MaybeDone && cloudflow.IsAlreadyCompleted(err):
		// It ended, by an attempt of ours whose answer was lost or without us:
		// only the execution itself knows.
		return s.verify(ctx, c, AlreadyCompleted, "")
	case api.MaybeDone:
		return s.verify(ctx, c, Failed, err.Error())
	case cloudflow.IsAlreadyCompleted(err):
		return AlreadyCompleted, ""
	case cloudflow.IsGone(err):
		return Gone, ""
	}
	return Failed, err.Error()
}

// verify asks the execution whether the stop took effect. Where nobody can tell
// the outcome is presumed, never stopped.
func (s *sweep) verify(ctx context.Context, c condemned, presumed Outcome, message string) (Outcome, string) {
	ctx, cancel := outlive(ctx)
	defer cancel()
	execution, err := s.Source.DescribeExecution(ctx, c.flow.Name, c.execution.Name, verifyWait)
	switch {
	case cloudflow.IsGone(err):
		return Gone, ""
	case err != nil:
		s.endIfFatal(err)
		s.failure(err)
		return presumed, join(message, fmt.Sprintf("whether it took effect could not be verified: %v", err))
	case execution.Live() && presumed == Failed:
		return Failed, message
	case execution.Live():
		return StillRunning, join(message, fmt.Sprintf("its status is still %s", execution.Status))
	case execution.Status == "Stopped":
		return Stopped, ""
	}
	return AlreadyCompleted, fmt.Sprintf("it ended as %s", execution.Status)
}

// outlive returns a context that ends Grace after ctx.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(Grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// stopped fails the sweep when it was cut short, or when every stop it tried
// was refused: a stopper that may stop nothing must not look healthy.
func (s *sweep) stopped(ctx context.Context) {
	if ctx.Err() != nil {
		s.fail(CodeSweep, cutShort(ctx))
	}
	if s.attempts > 0 && s.attempts == s.failures {
		s.fail(CodeSweep, fmt.Errorf("not one of %d stops was accepted: %s", s.attempts, s.firstFailure))
	}
}

func join(message, more string) string {
	if message == "" {
		return more
	}
	return message + "; " + more
}
