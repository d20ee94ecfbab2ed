package officialsdk

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/fnf"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

const (
	plain  = "flows: [{name: flow, executions: [{name: exec}, {name: over, startedAgo: 2h, endedAgo: 1h}]}]"
	ahead  = "behaviour: {clockOffset: 1h}\n" + plain
	faulty = "faults: [{operation: StopExecution, kind: error, code: %}]\n" + plain
)

func withFault(code string) string { return strings.Replace(faulty, "%", code, 1) }

// Every error of the API's reference, provoked by a request that deserves it
// where there is such a request, and seen through the SDK.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		account string
		do      func(*testing.T, *world) error
		want    problem
	}{
		{plain, stop("flow", "over"), problem{400, "ExecutionAlreadyCompleted", "Execution 'over' for flow 'flow' has already completed."}},
		{plain, stop("flow", "none"), problem{404, "ExecutionNotExists", "Execution none for flow flow does not exist."}},
		{plain, stop("none", "exec"), problem{404, "FlowNotExists", "Flow none does not exist."}},
		{withFault("ConcurrentUpdateError"), stop("flow", "exec"), problem{409, "ConcurrentUpdateError", "Update conflict, please retry."}},
		{plain, tooOften, problem{429, "ResourceThrottled", "The request is throttled. Please try again later."}},
		{withFault("InternalServerError"), stop("flow", "exec"), problem{500, "InternalServerError", "An internal error has occurred. Please retry."}},
		{plain, badLimit, problem{400, "InvalidArgument", "Parameter error."}},
		{plain, longCause, problem{400, "InvalidArgument", "Parameter error."}},
		{plain, stop("flow", ""), problem{400, "MissingRequiredParams", "The HTTP query 'ExecutionName' must be specified."}},
		{plain, largeInput, problem{400, "EntityTooLarge", "The payload size exceeds maximum allowed size (1048576 bytes)."}},
		{withFault("AccessDenied"), stop("flow", "exec"), problem{403, "AccessDenied", "The resources doesn't belong to you."}},
		{plain, stopAs("stranger", "emulator"), problem{403, "InvalidAccessKeyID", "The AccessKey ID stranger is invalid."}},
		{plain, stopAs("emulator", "wrong"), problem{403, "SignatureNotMatch", "The request signature we calculated does not match the signature you provided. Check your access key and signing method."}},
		{plain, tampered(addParameter), problem{403, "SignatureNotMatch", "The request signature we calculated does not match the signature you provided. Check your access key and signing method."}},
		{plain, call("StopFlow", "2019-03-15"), problem{400, "ActionNotSupported", "The requested API operation 'StopFlow' is incorrect. Please check."}},
		{plain, call("StopExecution", "2016-01-01"), problem{400, "APIVersionNotSupported", "The requested API version '2016-01-01' is not supported yet. Please check."}},
		{plain, tampered(signACS3InPart), problem{400, "MissingRequiredHeader", "The HTTP header 'x-acs-date' must be specified."}},
		{plain, tampered(sendPlainText), problem{415, "UnsupportedMediaType", `The content type must be "application/json".`}},
		{plain, createAgain, problem{409, "FlowAlreadyExists", "Flow 'flow' already exists."}},
		{withFault("PreconditionFailed"), stop("flow", "exec"), problem{412, "PreconditionFailed", "The resource to be modified has been changed."}},
		{withFault("Throttling.User"), stop("flow", "exec"), problem{400, "Throttling.User", "Request was denied due to user flow control."}},
	} {
		t.Run(test.want.Code, func(t *testing.T) {
			w := newWorld(t, test.account, emulator.Options{})
			if got := problemOf(t, test.do(t, w)); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if stops := w.emulator.Stats().Stops; len(stops) != 0 {
				t.Errorf("the refused request stopped %+v", stops)
			}
		})
	}
}

func TestRequestTimeTooSkewed(t *testing.T) {
	w := newWorld(t, ahead, emulator.Options{})
	got := problemOf(t, stop("flow", "exec")(t, w))
	const begins, ends = "The difference between the request time 20", "Z is too large."
	if got.Status != 403 || got.Code != "RequestTimeTooSkewed" || !strings.HasPrefix(got.Message, begins) || !strings.HasSuffix(got.Message, ends) {
		t.Errorf("got %+v", got)
	}
}

