package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// apiError is an error as the API answers it. In the place of {flow}, {execution},
// {key} and {now} in its message come the request's names and the time.
type apiError struct {
	status  int
	code    string
	message string
	it      string // in the place of {it}
	hint    string // what was wrong, for people; in the answer's Recommend
}

func (e *apiError) Error() string { return e.code }

// documentedErrors are the errors of the API's reference, and below them those
// of the gateway in front of it. Of several with one status the first is what
// a fault of that status alone answers.
var documentedErrors = []apiError{
	{status: http.StatusBadRequest, code: "InvalidArgument", message: "Parameter error."},
	{status: http.StatusBadRequest, code: "ExecutionAlreadyCompleted", message: "Execution '{execution}' for flow '{flow}' has already completed."},
	{status: http.StatusBadRequest, code: "ExecutionAlreadyExists", message: "Execution '{execution}' for flow '{flow}' already exists."},
	{status: http.StatusBadRequest, code: "MissingRequiredParams", message: "The HTTP query '{it}' must be specified."},
	{status: http.StatusBadRequest, code: "EntityTooLarge", message: "The payload size exceeds maximum allowed size ({it} bytes)."},
	{status: http.StatusBadRequest, code: "ActionNotSupported", message: "The requested API operation '{it}' is incorrect. Please check."},
	{status: http.StatusBadRequest, code: "APIVersionNotSupported", message: "The requested API version '{it}' is not supported yet. Please check."},
	{status: http.StatusBadRequest, code: "MissingRequiredHeader", message: "The HTTP header '{it}' must be specified."},
	{status: http.StatusForbidden, code: "AccessDenied", message: "The resources doesn't belong to you."},
	{status: http.StatusForbidden, code: "InvalidAccessKeyID", message: "The AccessKey ID {key} is invalid."},
	{status: http.StatusForbidden, code: "SignatureNotMatch", message: "The request signature we calculated does not match the signature you provided. Check your access key and signing method."},
	{status: http.StatusForbidden, code: "RequestTimeTooSkewed", message: "The difference between the request time {it} and the current time {now} is too large."},
	{status: http.StatusNotFound, code: "FlowNotExists", message: "Flow {flow} does not exist."},
	{status: http.StatusNotFound, code: "ExecutionNotExists", message: "Execution {execution} for flow {flow} does not exist."},
	{status: http.StatusConflict, code: "ConcurrentUpdateError", message: "Update conflict, please retry."},
	{status: http.StatusConflict, code: "FlowAlreadyExists", message: "Flow '{flow}' already exists."},
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
	{status: http.StatusBadRequest, code: "InvalidSecurityToken.Expired", message: "Specified SecurityToken is expired."},
	{status: http.StatusBadRequest, code: "UnsupportedHTTPMethod", message: "This http method is not supported."},

	// The Security Token Service's.
	{status: http.StatusNotFound, code: "EntityNotExist.Role", message: "The role not exists: {it}."},
	{status: http.StatusForbidden, code: "NoPermission", message: "You are not authorized to do this action. You should be authorized by RAM."},
}

// errorOf is the documented error of a code. it is what its message tells of, unless
// that is the request's flow or execution.
func errorOf(code, it string) *apiError {
	e := documentedErrors[slices.IndexFunc(documentedErrors, func(e apiError) bool { return e.code == code })]
	e.it = it
	return &e
}

// invalid is an InvalidArgument. Its message is the documented one, which
// doesn't say what is wrong: Recommend does.
func invalid(format string, args ...any) *apiError {
	e := errorOf("InvalidArgument", "")
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// notLetIn is the API's error for what signatures found wrong.
func notLetIn(wrong *signature.Error) *apiError {
	e := errorOf(string(wrong.Kind), wrong.Name)
	if wrong.Kind == signature.Malformed {
		e.hint = wrong.Name + " can't be read"
	}
	return e
}

// asAPIError is the API's error for what an operation failed by.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	if errors.Is(err, cloud.ErrExpress) {
		return invalid("%s", err)
	}
	return errorOf(err.Error(), "")
}
