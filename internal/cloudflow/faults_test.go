package cloudflow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// at makes a client of a server, on its own connections.
func at(t *testing.T, server string, change ...func(*Options)) *Client {
	t.Helper()
	c := once(t, nil, append([]func(*Options){func(o *Options) { o.Endpoint = server }}, change...)...)
	t.Cleanup(c.Close)
	return c
}

// stop is a call whose MaybeDone matters.
func stop(ctx context.Context, c *Client) *Error {
	_, err := c.StopExecution(ctx, Stop{FlowName: "f", ExecutionName: "run-1", Cause: "c"})
	e, _ := errors.AsType[*Error](err)
	return e
}

// hijack serves one connection by hand.
func hijack(t *testing.T, handle func(net.Conn, *bufio.ReadWriter)) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		handle(conn, buffered)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestConnectionRefused(t *testing.T) {
	c := at(t, "http://127.0.0.1:1")
	e := stop(t.Context(), c)
	const want = "StopExecution: dial tcp 127.0.0.1:1: connect: connection refused"
	if e == nil || e.Error() != want || e.Class != Retry || e.MaybeDone {
		t.Errorf("%+v\nwant %s", e, want)
	}
	if n := c.Stats().Calls[OpStopExecution]; n != 0 {
		t.Errorf("%d calls were counted, but none was sent", n)
	}
}

func TestConnectionReset(t *testing.T) {
	server := hijack(t, func(conn net.Conn, _ *bufio.ReadWriter) { conn.(*net.TCPConn).SetLinger(0) })
	c := at(t, server.URL)
	e := stop(t.Context(), c)
	if e == nil || e.Class != Retry || !e.MaybeDone || e.HTTPStatus != 0 {
		t.Fatalf("%+v", e)
	}
	assertNoSecret(t, e.Error())
	if n := c.Stats().Calls[OpStopExecution]; n != 1 {
		t.Errorf("%d calls", n)
	}
}

// net/http sends a GET again by itself when a kept connection breaks. What the
// server counts must be what we count.
func TestNothingIsSentTwiceUnasked(t *testing.T) {
	var served atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 0 || len(r.TransferEncoding) > 0 {
			t.Errorf("a GET came with a body: %d %v", r.ContentLength, r.TransferEncoding)
		}
		if served.Add(1) == 2 {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
			return
		}
		io.WriteString(w, running)
	}))
	defer server.Close()
	c := at(t, server.URL)
	for call, fails := range []bool{false, true, false} {
		if _, err := c.DescribeExecution(t.Context(), "f", "run-1", 0); (err != nil) != fails {
			t.Errorf("call %d: %v", call, err)
		}
	}
	if ours := c.Stats().Calls[OpDescribeExecution]; ours != 3 || served.Load() != 3 {
		t.Errorf("3 calls: counted %d, served %d", ours, served.Load())
	}
}

func TestForeignCertificateIsFatal(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	e := stop(t.Context(), at(t, server.URL))
	const want = "StopExecution: tls: failed to verify certificate: x509: certificate signed by unknown authority; next: check the endpoint and the region, and what stands between here and there"
	if e == nil || e.Error() != want || e.Class != Fatal || e.MaybeDone {
		t.Errorf("%+v\nwant %s", e, want)
	}
}

func TestServerWithoutTLSIsFatal(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	e := stop(t.Context(), at(t, strings.Replace(server.URL, "http:", "https:", 1)))
	if e == nil || e.Class != Fatal || e.MaybeDone {
		t.Errorf("%+v", e)
	}
}

func TestNameThatDoesNotExistIsFatal(t *testing.T) {
	for notFound, want := range map[bool]Class{true: Fatal, false: Retry} {
		lookup := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: notFound}}
		e := stop(t.Context(), once(t, script(fails(lookup))))
		if e == nil || e.Class != want || e.MaybeDone {
			t.Errorf("not found %t: %+v", notFound, e)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed to %s", r.URL)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/?"+r.URL.RawQuery, status)
		}))
		for _, call := range []func(*Client) error{
			func(c *Client) error { _, err := c.DescribeFlow(t.Context(), "f"); return err },
			func(c *Client) error { return stop(t.Context(), c) },
		} {
			err := call(at(t, server.URL))
			want := fmt.Sprintf(": the endpoint redirects to %s; redirects are not followed, since they would take the signature along (HTTP %d); next: check the endpoint and the region, and what stands between here and there", other.URL, status)
			if e, ok := errors.AsType[*Error](err); !ok || e.Class != Fatal || !strings.HasSuffix(e.Error(), want) {
				t.Errorf("%v\nwant …%s", err, want)
			}
			assertNoSecret(t, err.Error())
		}
		server.Close()
	}
}

