package fcruntime

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// ErrClosed is the cause of an [*ExitError] when the Runtime was closed.
var ErrClosed = errors.New("the runtime was closed")

// FunctionError is the error that a function answered, a panic in its handler
// among them. Its process lives on.
type FunctionError struct {
	Type    string // errorType: the Go type's name, or what the function chose
	Message string // errorMessage
	Body    []byte // the answer as it came, with a panic's stackTrace
}

func (e *FunctionError) Error() string { return fmt.Sprintf("%s: %s", e.Type, e.Message) }

// TimeoutError says that an invocation's time passed before it was answered.
// The process has been ended.
type TimeoutError struct {
	RequestID string
	Timeout   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("invocation %s was not answered within its timeout of %s; the function's process was ended", e.RequestID, duration.Format(e.Timeout))
}

// ExitError says that the function's process ended before an invocation or
// while one was under way.
type ExitError struct {
	Status string // such as "exit status 3" or "signal: killed"
	Polled bool   // it asked for an event at least once
	Stderr string // the end of what it wrote there, for people
	Cause  error  // why we ended it: ErrClosed or a *TimeoutError; nil when it ended otherwise
}

func (e *ExitError) Error() string {
	text := "the function's process ended (" + e.Status + ")"
	switch {
	case e.Cause != nil:
		text += ": " + e.Cause.Error()
	case !e.Polled:
		text += " before it asked for an event; is it a go1 function, one that calls fc.Start?"
	default:
		text += " before it answered"
	}
	if e.Cause == nil && e.Stderr != "" {
		text += "; the end of its stderr:\n" + e.Stderr
	}
	return text
}

func (e *ExitError) Unwrap() error { return e.Cause }

// exitError is called after the child's end.
func (rt *Runtime) exitError() *ExitError {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	e := &ExitError{
		Status: rt.child.cmd.ProcessState.String(),
		Stderr: rt.child.stderr.String(),
		Cause:  rt.endCause,
	}
	select {
	case <-rt.polled:
		e.Polled = true
	default:
	}
	return e
}
