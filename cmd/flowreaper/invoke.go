package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/internal/plain"
)

const invokeLong = `Starts the function's binary as Function Compute does, hands it the event, and prints its answer.

{{now}} in the event becomes the current time, as a timer trigger writes it, {{nowSeconds}} and {{nowMillis}} as alarms do. The function inherits the environment,
but for the access key: that comes with each invocation, as in the cloud. FC_FUNC_CODE_PATH is the binary's folder unless it is set.
The function's logs go to stderr; so does its error, as the last line, with exit status 1.

With --every the same process gets the event again and again, one answer a line. An invocation that takes longer than that
is not overtaken: the ticks it missed are left out.`

// invokeOptions are the command's flags.
type invokeOptions struct {
	function string
	event    string
	region   string
	timeout  time.Duration
	every    time.Duration
	total    time.Duration // --for
}

func (t *terminal) newInvoke() *cobra.Command {
	var o invokeOptions
	cmd := &cobra.Command{
		Use:     "invoke --function BINARY --event FILE",
		Short:   "Invoke the function's binary as Function Compute does",
		Long:    invokeLong,
		Example: "  flowreaper invoke --function bin/flowreaper-function --event testdata/events/timer.json",
		Args:    flag.NoArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return t.invoke(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.function, "function", "", "the go1 `BINARY` to start (required)")
	flags.StringVar(&o.event, "event", "", "the `FILE` with the event, - for stdin (required)")
	flags.StringVar(&o.region, "region", t.getenv("FLOWREAPER_REGION"), "the `REGION` the function is told it runs in")
	flag.Duration(flags, &o.timeout, "timeout", fcruntime.DefaultTimeout, "the function's timeout")
	flag.Duration(flags, &o.every, "every", 0, "invoke again at this interval")
	flag.Duration(flags, &o.total, "for", 0, "with --every: how long (default until interrupted)")
	flag.CompleteWords(cmd, "region", cloudflow.Regions...)
	return cmd
}

func (t *terminal) invoke(ctx context.Context, o invokeOptions) error {
	if err := o.check(); err != nil {
		return usageError(err)
	}
	body, err := event.Read(o.event, t.in)
	if err != nil {
		return usageError(err)
	}
	keys, err := connect.Credentials(ctx, t.getenv)
	switch {
	case errors.Is(err, connect.ErrNoCredentials):
		t.say("flowreaper: invoking without credentials: %v\n", err)
	case err != nil:
		return notConnected(err)
	}
	p, err := fcruntime.StartPrinter(ctx, fcruntime.Options{
		Binary: o.function,
		Env:    fcruntime.InheritKeyless(os.Environ()),
		Logs:   plain.Writer{To: t.err, By: plain.JSON},
		Region: o.region,
	}, plain.Writer{To: t.out, By: plain.JSON})
	if err != nil {
		return usageError(fmt.Errorf("%w\nIs it a go1 function for this machine? 'make build' builds bin/flowreaper-function", err))
	}
	defer p.Close()

	next := func(now time.Time) fcruntime.Invocation {
		return fcruntime.Invocation{Event: moment.Fill(body, now), Timeout: o.timeout, Credentials: fcruntime.Credentials(keys)}
	}
	if o.every == 0 {
		return invoked(p.Once(ctx, next(time.Now())))
	}
	return invoked(p.Again(ctx, o.every, o.total, next))
}

// invoked gives what came of it its exit status.
func invoked(err error) error {
	switch {
	case errors.Is(err, fcruntime.ErrPrinted):
		return &statusError{status: statusFailed}
	case errors.Is(err, fcruntime.ErrInterrupted):
		return &statusError{status: statusInterrupted, err: err}
	case errors.Is(err, context.Canceled):
		return &statusError{status: statusInterrupted}
	}
	return err
}

// check finds what is wrong before anything is started.
func (o *invokeOptions) check() error {
	switch {
	case o.function == "":
		return errors.New("--function is missing: give it the function's binary, such as bin/flowreaper-function ('make build' builds it)")
	case o.event == "":
		return errors.New("--event is missing: give it a file, such as testdata/events/timer.json, or - for stdin")
	case o.timeout == 0:
		return errors.New("--timeout must be more than nothing")
	case o.total > 0 && o.every == 0:
		return errors.New("--for needs --every: how often shall the function be invoked?")
	}
	return fcruntime.Executable("--function", o.function)
}
