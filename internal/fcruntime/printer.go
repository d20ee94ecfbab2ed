package fcruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Printer invokes a function, and prints what comes of it, as one line of JSON each:
// its answers to one stream, errors to the other, to which its logs go, too.
type Printer struct {
	rt       *Runtime
	out, err io.Writer
}

var (
	// ErrPrinted says that an invocation failed, as has been printed.
	ErrPrinted = errors.New("the invocation failed")
	// ErrInterrupted says that it was interrupted while the function worked.
	ErrInterrupted = errors.New("interrupted: the function's process was ended")
)

// StartPrinter starts the function. Its logs come at any time, a line at a time.
func StartPrinter(ctx context.Context, o Options, out io.Writer) (*Printer, error) {
	shared := &syncWriter{w: o.Logs}
	o.Logs = shared
	rt, err := Start(ctx, o)
	return &Printer{rt, out, shared}, err
}

// Close ends the function's process.
func (p *Printer) Close() { p.rt.Close() }

// Once prints the result last, after all that the function logged.
func (p *Printer) Once(ctx context.Context, in Invocation) error {
	answer, err := p.rt.Invoke(ctx, in)
	p.rt.Close()
	return p.print(ctx, answer, err)
}

// Again hands the same process what next makes, every so often until total has passed,
// or without end when that is 0. It ends early when the process does: there is no other
// to go on with. Ticks that pass while the last is worked on are left out. Where ctx
// ended between two, it is ctx's error.
func (p *Printer) Again(ctx context.Context, every, total time.Duration, next func(now time.Time) Invocation) error {
	var failed error
	for range ticks(ctx, every, total) {
		answer, err := p.rt.Invoke(ctx, next(time.Now()))
		if err := p.print(ctx, answer, err); err != nil {
			failed = err
		}
		var answered *FunctionError
		if err != nil && !errors.As(err, &answered) {
			return failed
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failed
}

// print prints an answer or an error, and returns what is to be said of it besides.
func (p *Printer) print(ctx context.Context, answer Answer, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return ErrInterrupted
	case err != nil:
		fmt.Fprintf(p.err, "%s\n", errorJSON(err))
		return ErrPrinted
	}
	_, err = fmt.Fprintf(p.out, "%s\n", oneLine(answer.Body))
	return err
}

// errorJSON is the function's error as it answered it, or one of the same
// shape for what Function Compute reports in its place.
func errorJSON(err error) []byte {
	var answered *FunctionError
	if errors.As(err, &answered) && json.Valid(answered.Body) {
		return oneLine(answered.Body)
	}
	said := struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{Message: err.Error(), Type: "InvocationError"}
	var late *TimeoutError
	var exit *ExitError
	switch {
	case errors.As(err, &late):
		said.Type = "FunctionTimeout"
	case errors.As(err, &exit):
		said.Type = "ProcessExited"
	}
	text, err := json.Marshal(said)
	if err != nil {
		panic(err) // two texts: it can't fail
	}
	return text
}

// oneLine leaves alone what isn't JSON.
func oneLine(text []byte) []byte {
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return text
	}
	return line.Bytes()
}