func TestReusedNonce(t *testing.T) {
	w := newWorld(t, plain, emulator.Options{})
	var sent *http.Request
	w.SetTransport(tamper(func(r *http.Request) { sent = r.Clone(r.Context()) }))
	request := fnf.CreateDescribeExecutionRequest()
	request.FlowName, request.ExecutionName = "flow", "exec"
	if _, err := w.DescribeExecution(request); err != nil {
		t.Fatal(err)
	}
	w.SetTransport(tamper(func(r *http.Request) { r.URL.RawQuery = sent.URL.RawQuery }))
	_, err := w.DescribeExecution(request)
	want := problem{400, "SignatureNonceUsed", "Specified signature nonce was used already."}
	if got := problemOf(t, err); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func stop(flow, execution string) func(*testing.T, *world) error {
	return func(_ *testing.T, w *world) error {
		request := fnf.CreateStopExecutionRequest()
		request.FlowName, request.ExecutionName = flow, execution
		_, err := w.StopExecution(request)
		return err
	}
}

func stopAs(id, secret string) func(*testing.T, *world) error {
	return func(t *testing.T, w *world) error {
		w.Client = w.client(t, id, secret)
		return stop("flow", "exec")(t, w)
	}
}

func tampered(change tamper) func(*testing.T, *world) error {
	return func(t *testing.T, w *world) error {
		w.SetTransport(change)
		return stop("flow", "exec")(t, w)
	}
}

func addParameter(r *http.Request) { r.URL.RawQuery += "&Cause=not+signed" }

func signACS3InPart(r *http.Request) {
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=emulator,SignedHeaders=host;x-acs-action;x-acs-version,Signature=00")
}

func sendPlainText(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }

func tooOften(_ *testing.T, w *world) error {
	for range 10 { // the bucket's depth
		if _, err := w.ListFlows(fnf.CreateListFlowsRequest()); err != nil {
			return err
		}
	}
	_, err := w.ListFlows(fnf.CreateListFlowsRequest())
	return err
}

func badLimit(_ *testing.T, w *world) error {
	request := fnf.CreateListExecutionsRequest()
	request.FlowName, request.Limit = "flow", requests.NewInteger(100)
	_, err := w.ListExecutions(request)
	return err
}

func longCause(_ *testing.T, w *world) error {
	request := fnf.CreateStopExecutionRequest()
	request.FlowName, request.ExecutionName, request.Cause = "flow", "exec", strings.Repeat("好", 4097)
	_, err := w.StopExecution(request)
	return err
}

func largeInput(_ *testing.T, w *world) error {
	request := fnf.CreateStartExecutionRequest()
	request.FlowName, request.Input = "flow", `"`+strings.Repeat("x", 1<<20)+`"`
	_, err := w.StartExecution(request)
	return err
}

func call(operation, version string) func(*testing.T, *world) error {
	return func(_ *testing.T, w *world) error {
		request := requests.NewCommonRequest()
		request.Method, request.Domain, request.Scheme = "POST", w.address, "http"
		request.Version, request.ApiName = version, operation
		_, err := w.ProcessCommonRequest(request)
		return err
	}
}

func createAgain(_ *testing.T, w *world) error {
	request := fnf.CreateCreateFlowRequest()
	request.Name, request.Description, request.Type, request.Definition = "flow", "again", "FDL", "version: v1"
	_, err := w.CreateFlow(request)
	return err
}

// The transport's troubles reach the SDK's caller as errors of their own kind.
func TestBrokenTransport(t *testing.T) {
	for kind, want := range map[string]string{
		"resetBefore": "connection reset by peer",
		"resetAfter":  "connection reset by peer",
		"torn":        io.ErrUnexpectedEOF.Error(),
		"html502":     "502 Bad Gateway",
		"empty503":    "ErrorCode: \n",
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, "faults: [{operation: StopExecution, kind: "+kind+"}]\n"+plain, emulator.Options{})
			err := stop("flow", "exec")(t, w)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
			wantStops := map[string]int{"resetAfter": 1, "torn": 1}[kind]
			if got := len(w.emulator.Stats().Stops); got != wantStops {
				t.Errorf("%d stops took effect, want %d", got, wantStops)
			}
		})
	}
}
