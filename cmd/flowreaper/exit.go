package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
)

// exit prints a sweep's report as the result and turns how it went into the
// exit status. The notes are for the page alone.
func (t *terminal) exit(ctx context.Context, r *result.Report, failure error, notes ...string) error {
	if err := t.show(r, notes...); err != nil {
		return err
	}
	if failure == nil {
		if left := r.Shortfall(); left != nil {
			failure = &statusError{status: statusPartly, err: left}
		}
	} else {
		failure = &statusError{status: statusOf(r, failure), err: errors.New(report.Plain(failure.Error()) + report.NextStep(r, failure))}
	}
	return interruptedOr(ctx, failure)
}

func (t *terminal) show(r *result.Report, notes ...string) error {
	return t.print(r, func() error {
		if t.output == "html" {
			return report.HTML(t.out, r, notes...)
		}
		return report.Text(t.out, r, t.style(t.out))
	})
}

// statusOf tells a sweep that failed from one that did a part of its work.
func statusOf(r *result.Report, failure error) int {
	var s *result.Error
	switch {
	case !errors.As(failure, &s):
		return statusFailed
	case s.Code == result.CodeUnmatched:
		return statusUsage
	case s.Code == result.CodeWithheld:
		return statusPartly
	case s.Code == result.CodeSweep && r.Flows.Seen > 0: // it got as far as that
		return statusPartly
	}
	return statusFailed
}

// nothingCame is how a command ends that has nothing to show.
func nothingCame(ctx context.Context, failure error) error {
	if errors.Is(failure, context.DeadlineExceeded) {
		failure = fmt.Errorf("%w\nGive it more time with --timeout", failure)
	}
	return interruptedOr(ctx, failure)
}

// interruptedOr gives an interrupted command its own exit status.
func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && err != nil {
		return &statusError{status: statusInterrupted, err: err}
	}
	return err
}

// style fits a report to what it is written on.
func (t *terminal) style(w any) report.Style {
	style := screen.Style(w, t.getenv)
	style.All = t.all
	return style
}

// explainEmptyScope says why no flow was in scope, where that may be a slip.
func (t *terminal) explainEmptyScope(s *sweeping, r *result.Report) {
	if r.Complete && r.Flows.Seen == 0 && len(r.NotCovered) == 0 {
		t.say("flowreaper: warning: %s\n", event.EmptyScope(s.options.Policy, s.options.Event, s.flows))
	}
}
