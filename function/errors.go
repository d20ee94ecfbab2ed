package main

import (
	"errors"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
)

// errorType is what a failed invocation answers as errorType. People's alarms
// know these names.
type errorType string

const (
	policyError      errorType = "FlowReaperPolicy"
	configError      errorType = "FlowReaperConfig"
	eventError       errorType = "FlowReaperEvent"
	credentialsError errorType = "FlowReaperCredentials"
	// The others are those of the sweep: FlowReaperWithheld, FlowReaperClockSkew
	// and FlowReaperSweep.
)

// failure is why an invocation fails.
type failure struct {
	typ errorType
	err error
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func fail(typ errorType, err error) error { return &failure{typ, err} }

// typeOf is the errorType of any error that an invocation ends with.
func typeOf(err error) errorType {
	var ours *failure
	if errors.As(err, &ours) {
		return ours.typ
	}
	code := result.CodeSweep
	var swept *result.Error
	if errors.As(err, &swept) {
		code = swept.Code
	}
	return "FlowReaper" + errorType(code)
}

// answerError is the error as the SDK answers it. The type is chosen only by a
// value of this struct: by a pointer, or by an error around it, it isn't.
func answerError(err error) error {
	return messages.InvokeResponse_Error{Type: string(typeOf(err)), Message: plain.Lines(err.Error())}
}