// silence never answers, but honours the context.
func silence(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: context.Cause(r.Context())}
}

func TestNoAnswerInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, serve(silence), func(o *Options) { o.CallTimeout = 3 * time.Second; o.Retry.MaxAttempts = 2 })
		start := time.Now()
		e := stop(t.Context(), c)
		const want = "StopExecution: no answer in time (3s) (after 2 attempts)"
		if e == nil || e.Error() != want || e.Class != Retry || !e.MaybeDone {
			t.Errorf("%+v\nwant %s", e, want)
		}
		if errors.Is(e, context.DeadlineExceeded) {
			t.Error("an attempt's own timeout passes for the caller's deadline")
		}
		if took := time.Since(start); took < 6*time.Second || took > 7*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// Whatever ends the waiting in the end, that an attempt had no answer is known, and said.
func TestNoAnswerBeforeTheCallersTimeWasOver(t *testing.T) {
	for bound, want := range map[time.Duration]string{
		2 * time.Second: "StopExecution: context deadline exceeded",
		5 * time.Second: "StopExecution: context deadline exceeded; the attempt before failed: StopExecution: no answer in time (3s) (after 2 attempts)",
	} {
		synctest.Test(t, func(t *testing.T) {
			c := once(t, serve(silence), func(o *Options) { o.CallTimeout = 3 * time.Second; o.Retry.MaxAttempts = 5 })
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			if e := stop(ctx, c); e == nil || e.Error() != want || e.Unanswered != (bound > 3*time.Second) || !errors.Is(e, context.DeadlineExceeded) {
				t.Errorf("%+v\nwant %s", e, want)
			}
		})
	}
}

func TestWaitingHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, serve(silence))
		start := time.Now()
		_, err := c.DescribeExecution(t.Context(), "f", "run-1", 60*time.Second)
		if took := time.Since(start); took != 75*time.Second || err == nil {
			t.Errorf("gave up after %s: %v", took, err)
		}
	})
}

func TestCallersCancelIsReturnedAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, serve(silence), func(o *Options) { o.Retry.MaxAttempts = 9 })
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("interrupted")) })
		e := stop(ctx, c)
		if !errors.Is(e, context.Canceled) || e.Class != Retry || !e.MaybeDone {
			t.Errorf("%+v", e)
		}
		if want := "StopExecution: context canceled: interrupted"; e.Error() != want {
			t.Errorf("%s\nwant %s", e, want)
		}
		if n := c.Stats().Calls[OpStopExecution]; n != 1 {
			t.Errorf("%d calls after the cancel", n)
		}
	})
}

func TestCallersDeadlineIsReturnedAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := once(t, serve(silence), func(o *Options) { o.Retry.MaxAttempts = 9 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e := stop(ctx, c)
		if !errors.Is(e, context.DeadlineExceeded) || !e.MaybeDone || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
	})
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	for name, quota := range map[string]*Quota{"unlimited": Unlimited(), "limited": nil} {
		c := once(t, serve(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: sent", name)
			return answer(200, running), nil
		}), func(o *Options) { o.Quota = quota })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if e := stop(ctx, c); !errors.Is(e, context.Canceled) || e.MaybeDone {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// What an HTTPClient's error says is shown without the URL, which has
// everything in it.
func TestNetworkErrorsAreRedacted(t *testing.T) {
	c := once(t, serve(func(r *http.Request) (*http.Response, error) {
		broken := &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("broken pipe, was sending " + r.URL.RawQuery)}
		return nil, fmt.Errorf("while calling %s: %w", r.URL, broken)
	}))
	_, err := c.DescribeFlow(t.Context(), "f")
	for err := err; err != nil; err = errors.Unwrap(err) {
		assertNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	if !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("the reason is gone: %v", err)
	}
}

