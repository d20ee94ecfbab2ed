package sweep_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// halfListed is a CloudFlow that lists the flow "a", and fails on the page with the
// others.
type halfListed struct{ cloudflow.HTTPClient }

func (h halfListed) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	q := r.URL.Query()
	if q.Get("Action") != "ListFlows" {
		return h.HTTPClient.Call(r, t)
	}
	lost := q.Get("NextToken") != ""
	q.Del("NextToken")
	answer, err := h.HTTPClient.Call(r, t)
	if err != nil || lost {
		return answer, err // the token is none of its own
	}
	var body map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, err
	}
	body["NextToken"] = "lost"
	body["Flows"] = slices.DeleteFunc(body["Flows"].([]any), func(f any) bool { return f.(map[string]any)["Name"] != "a" })
	text, err := json.Marshal(body)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	answer.Header.Del("Content-Length")
	return answer, err
}

func wantPartial(t *testing.T, r *result.Report) {
	t.Helper()
	if r.Complete || !slices.ContainsFunc(r.Incomplete, func(n result.FlowNote) bool { return n.Flow == "*" && strings.HasPrefix(n.Reason, "ListFlows: ") }) {
		t.Errorf("complete %v, incomplete %v", r.Complete, r.Incomplete)
	}
}

// A list of flows that came in part is not the whole: those known before stay
// guarded, and the next sweep lists again.
func TestAPartialListOfFlows(t *testing.T) {
	for _, known := range []bool{true, false} {
		accident(t, map[string]int{"a": 1, "b": 1}, eventPolicy("limits: {maxShare: 100%}", "name: old, maxRuntime: 90m"), func(t *testing.T, p *process) {
			if known {
				if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete {
					t.Fatal(err)
				}
			}
			p.wire = halfListed{p.server}
			for _, later := range []time.Duration{80 * time.Minute, 5 * time.Minute, 20 * time.Minute, time.Minute} {
				time.Sleep(later)
				r, _ := p.sweep(50 * time.Second) // one in which nothing else was due has failed
				wantPartial(t, r)
			}
			want := []string{"a-000"}
			if known {
				want = append(want, "b-000")
			}
			p.wantStopped(want...)
			p.wire = nil
			if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete {
				t.Errorf("error %v, complete %v", err, r.Complete)
			}
			p.wantStopped("a-000", "b-000")
		})
	}
}

// Nor is it for an event: it isn't over before all flows were listed, and looked at.
func TestAPartialListOfFlowsForAnEvent(t *testing.T) {
	for _, timers := range []string{"name: slow, maxRuntime: 9h", "name: slow, flows: [c], maxRuntime: 9h"} {
		for _, limits := range []string{"", ", limits: none"} {
			rules := []string{"name: all, on: [event], when: 'event.data.stop == true'" + limits, timers}
			accident(t, map[string]int{"a": 1, "b": 1}, eventPolicy("limits: {maxShare: 100%}", rules...), func(t *testing.T, p *process) {
				p.wire = halfListed{p.server}
				p.http = p.wire
				invoke := func() (*result.Report, error) { return p.happen(time.Minute, `{"stop":true}`) }
				for range 5 {
					r, err := invoke()
					if err != nil || r.Resumable == nil {
						t.Errorf("error %v, resumable %v", err, r.Resumable)
					}
					wantPartial(t, r)
					invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
					time.Sleep(time.Minute)
				}
				p.wantStopped("a-000")
				p.wire = nil
				if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete {
					t.Errorf("error %v, complete %v", err, r.Complete)
				}
				p.wantStopped("a-000", "b-000")
			})
		}
	}
}

// A flow that an event is about and that can't be listed, or read, is told, and
// keeps the event in force: others that were quiet, sweep after sweep, don't stand
// for it.
func TestAPartialEmergencyIsTold(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		for _, operation := range []string{"ListExecutions", "DescribeFlow"} {
			accident(t, map[string]int{"a": 0, "b": 1}, eventPolicy("limits: {maxShare: 100%}", everything+limits), func(t *testing.T, p *process) {
				p.server.AddFaults(account.Fault{Operation: operation, Flow: "b", Kind: "error", Code: "AccessDenied", Status: 403})
				invoke := func() (*result.Report, error) { return p.happen(time.Minute, `{"stop":true}`) }
				for range 5 {
					r, err := invoke()
					if err != nil || r.Complete || r.Resumable == nil || len(r.Incomplete) != 1 || r.Incomplete[0].Flow != "b" || !strings.HasPrefix(r.Incomplete[0].Reason, operation+": AccessDenied") {
						t.Errorf("error %v, complete %v, resumable %v, incomplete %v", err, r.Complete, r.Resumable, r.Incomplete)
					}
					invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
					time.Sleep(time.Minute)
				}
				p.server.ClearFaults()
				if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete {
					t.Errorf("error %v, complete %v", err, r.Complete)
				}
				p.wantStopped("b-000")
			})
		}
	}
}

