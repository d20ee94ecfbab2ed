package hostile

import (
	"net/http"
	"testing"
	"time"
)

// What a gateway says in the API's place is tried again; where it says it to the
// end, nothing is concluded from it.
func TestGateways(t *testing.T) {
	t.Parallel()
	html := `<!DOCTYPE html><html><title>502 Bad Gateway</title><body bgcolor="white">…</body></html>`
	odd := func(status int, body string, headers ...string) *answer {
		a := &answer{status: status, body: body, header: http.Header{}}
		for i := 0; i < len(headers); i += 2 {
			a.header.Set(headers[i], headers[i+1])
		}
		return a
	}
	throttled := `{"RequestId":"r","Code":"Throttling.User","Message":"Request was denied due to user flow control."}`
	whole := page("Executions", "", row("etl", "run-1", startedTime)).body
	for name, first := range map[string]*answer{
		"HTML 502":                         odd(502, html, "Content-Type", "text/html"),
		"an empty 503":                     odd(503, ""),
		"a 500 with half an object":        odd(500, `{"Code":"Internal`),
		"throttled, with no time":          odd(429, throttled, "Retry-After", "soon"),
		"throttled, before now":            odd(429, throttled, "Retry-After", "-5"),
		"throttled, until long ago":        odd(429, throttled, "Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"),
		"throttled, in fractions":          odd(429, throttled, "Retry-After", "0.5"),
		"throttled, with a limit of 0":     odd(400, throttled, "x-ratelimit-limit", "0", "x-ratelimit-reset", "NaN"),
		"throttled, with 400":              odd(400, throttled),
		"throttled, as HTML":               odd(429, html, "Content-Type", "text/html"),
		"torn":                             {body: whole, torn: 30},
		"torn after a row":                 {body: whole, torn: 2},
		"lost":                             {lost: true},
		"HTML with 200":                    odd(200, html, "Content-Type", "text/html"),
		"nothing with 200":                 odd(200, ""),
		"said to be compressed, and isn't": odd(200, whole, "Content-Encoding", "gzip"),
		"compressed and torn":              {body: zipped(page("Executions", "", row("etl", "run-1", startedTime))).body, header: http.Header{"Content-Encoding": {"gzip"}}, torn: 12},
		"a 409":                            odd(409, `{"Code":"ConcurrentUpdateError","Message":"Update conflict, please retry."}`),
	} {
		t.Run("once "+name, func(t *testing.T) {
			w := overdue(t)
			w.account.rows = []string{row("etl", "run-1", startedTime)}
			w.on("ListExecutions", func(c call) *answer {
				if c.n == 0 {
					return first
				}
				return nil
			})
			w.machine(twoHours).apply().want(0, "etl/run-1 stopped").whole(true)
			w.stopped("etl/run-1")
		})
		t.Run("for ever "+name, func(t *testing.T) {
			w := overdue(t)
			w.account.rows = []string{row("etl", "run-1", startedTime)}
			w.on("ListExecutions", func(call) *answer { return first })
			r := w.machine(twoHours).apply("--timeout", "30s").whole(false)
			if r.status != 3 || len(r.report.Incomplete) != 1 || r.report.Incomplete[0].Flow != "etl" {
				t.Errorf("status %d\n%s", r.status, r)
			}
			w.stopped()
		})
	}
}

// These are no hiccups: nothing comes of trying them again.
func TestGatewaysThatAreElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t)
	for name, a := range map[string]*answer{
		"a redirect":      {status: 302, header: http.Header{"Location": {elsewhere.url + "/?Action=ListExecutions"}}},
		"a redirect here": {status: 307, header: http.Header{"Location": {"/"}}},
		"a portal":        {status: 401, body: "<html>log in</html>"},
		"no such key":     refuse(403, "InvalidAccessKeyId.NotFound", "Specified access key is not found."),
		"no right":        refuse(403, "AccessDenied", "The resources doesn't belong to you."),
		"no such flow":    refuse(400, "Whatever.New", "Something that nobody has heard of."),
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1")
			w.on("ListExecutions", func(call) *answer { return a })
			r := w.machine(twoHours).apply().whole(false)
			if r.status != 1 && r.status != 3 {
				t.Errorf("status %d\n%s", r.status, r)
			}
			w.stopped()
			if n := w.came("ListExecutions"); n != 1 {
				t.Errorf("ListExecutions came %d times, want once", n)
			}
		})
	}
	if n := len(elsewhere.calls); n > 0 {
		t.Errorf("%d requests went elsewhere, signed", n)
	}
}

// A server that is slower than the sweep has time costs its flow, and no more.
func TestAServerThatHangs(t *testing.T) {
	w := overdue(t, "run-1")
	w.account.flows = append(w.account.flows, flow("other"))
	w.account.rows = append(w.account.rows, row("other", "run-2", ago(3*time.Hour)))
	w.on("ListExecutions", func(c call) *answer {
		if c.Get("FlowName") == "other" {
			return nil
		}
		return &answer{lost: true, before: func(cancelled <-chan struct{}) { <-cancelled }}
	})
	r := w.machine(twoHours).invoke(timer, "--timeout", "6s").whole(false)
	if len(r.report.Incomplete) != 1 || r.report.Incomplete[0].Flow != "etl" {
		t.Errorf("incomplete: %+v\n%s", r.report.Incomplete, r)
	}
	w.stopped("other/run-2")
}
