package cloudflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func apiError(code, message string) string {
	return fmt.Sprintf(`{"RequestId":"R","HostId":"h","Code":%q,"Message":%q,"Recommend":"x"}`, code, message)
}

const (
	stepKey     = "; next: check that the AccessKey exists, is enabled and belongs to this account; temporary ones also end"
	stepSecret  = "; next: check the AccessKey secret, and the security token if the key is temporary; the two must belong to the key"
	stepClock   = "; next: set this machine's clock (NTP): requests are signed with the time"
	stepAddress = "; next: check the endpoint and the region; if they are right, this version does not fit the API: report it"
	stepGrant   = "; next: grant fnf:StopExecution to the RAM user or role of these credentials"
)

// Every code of the API's reference, its gateway's, and answers without one:
// what is done about them, and what people read.
func TestEveryAnswerThatIsNoSuccess(t *testing.T) {
	for _, test := range []struct {
		status    int
		body      string
		class     Class
		maybeDone bool
		want      string // after "StopExecution: "
	}{
		{400, apiError("ExecutionAlreadyCompleted", "Execution 'e' for flow 'f' has already completed."), Tolerated, false,
			"ExecutionAlreadyCompleted: Execution 'e' for flow 'f' has already completed. (HTTP 400, request id R)"},
		{404, apiError("ExecutionNotExists", "Execution e for flow f does not exist."), Tolerated, false,
			"ExecutionNotExists: Execution e for flow f does not exist. (HTTP 404, request id R)"},
		{404, apiError("FlowNotExists", "Flow f does not exist."), Tolerated, false,
			"FlowNotExists: Flow f does not exist. (HTTP 404, request id R)"},
		{409, apiError("ConcurrentUpdateError", "Update conflict, please retry."), Retry, false,
			"ConcurrentUpdateError: Update conflict, please retry. (HTTP 409, request id R)"},
		{429, apiError("ResourceThrottled", "The request is throttled. Please try again later."), Retry, false,
			"ResourceThrottled: The request is throttled. Please try again later. (HTTP 429, request id R)"},
		{500, apiError("InternalServerError", "An internal error has occurred. Please retry."), Retry, true,
			"InternalServerError: An internal error has occurred. Please retry. (HTTP 500, request id R)"},
		{400, apiError("InvalidArgument", "Parameter error."), Item, false, "InvalidArgument: Parameter error. (HTTP 400, request id R)"},
		{400, apiError("MissingRequiredParams", "The HTTP query 'FlowName' must be specified."), Item, false,
			"MissingRequiredParams: The HTTP query 'FlowName' must be specified. (HTTP 400, request id R)"},
		{400, apiError("EntityTooLarge", "The payload size exceeds maximum allowed size (1048576 bytes)."), Item, false,
			"EntityTooLarge: The payload size exceeds maximum allowed size (1048576 bytes). (HTTP 400, request id R)"},
		{412, apiError("PreconditionFailed", "Precondition failed."), Item, false, "PreconditionFailed: Precondition failed. (HTTP 412, request id R)"},
		{403, apiError("AccessDenied", "The resources doesn't belong to you."), Operation, false,
			"AccessDenied: The resources doesn't belong to you. (HTTP 403, request id R)" + stepGrant},
		{403, apiError("InvalidAccessKeyID", "The AccessKey ID x is invalid."), Fatal, false,
			"InvalidAccessKeyID: The AccessKey ID x is invalid. (HTTP 403, request id R)" + stepKey},
		{403, apiError("SignatureNotMatch", "The request signature we calculated does not match the signature you provided. Check your access key and signing method."), Fatal, false,
			"SignatureNotMatch: The request signature we calculated does not match the signature you provided. Check your access key and signing method. (HTTP 403, request id R)" + stepSecret},
		{403, apiError("RequestTimeTooSkewed", "The difference between the request time a and the current time b is too large."), Fatal, false,
			"RequestTimeTooSkewed: The difference between the request time a and the current time b is too large. (HTTP 403, request id R)" + stepClock},
		{400, apiError("ActionNotSupported", "The requested API operation 'x' is incorrect. Please check."), Fatal, false,
			"ActionNotSupported: The requested API operation 'x' is incorrect. Please check. (HTTP 400, request id R)" + stepAddress},
		{400, apiError("APIVersionNotSupported", "The requested API version 'x' is not supported yet. Please check."), Fatal, false,
			"APIVersionNotSupported: The requested API version 'x' is not supported yet. Please check. (HTTP 400, request id R)" + stepAddress},
		{400, apiError("MissingRequiredHeader", "The HTTP header 'x' must be specified."), Fatal, false,
			"MissingRequiredHeader: The HTTP header 'x' must be specified. (HTTP 400, request id R)" + stepAddress},
		{415, apiError("UnsupportedMediaType", `The content type must be "application/json".`), Fatal, false,
			`UnsupportedMediaType: The content type must be "application/json". (HTTP 415, request id R)` + stepAddress},

		{400, apiError("Throttling", "m"), Retry, false, "Throttling: m (HTTP 400, request id R)"},
		{400, apiError("Throttling.User", "m"), Retry, false, "Throttling.User: m (HTTP 400, request id R)"},
		{503, apiError("Throttling.Api", "m"), Retry, true, "Throttling.Api: m (HTTP 503, request id R)"},
		{400, apiError("SignatureNonceUsed", "m"), Retry, false, "SignatureNonceUsed: m (HTTP 400, request id R)"},
		{400, apiError("SignatureDoesNotMatch", "m"), Fatal, false, "SignatureDoesNotMatch: m (HTTP 400, request id R)" + stepSecret},
		{400, apiError("IncompleteSignature", "m"), Fatal, false, "IncompleteSignature: m (HTTP 400, request id R)" + stepSecret},
		{404, apiError("InvalidAccessKeyId.NotFound", "m"), Fatal, false, "InvalidAccessKeyId.NotFound: m (HTTP 404, request id R)" + stepKey},
		{403, apiError("InvalidSecurityToken.Expired", "m"), Fatal, false, "InvalidSecurityToken.Expired: m (HTTP 403, request id R)" + stepSecret},
		{400, apiError("InvalidTimeStamp.Expired", "m"), Fatal, false, "InvalidTimeStamp.Expired: m (HTTP 400, request id R)" + stepClock},
		{404, apiError("InvalidAction.NotFound", "m"), Fatal, false, "InvalidAction.NotFound: m (HTTP 404, request id R)" + stepAddress},
		{403, apiError("Forbidden.RAM", "m"), Operation, false, "Forbidden.RAM: m (HTTP 403, request id R)" + stepGrant},
		{403, apiError("NoPermission", "m"), Operation, false, "NoPermission: m (HTTP 403, request id R)" + stepGrant},

		{400, apiError("ThrottlingNot", "m"), Item, false, "ThrottlingNot: m (HTTP 400, request id R)"},
		{418, apiError("Teapot", "m"), Item, false, "Teapot: m (HTTP 418, request id R)"},
		{599, apiError("Strange", "m"), Retry, true, "Strange: m (HTTP 599, request id R)"},
		{429, "", Retry, false, "an empty answer (HTTP 429)"},
		{408, "{}", Retry, false, "an error without a code (HTTP 408)"},
		{502, "<html>\n<b>Bad Gateway</b></html>", Retry, true, `an answer that is not JSON: "<html>\n<b>Bad Gateway</b></html>" (HTTP 502)`},
		{503, "", Retry, true, "an empty answer (HTTP 503)"},
		{404, "<html>", Item, false, `an answer that is not JSON: "<html>" (HTTP 404)`},
		{500, `{"Code":null,"Message":"m"}`, Retry, true, "m (HTTP 500)"},
		{400, `{"requestId":"R","code":"FlowNotExists","message":"m"}`, Tolerated, false, "FlowNotExists: m (HTTP 400, request id R)"},
	} {
		c := once(t, script(says(test.status, test.body)))
		_, err := c.StopExecution(t.Context(), Stop{FlowName: "f", ExecutionName: "run-1"})
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%d %s: %v", test.status, test.body, err)
			continue
		}
		if e.Class != test.class || e.MaybeDone != test.maybeDone || e.HTTPStatus != test.status || e.Operation != "StopExecution" {
			t.Errorf("%d %s: %v, maybe done %t", test.status, test.body, e.Class, e.MaybeDone)
		}
		if want := "StopExecution: " + test.want; e.Error() != want {
			t.Errorf("%s\nwant %s", e, want)
		}
		if got, want := c.Stats().Throttled, strings.Contains(test.body, `"Throttling`) && e.Class == Retry || test.status == 429; (got == 1) != want {
			t.Errorf("%s: throttled %d", e, got)
		}
	}
}

