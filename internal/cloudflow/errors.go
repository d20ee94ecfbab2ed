package cloudflow

import (
	"errors"
	"fmt"
	"strings"
)

// Class says what to do about an error.
type Class int

const (
	Retry     Class = iota // throttled, a conflict, a server or network fault: try again, later
	Tolerated              // the goal is reached: already completed, or gone
	Item                   // this item fails; the others go on
	Operation              // this flow or operation fails, loudly; the rest goes on
	Fatal                  // nothing can work: the whole sweep ends
)

// Error is the error of every call, after its retries.
//
// When the caller's own context ended it, Class is Retry and errors.Is finds
// context.Canceled or context.DeadlineExceeded; a call that merely got no
// answer in its own time is not a context's error. No error shows more than
// four characters of the secret or the token of the credentials, whatever the
// server, a gateway or the network said, and however it was escaped or cut.
type Error struct {
	Operation  string // such as StopExecution
	Code       string // the API's code, such as ExecutionAlreadyCompleted; "" when no answer came
	Message    string
	HTTPStatus int // 0 when no answer came
	RequestID  string
	Class      Class
	MaybeDone  bool  // an attempt may have reached the server, its answer lost
	Unanswered bool  // an attempt had no answer in its own time
	Attempts   int   // 0 when nothing was tried
	Err        error // the network's or decoder's error beneath, if any
}

// Error says what happened and, where a person must act, the next step.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Operation, e.Code, e.Message} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	text := strings.TrimRight(b.String(), ": ")
	if notes := e.notes(); len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	if step := nextStep(e); step != "" {
		text += "; next: " + step
	}
	return text
}

func (e *Error) notes() []string {
	var notes []string
	if e.HTTPStatus != 0 {
		notes = append(notes, fmt.Sprintf("HTTP %d", e.HTTPStatus))
	}
	if e.RequestID != "" {
		notes = append(notes, "request id "+e.RequestID)
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("after %d attempts", e.Attempts))
	}
	return notes
}

// Unwrap returns the error beneath.
func (e *Error) Unwrap() error { return e.Err }

// Throttled says whether the API or its gateway asked for fewer calls.
func (e *Error) Throttled() bool { return throttled(e.HTTPStatus, e.Code) }

// IsAlreadyCompleted says whether an execution could not be stopped because it
// had ended before. After an Error with MaybeDone, our own stop may have ended
// it.
func IsAlreadyCompleted(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == CodeExecutionAlreadyCompleted
}

// IsFatal says whether nothing can work: the whole sweep ends.
func IsFatal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Class == Fatal
}

// IsGone says whether the execution or its flow exists no more.
func IsGone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == CodeExecutionNotExists || e.Code == CodeFlowNotExists)
}