func TestTheURLOfANetworkErrorIsLeftOut(t *testing.T) {
	c := once(t, serve(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("broken pipe")}
	}))
	const want = "DescribeFlow: broken pipe"
	if _, err := c.DescribeFlow(t.Context(), "f"); err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// tornBody ends a body early, as a broken connection does.
type tornBody struct {
	io.Reader
	err error
}

func (b tornBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}
func (tornBody) Close() error { return nil }

func TestTornAnswers(t *testing.T) {
	const page = `{"RequestId":"r","NextToken":"","Executions":[{"Name":"a","Input":"{}"},{"Name":"b"}]}`
	for cut := range len(page) {
		for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, errors.New("connection reset by peer")} {
			c := once(t, serve(func(*http.Request) (*http.Response, error) {
				torn := answer(200, "")
				torn.Body = tornBody{strings.NewReader(page[:cut]), end}
				return torn, nil
			}))
			var items int
			var last error
			for p, err := range c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}) {
				items, last = items+len(p.Items), err
			}
			e, ok := errors.AsType[*Error](last)
			if !ok || e.Class != Retry || !e.MaybeDone || items != 0 {
				t.Fatalf("cut at %d, %v: %d items, %v", cut, end, items, last)
			}
		}
	}
}

// An error whose code was lost on the way may have been one that says the goal
// is reached.
func TestTornErrorIsTriedAgain(t *testing.T) {
	c := once(t, serve(func(*http.Request) (*http.Response, error) {
		torn := answer(400, "")
		torn.Body = tornBody{strings.NewReader(`{"Code":"Execu`), io.ErrUnexpectedEOF}
		return torn, nil
	}))
	if e := stop(t.Context(), c); e == nil || e.Class != Retry {
		t.Errorf("%+v", e)
	}
}

func TestWrongShapes(t *testing.T) {
	for _, test := range []struct {
		body, want string
		class      Class
	}{
		{`{"RequestId":"r"}`, "the answer has no Executions", Operation},
		{`{}`, "the answer has no Executions", Operation},
		{`{"executions":[]}`, "the answer has no Executions", Operation},
		{`null`, "the answer is null, not an object", Operation},
		{`[]`, "the answer is a list, not an object", Operation},
		{`"Executions"`, "the answer is a text, not an object", Operation},
		{`{"Executions":{}}`, "/Executions is an object, not a list", Operation},
		{`{"Executions":"[]"}`, "/Executions is a text, not a list", Operation},
		{`{"Executions":[null]}`, "/Executions/0 is null, not an object", Operation},
		{`{"Executions":[{}]}`, "an execution has no Name", Operation},
		{`{"Executions":[{"Name":""}]}`, "an execution has no Name", Operation},
		{`{"Executions":[{"Name":null}]}`, "an execution has no Name", Operation},
		{`{"Executions":[{"Name":"a"},{"Name":7}]}`, "/Executions/1/Name is a number, not a text", Operation},
		{`{"Executions":[{"Name":"a","Input":{"a":1}}]}`, "/Executions/0/Input is an object, not a text", Operation},
		{`{"Executions":[{"Name":"a","StartedTime":"yesterday"}]}`, `/Executions/0/StartedTime is no time: "yesterday"`, Operation},
		{`{"Executions":[{"Name":"a","StartedTime":1546304461001}]}`, "/Executions/0/StartedTime is a number, not a text", Operation},
		{`{"Executions":[{"Name":"a","FlowName":"f"},{"Name":"b","FlowName":"g"}]}`, `an execution of flow "g" came where those of "f" were asked for`, Operation},
		{`{"Executions":[{"Name":"a","Environment":[]}]}`, "/Executions/0/Environment is a list, not an object", Operation},
		{`{"Executions":[],"NextToken":true}`, "/NextToken is true, not a text", Operation},
		{`{"Executions":[]} {}`, "more follows the end of the answer", Operation},
		{`{"Executions":[{"Name":"a"}],"Executions":[]}`, "the answer is torn, or not JSON: ", Retry},
		{`{"Executions":[{"Name":"a","Name":"b"}]}`, "the answer is torn, or not JSON: ", Retry},
		{`{"Executions":[]}x`, "the answer is torn, or not JSON: ", Retry},
		{`<html>`, "the answer is torn, or not JSON: ", Retry},
		{``, "the answer is torn, or not JSON: EOF (HTTP 200)", Retry},
	} {
		c := once(t, script(says(200, test.body)))
		err := firstError(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}))
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Class != test.class || !strings.HasPrefix(e.Error(), "ListExecutions: "+test.want) {
			t.Errorf("%s: %v\nwant %s", test.body, err, test.want)
		}
	}
}

