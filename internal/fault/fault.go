// Package fault turns panics into errors.
//
// A panic is a mistake of flowreaper's. What it happened in has failed, like a call that
// did, and nothing else: least of all what is done for others. That is a call with what is done
// with its answer: in a listing the whole look at a flow, at a turn one execution. The sweep fails in the
// end, since people must know.
package fault

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
)

type fault struct {
	value any
	place string // file:line
}

func (f *fault) Error() string {
	return fmt.Sprintf("a mistake in flowreaper, at %s: %v. Please report it", f.place, f.value)
}

// Is says whether an error is a panic's.
func Is(err error) bool { return errors.As(err, new(*fault)) }

// Attempt does something, and returns its panic as an error.
func Attempt(do func()) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &fault{value, panicked()}
		}
	}()
	do()
	return nil
}

// panicked is where, within a function that is deferred for it.
func panicked() string {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if !more || filepath.Base(filepath.Dir(frame.File)) != "runtime" {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
	}
}
