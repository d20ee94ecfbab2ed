package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// answering is what is left of the invocation's time, after people were told,
// to answer.
const answering = 500 * time.Millisecond

// notifier tells the policy's channels what a sweep did. It lives as long as
// the process, whose memory of what was told is in it.
type notifier struct {
	channels *notify.Notifier
	log      *slog.Logger
}

// newNotifier reads the policy's channels; an error is a mistake in the policy.
// A channel that can't be told anything, because its variables aren't set, is
// no reason not to stop executions: it is logged, now and each time.
func newNotifier(p *policy.Policy, getenv func(string) string, log *slog.Logger, warned func([]result.Warning)) (*notifier, error) {
	channels, err := notify.For(p, notify.Options{Getenv: getenv, Warned: warned})
	if err != nil {
		return nil, err
	}
	n := &notifier{channels: channels, log: log}
	n.warn(channels.Trimmed())
	n.warn(channels.Unusable())
	return n, nil
}

// tell tells of a report whose sweep is over and logged. It takes 5 s at the
// most, and no more than is left of the invocation's time; it fails nothing. A
// nil notifier tells nobody.
func (n *notifier) tell(ctx context.Context, r *result.Report) {
	if n == nil {
		return
	}
	if deadline, ok := ctx.Deadline(); ok {
		shorter, cancel := context.WithDeadline(ctx, deadline.Add(-answering))
		defer cancel()
		ctx = shorter
	}
	n.warn(n.channels.Send(ctx, r))
}

// warn logs the channels that could not be told. Their errors show neither URLs
// nor secrets.
func (n *notifier) warn(errs []*notify.Error) {
	for _, err := range errs {
		n.log.Warn("notify", "channel", err.Channel, "error", err.Text)
	}
}
