package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/brake"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// stopping is a command that stops: apply, or stop.
type stopping struct {
	command string
	first   string // what to do before it is answered beforehand
	yes     bool   // answered beforehand
	counts  bool   // its stops are the limits' to count
	dryRun  bool   // the plan is shown as the result, and nothing is asked or stopped
	most    int    // unless 0, so many are stopped at most, the oldest

	// question is what to ask of a person who has been shown the plan.
	question func(planned *result.Report, stops result.Recording) string

	// missed, unless nil, says why a sweep that didn't fail did not do what the
	// person wanted.
	missed func(context.Context, *result.Report) error
}

// confirmAndStop shows what would be stopped, asks, and stops what was shown. Where
// the answer was given beforehand it stops all that is condemned.
func (t *terminal) confirmAndStop(ctx context.Context, s *sweeping, c stopping) error {
	if !c.yes && !c.dryRun && !screen.IsTerminal(t.in) {
		return usageError(c.noTerminal())
	}
	bounded, disconnect, err := t.connect(ctx, s)
	if err != nil {
		return err
	}
	defer disconnect()
	if c.counts {
		if err := s.countIn(); err != nil {
			return err
		}
	}
	if !c.yes || c.dryRun || c.most > 0 {
		planned, recording, failure := t.lookOnly(bounded, s)
		if c.most > 0 && failure == nil {
			recording, s.options.Beyond, failure = brake.Oldest(c.most, planned, recording)
		}
		if len(recording) == 0 || failure != nil && !planned.Trickles(failure) || c.dryRun {
			return t.finish(ctx, bounded, s, c, planned, failure)
		}
		if !c.yes {
			if err := t.confirm(bounded, s.ofAccount(planned), c.question(planned, recording)); err != nil {
				return interruptedOr(ctx, err)
			}
		}
		if s.options.Approved == nil {
			s.options.Approved = recording
		}
	}
	s.options.By = s.connection.Caller
	show, done := screen.Progress(t.err, func(p result.Progress) (float64, string) { return p.Share, p.LookingAndStopping() })
	s.options.Progress = show
	swept, failure := sweep.Run(bounded, s.options)
	done()
	return t.finish(ctx, bounded, s, c, swept, failure)
}

// lookOnly plans, and shows on a terminal how far it has got.
func (t *terminal) lookOnly(ctx context.Context, s *sweeping) (*result.Report, result.Recording, error) {
	show, done := screen.Progress(t.err, func(p result.Progress) (float64, string) { return p.Share, p.Looking() })
	defer done()
	s.options.Progress = show
	return sweep.Plan(ctx, s.options)
}

// finish tells how it went. bounded is ctx with the time that is left.
func (t *terminal) finish(ctx, bounded context.Context, s *sweeping, c stopping, r *result.Report, failure error) error {
	err := t.exit(ctx, s.ofAccount(r), failure)
	if failure != nil || c.missed == nil || bounded.Err() != nil {
		return err
	}
	missed := c.missed(bounded, r)
	if err != nil && missed != nil {
		t.say("flowreaper: %v\n", missed)
	}
	return cmp.Or(err, missed)
}

func (c stopping) noTerminal() error {
	return fmt.Errorf("%s asks before it stops, and there is no terminal to ask on\n%s beforehand with --yes", c.command, c.first)
}

// confirm shows the plan and asks whether to carry it out. The plan is no result
// yet, so it goes to stderr, as the question does. After an interrupt nothing is
// asked, and no answer counts that was typed before.
func (t *terminal) confirm(ctx context.Context, planned *result.Report, question string) error {
	if ctx.Err() != nil {
		return nothingStopped(ctx)
	}
	if err := report.Text(t.err, planned, t.style(t.err)); err != nil {
		return err
	}
	return t.ask(ctx, question, "nothing was stopped")
}

// ask asks a question that is to be answered yes. unless is what follows from any
// other answer.
func (t *terminal) ask(ctx context.Context, question, unless string) error {
	t.say("\n%s Only yes means yes: ", question)
	answer, err := t.readLine(ctx)
	if err == nil && answer != "yes" {
		err = errors.New(unless + ": the answer was not yes")
	}
	return err
}

// readLine reads one line, or gives up with ctx: an interrupt must not wait for
// a line that never comes.
func (t *terminal) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(t.in).ReadString('\n') // the end of the input is no yes
		lines <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-lines:
		if ctx.Err() == nil {
			return line, nil
		}
	case <-ctx.Done():
	}
	t.say("\n")
	return "", nothingStopped(ctx)
}

func nothingStopped(ctx context.Context) error {
	return fmt.Errorf("nothing was stopped: %w", context.Cause(ctx))
}
