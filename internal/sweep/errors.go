package sweep

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// Code names why a sweep failed. The function's errorType is "FlowReaper" and
// this.
type Code string

const (
	CodeWithheld    Code = "Withheld"    // a limit was exceeded: nothing was stopped
	CodeClockSkew   Code = "ClockSkew"   // our clock and CloudFlow's disagree: nothing was stopped
	CodeCredentials Code = "Credentials" // CloudFlow refuses the credentials
	CodeUnmatched   Code = "Unmatched"   // under MustMatch: what a person asked for names no flow; nothing was stopped
	CodeSweep       Code = "Sweep"       // nothing could be looked at, or the sweep was cut short
)

// Error is the error of a sweep that failed. Its report tells the rest.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error beneath.
func (e *Error) Unwrap() error { return e.Err }

// fatal turns an error that leaves nothing to hope for into the sweep's own,
// and returns nil for every other.
func fatal(err error) *Error {
	var api *cloudflow.Error
	if !errors.As(err, &api) || api.Class != cloudflow.Fatal {
		return nil
	}
	kind, _, _ := strings.Cut(api.Code, ".") // the gateway goes on behind a dot
	switch strings.ToLower(kind) {
	case "requesttimetooskewed", "invalidtimestamp":
		return &Error{Code: CodeClockSkew, Err: err}
	case "invalidaccesskeyid", "signaturenotmatch", "signaturedoesnotmatch", "incompletesignature",
		"invalidsecuritytoken", "missingsecuritytoken":
		return &Error{Code: CodeCredentials, Err: err}
	}
	return &Error{Code: CodeSweep, Err: err}
}

// codeOf is the code under which the report counts an error.
func codeOf(err error) string {
	var api *cloudflow.Error
	switch {
	case isFault(err):
		return "Fault"
	case errors.As(err, new(*noStartedTime)):
		return "NoStartedTime"
	case !errors.As(err, &api):
		return string(CodeSweep)
	case api.Code != "":
		return api.Code
	case api.HTTPStatus != 0:
		return fmt.Sprintf("HTTP%d", api.HTTPStatus)
	}
	return "NoAnswer"
}

// hopeless says that asking the same of other executions of a flow ends alike: the
// listing is forbidden, or would never end.
func hopeless(err error) bool {
	var api *cloudflow.Error
	return errors.As(err, &api) && api.Class == cloudflow.Operation
}

func isFatal(err error) bool { return fatal(err) != nil }
