package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// invoker invokes one process with one event.
type invoker struct {
	rt         *fcruntime.Runtime
	event      []byte // with {{now}} in it
	invocation fcruntime.Invocation
	out, err   io.Writer
}

// once prints the result last, after all that the function logged.
func (i *invoker) once(ctx context.Context) error {
	answer, err := i.invoke(ctx)
	i.rt.Close()
	return i.print(ctx, answer, err)
}

// again ends early when the process does: there is no other to go on with.
func (i *invoker) again(ctx context.Context, ticks iter.Seq[time.Time]) error {
	var failed error
	for range ticks {
		answer, err := i.invoke(ctx)
		if err := i.print(ctx, answer, err); err != nil {
			failed = err
		}
		var answered *fcruntime.FunctionError
		if err != nil && !errors.As(err, &answered) {
			return failed
		}
	}
	if ctx.Err() != nil {
		return &statusError{status: statusInterrupted}
	}
	return failed
}

func (i *invoker) invoke(ctx context.Context) (fcruntime.Answer, error) {
	in := i.invocation
	in.Event = atTime(i.event, time.Now())
	return i.rt.Invoke(ctx, in)
}

// print prints an answer or an error, as one line of JSON each, and returns
// what the command exits with.
func (i *invoker) print(ctx context.Context, answer fcruntime.Answer, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return &statusError{status: statusInterrupted, err: errors.New("interrupted: the function's process was ended")}
	case err != nil:
		fmt.Fprintf(i.err, "%s\n", errorJSON(err))
		return &statusError{status: statusFailed}
	}
	_, err = fmt.Fprintf(i.out, "%s\n", oneLine(answer.Body))
	return err
}

// errorJSON is the function's error as it answered it, or one of the same
// shape for what Function Compute reports in its place.
func errorJSON(err error) []byte {
	var answered *fcruntime.FunctionError
	if errors.As(err, &answered) && json.Valid(answered.Body) {
		return oneLine(answered.Body)
	}
	said := struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{Message: err.Error(), Type: "InvocationError"}
	var late *fcruntime.TimeoutError
	var exit *fcruntime.ExitError
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

// ticks yields the time now, and then every so often until total has passed
// (without end when 0) or ctx ends. Ticks that pass while the last is worked on
// are left out.
func ticks(ctx context.Context, every, total time.Duration) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		start := time.Now()
		for next := time.Duration(0); total == 0 || next < total; {
			timer := time.NewTimer(time.Until(start.Add(next)))
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case now := <-timer.C:
				if !yield(now) {
					return
				}
			}
			passed := (time.Since(start) + every - 1) / every // rounded up: a tick due now isn't missed
			next = max(next+every, passed*every)
		}
	}
}

// syncWriter lets the function's logs and our own lines share a stream.
type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
