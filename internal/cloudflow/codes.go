package cloudflow

import (
	"net/http"
	"strings"
)

// Those of the API's error codes, from its reference, that are asked for.
const (
	CodeExecutionAlreadyCompleted = "ExecutionAlreadyCompleted"
	CodeExecutionNotExists        = "ExecutionNotExists"
	CodeFlowNotExists             = "FlowNotExists"
	CodeResourceThrottled         = "ResourceThrottled"
	CodeInvalidArgument           = "InvalidArgument"
	CodeMissingRequiredParams     = "MissingRequiredParams"
)

// family is what a code, or a code that goes on behind a dot, means.
type family struct {
	code  string
	class Class
	next  string // the next step, where a person must act; OP stands for the operation
}

const (
	checkKey     = "check that the AccessKey exists, is enabled and belongs to this account; temporary ones also end"
	checkSecret  = "check the AccessKey secret, and the security token if the key is temporary; the two must belong to the key"
	checkClock   = "set this machine's clock (NTP): requests are signed with the time"
	checkAddress = "check the endpoint and the region; if they are right, this version does not fit the API: report it"
	grantAction  = "grant fnf:OP to the RAM user or role of these credentials"
)

// families hold the API's codes first and those of Alibaba Cloud's gateway
// after them, which says some things in words of its own.
var families = []family{
	{CodeExecutionAlreadyCompleted, Tolerated, ""},
	{CodeExecutionNotExists, Tolerated, ""},
	{CodeFlowNotExists, Tolerated, ""},
	{"ConcurrentUpdateError", Retry, ""},
	{CodeResourceThrottled, Retry, ""},
	{"InternalServerError", Retry, ""},
	{CodeInvalidArgument, Item, ""},
	{CodeMissingRequiredParams, Item, ""},
	{"EntityTooLarge", Item, ""},
	{"PreconditionFailed", Item, ""},
	{"AccessDenied", Operation, grantAction},
	{"InvalidAccessKeyID", Fatal, checkKey},
	{"SignatureNotMatch", Fatal, checkSecret},
	{"RequestTimeTooSkewed", Fatal, checkClock},
	{"ActionNotSupported", Fatal, checkAddress},
	{"APIVersionNotSupported", Fatal, checkAddress},
	{"MissingRequiredHeader", Fatal, checkAddress},
	{"UnsupportedMediaType", Fatal, checkAddress},

	{"Throttling", Retry, ""}, // Throttling.User, Throttling.Api
	{"SignatureNonceUsed", Retry, ""},
	{"SignatureDoesNotMatch", Fatal, checkSecret},
	{"IncompleteSignature", Fatal, checkSecret},
	{"InvalidSecurityToken", Fatal, checkSecret}, // .Expired, .Malformed, .MismatchWithAccessKey
	{"MissingSecurityToken", Fatal, checkSecret},
	{"InvalidTimeStamp", Fatal, checkClock}, // .Expired, .Format
	{"InvalidAction", Fatal, checkAddress},  // .NotFound
	{"InvalidVersion", Fatal, checkAddress},
	{"Forbidden", Operation, grantAction}, // Forbidden.RAM
	{"NoPermission", Operation, grantAction},
}

// familyOf finds a code's family: itself, or what stands before a dot. Case
// does not count, since the gateway spells InvalidAccessKeyId its own way.
func familyOf(code string) (family, bool) {
	for _, f := range families {
		if len(code) < len(f.code) || !strings.EqualFold(code[:len(f.code)], f.code) {
			continue
		}
		if rest := code[len(f.code):]; rest == "" || rest[0] == '.' {
			return f, true
		}
	}
	return family{}, false
}

// classify says what to do about an answer that is not a success. The code
// decides; a code that nobody knew of when this was written, or none, leaves
// it to the status.
func classify(status int, code string) Class {
	if f, known := familyOf(code); known {
		return f.class
	}
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return Retry
	case status >= 400:
		return Item
	}
	return Fatal // a redirect, or no HTTP status at all: the wrong endpoint
}

// throttled says whether an answer asks for fewer calls.
func throttled(status int, code string) bool {
	f, _ := familyOf(code)
	return status == http.StatusTooManyRequests || f.code == CodeResourceThrottled || f.code == "Throttling"
}

// nextStep is what a person can do about an error; "" where nothing is left to
// do but to look at the message.
func nextStep(e *Error) string {
	if f, known := familyOf(e.Code); known {
		return strings.ReplaceAll(f.next, "OP", e.Operation)
	}
	if e.Class == Fatal {
		return "check the endpoint and the region, and what stands between here and there"
	}
	return ""
}
