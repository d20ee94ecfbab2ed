package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// answer is what an operation answers; the request's id is added to it.
type answer interface{ identify(requestID string) }

// operation is how one of the API's operations is called and done. Its quota is a
// token bucket, full at the start, as the documentation's page on limits has it.
type operation struct {
	method   string
	rate     rate.Limit // calls a second
	burst    int
	requires []string // parameters
	do       func(s *Server, ctx context.Context, r *request) (answer, error)
}

var operations = map[string]operation{
	"ListFlows":           {http.MethodGet, 2, 10, nil, (*Server).listFlows},
	"DescribeFlow":        {http.MethodGet, 2, 10, []string{"Name"}, (*Server).describeFlow},
	"CreateFlow":          {http.MethodPost, 2, 10, []string{"Name", "Definition", "Description", "Type"}, (*Server).createFlow},
	"DeleteFlow":          {http.MethodPost, 2, 10, []string{"Name"}, (*Server).deleteFlow},
	"ListExecutions":      {http.MethodGet, 2, 10, []string{"FlowName"}, (*Server).listExecutions},
	"DescribeExecution":   {http.MethodGet, 5, 50, []string{"FlowName", "ExecutionName"}, (*Server).describeExecution},
	"GetExecutionHistory": {http.MethodGet, 5, 50, []string{"FlowName", "ExecutionName"}, (*Server).getExecutionHistory},
	"StartExecution":      {http.MethodPost, 100, 100, []string{"FlowName"}, (*Server).startExecution},
	"StopExecution":       {http.MethodPost, 2, 10, []string{"FlowName", "ExecutionName"}, (*Server).stopExecution},
	"DescribeRegions":     {http.MethodPost, 2, 10, nil, (*Server).describeRegions},
	assumeRole:            {http.MethodPost, 100, 100, []string{"RoleArn", "RoleSessionName"}, (*Server).assumeRole},
}

// reply is what goes back over the wire, or that it breaks.
type reply struct {
	status      int
	contentType string
	requestID   string
	body        []byte
	reset       bool // the connection breaks, nothing is answered
	torn        bool // it breaks after half of the body
}

// answer takes one request through all that can meet it: the network and the
// gateway with their faults, signature, quota, the operation, and the faults
// of the service. When ctx ends the caller has gone: nothing is waited for any
// more, but the operation takes place, as a service that was told of it would.
func (s *Server) answer(ctx context.Context, from *http.Request) reply {
	sleep(ctx, s.latency)
	r, wrong := readRequest(from)
	if wrong == nil {
		wrong = s.known(r)
	}
	if wrong != nil {
		return s.replyError(r, wrong)
	}
	s.counter.called(r.operation)
	if f := s.faults.meet(r, faultsOutside); f != nil {
		sleep(ctx, time.Duration(f.Delay))
		return replyBroken(f)
	}
	if wrong := s.letIn(r); wrong != nil {
		return s.replyError(r, wrong)
	}
	f := s.faults.meet(r, faultsInside)
	if f != nil && f.Kind == account.FaultError {
		sleep(ctx, time.Duration(f.Delay))
		return s.replyError(r, errorOfFault(f))
	}
	done := s.do(ctx, r)
	if f != nil {
		sleep(ctx, time.Duration(f.Delay))
		done.reset = f.Kind == account.FaultResetAfter
		done.torn = f.Kind == account.FaultTorn
	}
	return done
}

// known checks that there is such an operation, in such a version.
func (s *Server) known(r *request) *apiError {
	if r.ACS3() && s.behaviour.ACS3 == account.ACS3Refuse {
		e := errorOf("IncompleteSignature", "")
		e.hint = "The account's behaviour refuses ACS3 signatures."
		return e
	}
	if r.operation == "" && r.ACS3() {
		return errorOf("MissingRequiredHeader", "x-acs-action")
	}
	if r.operation == "" {
		return errorOf("MissingRequiredParams", "Action")
	}
	if _, ok := operations[r.operation]; !ok {
		return errorOf("ActionNotSupported", r.operation)
	}
	return nil
}

// letIn checks version, method, signature and quota.
func (s *Server) letIn(r *request) *apiError {
	switch version := r.headerOrParameter("x-acs-version", "Version"); {
	case version == "" && r.ACS3():
		return errorOf("MissingRequiredHeader", "x-acs-version")
	case version == "":
		return errorOf("MissingRequiredParams", "Version")
	case version != r.version():
		return errorOf("APIVersionNotSupported", version)
	case r.Method != operations[r.operation].method:
		return errorOf("UnsupportedHTTPMethod", "")
	}
	if err := s.verifier.Verify(&r.Request, s.Now()); err != nil {
		return notLetIn(err.(*signature.Error))
	}
	if bucket := s.quota[r.operation]; bucket != nil && !bucket.AllowN(s.Now(), 1) {
		return errorOf("ResourceThrottled", "")
	}
	return nil
}

func (s *Server) do(ctx context.Context, r *request) reply {
	operation := operations[r.operation]
	for _, name := range operation.requires {
		if r.get(name) == "" {
			return s.replyError(r, errorOf("MissingRequiredParams", name))
		}
	}
	value, err := operation.do(s, ctx, r)
	if err != nil {
		return s.replyError(r, asAPIError(err))
	}
	id := newRequestID()
	value.identify(id)
	return replyJSON(http.StatusOK, id, value)
}

func (s *Server) replyError(r *request, e *apiError) reply {
	s.counter.answered(e)
	id := newRequestID()
	names := strings.NewReplacer("{it}", cmp.Or(e.it, "?"), "{key}", cmp.Or(e.it, r.get("AccessKeyId")),
		"{flow}", r.flow(), "{execution}", r.get("ExecutionName"), "{now}", apiTime(s.Now()))
	return replyJSON(e.status, id, errorAnswer{
		RequestId: id, HostId: r.Host, Code: e.code, Message: names.Replace(e.message),
		Recommend: cmp.Or(e.hint, "https://api.aliyun.com/troubleshoot?product=fnf&q="+e.code),
	})
}

func newRequestID() string { return strings.ToUpper(uuid.NewString()) }

func replyJSON(status int, requestID string, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // answers are texts and numbers
	}
	return reply{status: status, contentType: "application/json;charset=utf-8", requestID: requestID, body: body}
}

// replyBroken is what comes when a request doesn't reach the service.
func replyBroken(f *account.Fault) reply {
	switch f.Kind {
	case account.FaultHTML502:
		return reply{
			status: http.StatusBadGateway, contentType: "text/html",
			body: []byte("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body>\r\n</html>\r\n"),
		}
	case account.FaultEmpty503:
		return reply{status: http.StatusServiceUnavailable}
	}
	return reply{reset: true}
}

// sleep waits, unless the caller goes.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