func TestAnswerAboutAnotherFlowIsRefused(t *testing.T) {
	c := once(t, script(says(200, `{"Name":"g","Environment":{"Variables":[]}}`)))
	_, err := c.DescribeFlow(t.Context(), "f")
	want := `DescribeFlow: flow "g" came where "f" was asked for (HTTP 200)`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// What is said of another execution must not be taken for what became of ours.
func TestAnswersAboutAnotherExecutionAreRefused(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{`{"Name":"run-1","FlowName":"f","Status":"Stopped"}`, ""},
		{`{"Name":"run-1","Status":"Stopped"}`, ""},
		{`{"Name":"run-1:0123-abc","FlowName":"f","Status":"Stopped"}`, ""}, // Express
		{`{"Name":"run-1","FlowName":"g","Status":"Stopped"}`, `an execution of flow "g" came where those of "f" were asked for (HTTP 200)`},
		{`{"Name":"run-10","FlowName":"f","Status":"Stopped"}`, `execution "run-10" came where "run-1" was asked for (HTTP 200)`},
		{`{"Name":"run-1:0123-abc","FlowName":"g","Status":"Stopped"}`, `an execution of flow "g" came where those of "f" were asked for (HTTP 200)`},
		{`{"Name":"run","FlowName":"f","Status":"Stopped"}`, `execution "run" came where "run-1" was asked for (HTTP 200)`},
	} {
		c := once(t, script(says(200, test.body)))
		is, described := c.DescribeExecution(t.Context(), "f", "run-1", 0)
		_, stopped := c.StopExecution(t.Context(), Stop{FlowName: "f", ExecutionName: "run-1"})
		if described == nil && is.Name != "run-1" { // by the other nobody has asked, nor judged
			t.Errorf("%s: it is called %q", test.body, is.Name)
		}
		for operation, err := range map[string]error{"DescribeExecution": described, "StopExecution": stopped} {
			if (err == nil) != (test.want == "") || err != nil && err.Error() != operation+": "+test.want {
				t.Errorf("%s: %s: %v\nwant %s", operation, test.body, err, test.want)
			}
		}
	}
}

func TestOtherOperationsRefuseWrongShapesToo(t *testing.T) {
	c := once(t, script(says(200, `{"RequestId":"r"}`)))
	_, flow := c.DescribeFlow(t.Context(), "f")
	_, execution := c.DescribeExecution(t.Context(), "f", "run-1", 0)
	for _, test := range []struct {
		err  error
		want string
	}{
		{firstError(c.ListFlows(t.Context())), "ListFlows: the answer has no Flows (HTTP 200)"},
		{flow, "DescribeFlow: a flow has no Name (HTTP 200)"},
		{execution, "DescribeExecution: an execution has no Name (HTTP 200)"},
		{firstError(c.GetExecutionHistory(t.Context(), "f", "e")), "GetExecutionHistory: the answer has no Events (HTTP 200)"},
		{stop(t.Context(), c), "StopExecution: an execution has no Name (HTTP 200)"},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("%v\nwant %s", test.err, test.want)
		}
	}
	if e := stop(t.Context(), c); !e.MaybeDone {
		t.Error("a stop whose answer made no sense may still be done")
	}
}

func TestHTTPClientThatReturnsNothing(t *testing.T) {
	c := once(t, script(func() (*http.Response, error) { return nil, nil }))
	const want = "StopExecution: the HTTP client returned neither an answer nor an error"
	if e := stop(t.Context(), c); e == nil || e.Error() != want || !e.MaybeDone {
		t.Errorf("%+v", e)
	}
}