func TestCompletedAndGoneAreToldApart(t *testing.T) {
	for code, want := range map[string][2]bool{
		CodeExecutionAlreadyCompleted: {true, false},
		CodeExecutionNotExists:        {false, true},
		CodeFlowNotExists:             {false, true},
		"AccessDenied":                {},
	} {
		err := fmt.Errorf("wrapped: %w", &Error{Code: code})
		if got := [2]bool{IsAlreadyCompleted(err), IsGone(err)}; got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
	if IsAlreadyCompleted(nil) || IsGone(context.Canceled) {
		t.Error("an error of another kind was taken for an answer")
	}
}

// A server that refuses a signature shows what it would have signed, token and
// all, escaped twice.
func TestServersEchoesAreRedacted(t *testing.T) {
	recorder, sent := record(t, "")
	echo := serve(func(r *http.Request) (*http.Response, error) {
		recorder(r)
		text := fmt.Sprintf("server string to sign is: GET&%%2F&%s, url %s, token %s, secret %s",
			percent(percent(sent.query.Encode())), r.URL, testCredentials.SecurityToken, testCredentials.AccessKeySecret)
		return answer(403, apiError("SignatureDoesNotMatch", text)), nil
	})
	_, err := once(t, echo).DescribeFlow(t.Context(), "f")
	assertNoSecret(t, err.Error())
	if signature := sent.query.Get("Signature"); strings.Contains(err.Error(), signature) || strings.Contains(err.Error(), percent(signature)) {
		t.Errorf("the signature is shown: %v", err)
	}
	if !strings.Contains(err.Error(), "server string to sign is") {
		t.Errorf("the message is gone: %v", err)
	}
}

func TestAnswersCannotDriveATerminal(t *testing.T) {
	c := once(t, script(says(400, `{"Code":"A\u001b[2J","Message":"a\nb\u0007\u009b","RequestId":"r\r"}`)))
	_, err := c.DescribeFlow(t.Context(), "f")
	if want := "DescribeFlow: A [2J: a b (HTTP 400, request id r )"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
