package result

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