// What was counted before is left, as far as is known, until it has been looked at.
func TestWhatIsLeftOfAPartialEmergency(t *testing.T) {
	accident(t, map[string]int{"a": 0, "b": 1}, eventPolicy("limits: {maxShare: 100%}", everything), func(t *testing.T, p *process) {
		w := watch.New(watch.Options{})
		w.Emergencies.Latch(watch.Emergency{
			ID: "x", Rule: "all", Policy: p.policy.Hash, Event: []byte(`{"stop":true}`), Touched: time.Now(),
			Time: time.Now().Add(-time.Minute), Until: time.Now().Add(10 * time.Minute), Left: 7,
		})
		if err := watch.NewFile(p.file).Save(w, time.Now()); err != nil {
			t.Fatal(err)
		}
		p.start()
		p.server.AddFaults(account.Fault{Operation: "ListExecutions", Flow: "b", Kind: "error", Code: "AccessDenied", Status: 403})
		if r, err := p.sweep(50 * time.Second); err != nil || r.Estimate == nil || r.Estimate.StopsLeft != 7 {
			t.Errorf("error %v, estimate %+v", err, r.Estimate)
		}
	})
}

// So is one for which the time did not suffice.
func TestAnEmergencyThatTheTimeIsTooShortFor(t *testing.T) {
	for _, operation := range []string{"ListExecutions", "DescribeFlow"} {
		accident(t, map[string]int{"a": 1}, eventPolicy("", "name: all, on: [event], flows: [a]"), func(t *testing.T, p *process) {
			p.server.AddFaults(account.Fault{Operation: operation, Kind: "slow", Delay: ago(12 * time.Second), Times: 1})
			r, _ := p.happen(5*time.Second, `{"stop":true}`)
			want := []result.FlowNote{{Flow: "a", Reason: "the time of this sweep is over; the next one goes on"}}
			if diff := cmp.Diff(want, r.Incomplete); r.Complete || diff != "" {
				t.Errorf("%s: complete %v, incomplete (-want +got):\n%s", operation, r.Complete, diff)
			}
			if _, err := p.sweep(50 * time.Second); err != nil {
				t.Error(err)
			}
			p.wantStopped("a-000")
		})
	}
}

// What was not to be had of a page that came is told, though a later page failed.
func TestWhatIsNotReadOfAPageIsToldThoughTheNextFails(t *testing.T) {
	text := strings.Replace(twoHours, "maxRuntime: 2h", "on: [event]\n    limits: none\n    when: 'history.idle > duration(\"1h\")'", 1)
	undated := running("undated", 0) // by which the list can't be cut: all its pages are read
	undated.StartedTime = time.Time{}
	c := newCloud(map[string][]cloudflow.Execution{"f": nil})
	c.executions["f"] = []cloudflow.Page[cloudflow.Execution]{
		{Items: []cloudflow.Execution{undated}, More: true}, {Items: []cloudflow.Execution{running("torn", time.Hour)}, More: true},
	}
	c.listErr["f"] = unavailable
	c.histories = map[string][]cloudflow.Page[cloudflow.Event]{}
	c.historyErr = map[string]error{"torn": apiError("Torn", 500, cloudflow.Retry)}
	o := c.options(parse(t, text))
	o.Events, o.Memory = events(t, `{}`), memory(t)
	r, _ := sweep.Run(t.Context(), o)
	codes := map[string]int{}
	for _, e := range r.Errors {
		codes[e.Code] = e.Count
	}
	if codes["Torn"] != 1 || codes[unavailable.Code] != 1 || r.Complete {
		t.Errorf("complete %v, errors %+v", r.Complete, r.Errors)
	}
}
