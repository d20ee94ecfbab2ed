package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// apiError is an error as the API answers it.
type apiError struct {
	status  int
	code    string
	message string
	hint    string // what was wrong, for people; in the answer's Recommend
}

// documentedErrors are the errors of the API's reference, and below them those
// of the gateway in front of it. Of several with one status the first is what
// a fault of that status alone answers.
var documentedErrors = []apiError{
	{status: http.StatusBadRequest, code: "InvalidArgument", message: "Parameter error."},
	{status: http.StatusBadRequest, code: "ExecutionAlreadyCompleted", message: "Execution '%s' for flow '%s' has already completed."},
	{status: http.StatusBadRequest, code: "ExecutionAlreadyExists", message: "Execution '%s' for flow '%s' already exists."},
	{status: http.StatusBadRequest, code: "MissingRequiredParams", message: "The HTTP query '%s' must be specified."},
	{status: http.StatusBadRequest, code: "EntityTooLarge", message: "The payload size exceeds maximum allowed size (%s bytes)."},
	{status: http.StatusBadRequest, code: "ActionNotSupported", message: "The requested API operation '%s' is incorrect. Please check."},
	{status: http.StatusBadRequest, code: "APIVersionNotSupported", message: "The requested API version '%s' is not supported yet. Please check."},
	{status: http.StatusBadRequest, code: "MissingRequiredHeader", message: "The HTTP header '%s' must be specified."},
	{status: http.StatusForbidden, code: "AccessDenied", message: "The resources doesn't belong to you."},
	{status: http.StatusForbidden, code: "InvalidAccessKeyID", message: "The AccessKey ID %s is invalid."},
	{status: http.StatusForbidden, code: "SignatureNotMatch", message: "The request signature we calculated does not match the signature you provided. Check your access key and signing method."},
	{status: http.StatusForbidden, code: "RequestTimeTooSkewed", message: "The difference between the request time %s and the current time %s is too large."},
	{status: http.StatusNotFound, code: "FlowNotExists", message: "Flow %s does not exist."},
	{status: http.StatusNotFound, code: "ExecutionNotExists", message: "Execution %s for flow %s does not exist."},
	{status: http.StatusConflict, code: "ConcurrentUpdateError", message: "Update conflict, please retry."},
	{status: http.StatusConflict, code: "FlowAlreadyExists", message: "Flow '%s' already exists."},
	{status: http.StatusPreconditionFailed, code: "PreconditionFailed", message: "The resource to be modified has been changed."},
	{status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType", message: `The content type must be "application/json".`},
	{status: http.StatusTooManyRequests, code: "ResourceThrottled", message: "The request is throttled. Please try again later."},
	{status: http.StatusInternalServerError, code: "InternalServerError", message: "An internal error has occurred. Please retry."},

	{status: http.StatusBadRequest, code: "Throttling", message: "Request was denied due to request throttling."},
	{status: http.StatusBadRequest, code: "Throttling.User", message: "Request was denied due to user flow control."},
	{status: http.StatusBadRequest, code: "Throttling.Api", message: "Request was denied due to api flow control."},
	{status: http.StatusBadRequest, code: "SignatureDoesNotMatch", message: "Specified signature is not matched with our calculation."},
	{status: http.StatusBadRequest, code: "IncompleteSignature", message: "The request signature does not conform to Aliyun standards."},
	{status: http.StatusBadRequest, code: "SignatureNonceUsed", message: "Specified signature nonce was used already."},
	{status: http.StatusBadRequest, code: "InvalidSecurityToken.MismatchWithAccessKey", message: "Specified SecurityToken mismatch with the AccessKey."},
	{status: http.StatusBadRequest, code: "UnsupportedHTTPMethod", message: "This http method is not supported."},
}

// errorOf is the documented error of a code, its message filled in.
func errorOf(code string, args ...any) *apiError {
	e := documentedErrors[slices.IndexFunc(documentedErrors, func(e apiError) bool { return e.code == code })]
	if len(args) > 0 {
		e.message = fmt.Sprintf(e.message, args...)
	}
	return &e
}

// invalid is an InvalidArgument. Its message is the documented one, which
// doesn't say what is wrong: Recommend does.
func invalid(format string, args ...any) *apiError {
	e := errorOf("InvalidArgument")
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// notLetIn is the API's error for what signatures found wrong.
func (s *Server) notLetIn(err error) *apiError {
	wrong, ok := errors.AsType[*signature.Error](err)
	if !ok {
		return errorOf("InternalServerError")
	}
	switch wrong.Kind {
	case signature.MissingParameter:
		return errorOf("MissingRequiredParams", wrong.Name)
	case signature.MissingHeader:
		return errorOf("MissingRequiredHeader", wrong.Name)
	case signature.UnknownKey:
		return errorOf("InvalidAccessKeyID", wrong.Name)
	case signature.WrongToken:
		return errorOf("InvalidSecurityToken.MismatchWithAccessKey")
	case signature.Skewed:
		return errorOf("RequestTimeTooSkewed", wrong.Name, apiTime(s.Now()))
	case signature.Replayed:
		return errorOf("SignatureNonceUsed")
	case signature.Malformed:
		e := errorOf("IncompleteSignature")
		e.hint = wrong.Error()
		return e
	}
	return errorOf("SignatureNotMatch")
}

// ofCloud is the API's error for what can't be done to a flow or execution.
func ofCloud(err error, flow, execution string) *apiError {
	switch {
	case errors.Is(err, cloud.ErrNoFlow):
		return errorOf("FlowNotExists", flow)
	case errors.Is(err, cloud.ErrNoExecution):
		return errorOf("ExecutionNotExists", execution, flow)
	case errors.Is(err, cloud.ErrFlowExists):
		return errorOf("FlowAlreadyExists", flow)
	case errors.Is(err, cloud.ErrExecutionExists):
		return errorOf("ExecutionAlreadyExists", execution, flow)
	case errors.Is(err, cloud.ErrCompleted):
		return errorOf("ExecutionAlreadyCompleted", execution, flow)
	}
	return invalid("%s", err)
}
