package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// DefaultTimeout is what a channel may take.
const DefaultTimeout = 5 * time.Second

// Options are a Notifier's surroundings.
type Options struct {
	Getenv  func(string) string // where URLs and secrets are; default os.Getenv
	Now     func() time.Time    // for signatures and memory; default time.Now
	Timeout time.Duration       // of all channels together: they are told at once; default DefaultTimeout
	// Warned, unless nil, is called with the warnings of a report that a channel has taken,
	// before Send returns.
	Warned func([]result.Warning)

	Transport http.RoundTripper // default: TLS as net/http does it, a new connection a message
}

// Notifier tells a policy's channels. Of earlier sweeps it remembers what each
// was told, in this process alone. It may be used concurrently.
type Notifier struct {
	config   []policy.Channel
	routes   map[string][]string // for each rule that chooses them, its channels; it may choose none
	options  Options
	client   *http.Client
	memories []*memory // of each channel
}

// For is the notifier of a policy: of its channels, with the routes that its rules
// choose. It tries the channels' templates: its error is [Check]'s. Variables of the
// environment are read when a message is sent, so that one that isn't set keeps no
// sweep from running.
func For(p *policy.Policy, options Options) (*Notifier, error) {
	if err := Check(p); err != nil {
		return nil, err
	}
	if options.Getenv == nil {
		options.Getenv = os.Getenv
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	options.Timeout = cmp.Or(options.Timeout, DefaultTimeout)
	n := &Notifier{config: p.Notify, routes: routes(p), options: options, client: newClient(options.Transport)}
	for range n.config {
		n.memories = append(n.memories, &memory{})
	}
	return n, nil
}

// Error says why a channel could not be told. It shows neither the channel's
// URL nor its secret.
type Error struct {
	Channel string // its name
	Text    string
}

func (e *Error) Error() string { return fmt.Sprintf("notify: channel %q: %s", e.Channel, e.Text) }

// Unusable returns the channels that can't be told anything: their URL or
// secret isn't in the environment, or is no such thing. Ask at the start, so
// that people don't find out on the night when they needed a message.
func (n *Notifier) Unusable() []*Error {
	var errs []*Error
	for _, channel := range n.config {
		if _, err := newTarget(channel, n.options.Getenv); err != nil {
			errs = append(errs, &Error{Channel: channel.Name, Text: err.Error()})
		}
	}
	return errs
}

// Trimmed says of which variables blanks and line ends around the value are left out, as a
// file's end is that was put into one: what checks the same secret elsewhere may not.
func (n *Notifier) Trimmed() []*Error {
	var notes []*Error
	for _, channel := range n.config {
		for _, name := range []string{channel.URLEnv, channel.SecretEnv} {
			if value := n.options.Getenv(name); name != "" && value != strings.TrimSpace(value) {
				notes = append(notes, &Error{Channel: channel.Name, Text: fmt.Sprintf("the environment variable %s begins or ends with a blank or a line end, which is left out; store it without", name)})
			}
		}
	}
	return notes
}

// Send tells every channel that has something to hear of the report, all at
// once, and returns the errors of those that could not be told, in the order
// of the configuration. It returns when the timeout is over at the latest,
// whatever a channel does. A sweep that looked at nothing tells nothing.
func (n *Notifier) Send(ctx context.Context, report *result.Report) []*Error {
	if report.Answered != "" || len(n.config) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, n.options.Timeout, fmt.Errorf("no answer within %s", duration.Format(n.options.Timeout)))
	defer cancel()
	answers := make([]chan answered, len(n.config))
	for i, channel := range n.config {
		answers[i] = make(chan answered, 1) // so that a late answer is never waited for
		go func() { answers[i] <- n.safely(ctx, channel, n.memories[i], report) }()
	}
	var errs []*Error
	var given []result.Warning
	for i, channel := range n.config {
		answer := await(ctx, answers[i])
		if answer.err != nil {
			errs = append(errs, &Error{Channel: channel.Name, Text: answer.err.Error()})
		}
		given = append(given, answer.given...)
	}
	if n.options.Warned != nil && len(given) > 0 {
		n.options.Warned(given)
	}
	return errs
}

// answered is what came of telling a channel: the warnings that it has taken.
type answered struct {
	given []result.Warning
	err   error
}

// await returns a channel's answer. One that has come counts even when the
// time is over.
func await(ctx context.Context, answer <-chan answered) answered {
	select {
	case a := <-answer:
		return a
	default:
	}
	select {
	case a := <-answer:
		return a
	case <-ctx.Done():
		return answered{err: late(ctx)}
	}
}

// late says why an answer isn't waited for any longer.
func late(ctx context.Context) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded): // not ours
		return errors.New("no answer in the time that was left")
	case errors.Is(cause, context.Canceled):
		return errors.New("given up: the sweep was interrupted")
	default:
		return cause
	}
}

// safely is tell for a goroutine, in which a panic would end the process and
// with it the invocation that the sweep belongs to.
func (n *Notifier) safely(ctx context.Context, channel policy.Channel, m *memory, report *result.Report) (a answered) {
	defer func() {
		if p := recover(); p != nil {
			a.err = errors.New("a panic; this is a bug in flowreaper") // its value may hold the URL
		}
	}()
	b := builder{channel: channel, routes: n.routes}
	fresh, waited, told := m.fresh(report, n.options.Now(), b.hearsOnce)
	sent, given, err := n.tell(ctx, channel, fresh)
	if len(waited) > 0 && errors.As(err, new(refused)) { // perhaps for good: it must not silence what is new
		sent, given, _ = n.tell(ctx, channel, without(waited, fresh))
	}
	if !sent { // what could not be told is told by the next sweep
		return answered{err: err}
	}
	told()
	return answered{given: given, err: err}
}

// refused is the error of a message that the channel's own template, or the far end, refuses
// for what is in it, as far as can be told.
type refused struct{ error }

// without is a report without some decisions.
func without(some []result.Decision, r *result.Report) *result.Report {
	keys := map[string]bool{}
	for _, d := range some {
		keys[onceKey(d)] = true
	}
	clone := *r
	clone.Decisions = only(r.Decisions, func(d result.Decision) bool { return !keys[onceKey(d)] })
	return &clone
}

// tell sends the channel's message, if there is one, and returns the warnings in it.
func (n *Notifier) tell(ctx context.Context, channel policy.Channel, report *result.Report) (sent bool, given []result.Warning, err error) {
	body, given, err := compose(channel, n.routes, report)
	if err != nil {
		return false, nil, refused{err}
	}
	if body == nil {
		return false, nil, nil
	}
	target, err := newTarget(channel, n.options.Getenv)
	if err != nil {
		return false, nil, err
	}
	format := formats[channel.Kind]
	request, err := target.request(ctx, format.sign, body, n.options.Now())
	if err != nil {
		return false, nil, errors.New(target.redact(err.Error()))
	}
	answer, err := n.post(request)
	came := err == nil
	if came {
		err = answer.check(format.answers, target.redact)
	}
	switch {
	case err == nil:
		return true, given, nil
	case ctx.Err() != nil:
		return false, nil, late(ctx)
	}
	err = errors.New(target.redact(err.Error()))
	if came && answer.status < 500 && answer.status != http.StatusTooManyRequests {
		err = refused{err}
	}
	return false, nil, err
}
