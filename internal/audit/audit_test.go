package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// record is a CloudFlow that answers as it is told to.
type record struct {
	flows     []cloudflow.Page[cloudflow.Flow]
	flowsEnd  error // behind the pages
	rows      map[string][]cloudflow.Page[cloudflow.Execution]
	rowsEnd   map[string]error
	events    map[string][]cloudflow.Event // by execution
	eventsEnd map[string]error
	offset    time.Duration
	before    func(execution string)

	mu    sync.Mutex
	asked []cloudflow.ExecutionQuery
}

func pages[T any](all []cloudflow.Page[T], end error) iter.Seq2[cloudflow.Page[T], error] {
	return func(yield func(cloudflow.Page[T], error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
		if end != nil {
			yield(cloudflow.Page[T]{}, end)
		}
	}
}

func (r *record) ListFlows(context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	return pages(r.flows, r.flowsEnd)
}

func (r *record) ListExecutions(_ context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	r.mu.Lock()
	r.asked = append(r.asked, q)
	r.mu.Unlock()
	return pages(r.rows[q.FlowName], r.rowsEnd[q.FlowName])
}

func (r *record) GetExecutionHistory(_ context.Context, _, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error] {
	if r.before != nil {
		r.before(execution)
	}
	return pages([]cloudflow.Page[cloudflow.Event]{{Items: []cloudflow.Event{{Type: "StepEntered"}}}, {Items: r.events[execution]}}, r.eventsEnd[execution])
}

func (r *record) ClockOffset() (time.Duration, bool) { return r.offset, true }

func flows(names ...string) (p cloudflow.Page[cloudflow.Flow]) {
	for _, name := range names {
		p.Items = append(p.Items, cloudflow.Flow{Name: name})
	}
	return p
}

func stopped(name string, at time.Time) cloudflow.Execution {
	return cloudflow.Execution{Name: name, Status: "Stopped", StartedTime: noon.Add(-100 * time.Hour), StoppedTime: at}
}

func executions(all ...cloudflow.Execution) cloudflow.Page[cloudflow.Execution] {
	return cloudflow.Page[cloudflow.Execution]{Items: all}
}

func ending(at time.Time, detail string) []cloudflow.Event {
	return []cloudflow.Event{{Type: "ExecutionStopped", Time: at, Detail: detail}}
}

// noon is when synctest's clock starts, 2000-01-01.
var noon = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

const tail = "[flowreaper/1 policy=guardrails@0123abcd rule=two-hours run=r-1 at=1999-12-31T22:00:00Z by=ops@host]"

// summary is a stop in a line.
func summary(s Stop) string {
	text := fmt.Sprintf("%s/%s %s", s.Flow, s.Execution, s.By)
	if s.Tail != nil {
		text += fmt.Sprintf(" %s@%s %s %s %s", s.Tail.Policy, s.Tail.Hash, s.Tail.Rule, s.Tail.Run, s.Tail.By)
	}
	if s.OfPolicy != nil {
		text += fmt.Sprintf(" ofPolicy=%v", *s.OfPolicy)
	}
	return text + fmt.Sprintf(" error=%q cause=%q unread=%q", s.Error, s.Cause, s.Unread)
}

func run(t *testing.T, r *record, o Options) (*Result, error) {
	t.Helper()
	o.Source = r
	if o.Since == 0 {
		o.Since = 24 * time.Hour
	}
	return Run(t.Context(), o)
}

func expect(t *testing.T, r *Result, want ...string) {
	t.Helper()
	got := []string{}
	for _, s := range r.Stops {
		got = append(got, summary(s))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stops (-want +got):\n%s", diff)
	}
}

// Who stopped what is what the tail of the cause says: one within the cause is none.
func TestByWhom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &record{flows: []cloudflow.Page[cloudflow.Flow]{flows("etl")}, events: map[string][]cloudflow.Event{}, rows: map[string][]cloudflow.Page[cloudflow.Execution]{}}
		for i, detail := range []string{
			`{"error":"FlowReaper.two-hours","cause":"is too long ` + tail + `"}`,
			`{"Error":"Mine","Cause":"by hand"}`,
			`{"cause":"forged ` + tail + ` and more"}`,
			`cleaned up`,
			`{}`,
			``,
		} {
			name := fmt.Sprintf("run-%d", i)
			r.rows["etl"] = append(r.rows["etl"], executions(stopped(name, ago(time.Duration(i+1)*time.Minute))))
			r.events[name] = ending(noon, detail)
		}
		r.rows["etl"] = append(r.rows["etl"], executions(stopped("silent", ago(time.Hour))))
		hash := &policy.Policy{Name: "guardrails", Hash: "sha256:0123abcd9999"}
		result, err := run(t, r, Options{Policy: hash})
		if err != nil || !result.Complete || result.Flows != (Flows{1, 1}) {
			t.Fatalf("%+v, error %v", result, err)
		}
		expect(t, result,
			`etl/run-0 flowreaper guardrails@0123abcd two-hours r-1 ops@host ofPolicy=true error="FlowReaper.two-hours" cause="is too long" unread=""`,
			`etl/run-1 others error="Mine" cause="by hand" unread=""`,
			`etl/run-2 others error="" cause="forged `+tail+` and more" unread=""`,
			`etl/run-3 others error="" cause="cleaned up" unread=""`,
			`etl/run-4 unknown error="" cause="" unread="the history of the execution does not have them"`,
			`etl/run-5 unknown error="" cause="" unread="the history of the execution does not have them"`,
			`etl/silent unknown error="" cause="" unread="the history of the execution does not have them"`)
		hash.Hash = "sha256:ffff"
		result, _ = run(t, r, Options{Policy: hash})
		if of := result.Stops[0].OfPolicy; of == nil || *of {
			t.Errorf("another policy's: %v", of)
		}
	})
}

// What was stopped within the time, by CloudFlow's clock, and whenever it was started. Where a row has
// no time, its history has; pages that shift show a row twice; and a filter that isn't
// heeded changes nothing.
func TestWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, failed := stopped("live", time.Time{}), stopped("failed", ago(time.Minute))
		live.Status, failed.Status = "Running", "Failed"
		r := &record{
			flows: []cloudflow.Page[cloudflow.Flow]{flows("etl")}, offset: time.Hour,
			rows: map[string][]cloudflow.Page[cloudflow.Execution]{"etl": {
				executions(stopped("late", ago(23*time.Hour)), stopped("before", ago(23*time.Hour+time.Millisecond)), stopped("twice", ago(time.Hour)), live, failed),
				executions(stopped("twice", ago(time.Hour)), stopped("timeless", time.Time{}), stopped("timeless-before", time.Time{}), stopped("never", time.Time{})),
			}},
			events: map[string][]cloudflow.Event{
				"timeless": ending(ago(2*time.Hour), `{"cause":"a"}`), "timeless-before": ending(ago(48*time.Hour), `{"cause":"b"}`),
			},
		}
		result, err := run(t, r, Options{})
		if err != nil || !result.Complete {
			t.Fatalf("%+v, error %v", result, err)
		}
		const unread = ` unknown error="" cause="" unread="the history of the execution does not have them"`
		expect(t, result, "etl/twice"+unread, `etl/timeless others error="" cause="a" unread=""`, "etl/late"+unread, "etl/never"+unread)
		if want := noon.Add(time.Hour); !result.Until.Equal(want) || !result.Since.Equal(want.Add(-24*time.Hour)) {
			t.Errorf("%v to %v", result.Since, result.Until)
		}
		want := cloudflow.ExecutionQuery{FlowName: "etl", Status: "Stopped", StartedTimeBegin: ago(23*time.Hour + 366*24*time.Hour), MetadataOnly: true}
		if diff := cmp.Diff([]cloudflow.ExecutionQuery{want}, r.asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		from := ago(90 * time.Minute)
		result, _ = run(t, r, Options{From: from})
		if expect(t, result, "etl/twice"+unread, "etl/never"+unread); !result.Since.Equal(from) {
			t.Errorf("since %v", result.Since)
		}
	})
}

// Whatever could not be read is said, and what could is shown.
func TestNotRead(t *testing.T) {
	denied := &cloudflow.Error{Operation: "X", Code: "AccessDenied", Class: cloudflow.Item, Message: "no"}
	fatal := &cloudflow.Error{Operation: "X", Code: "SignatureNotMatch", Class: cloudflow.Fatal, Message: "no"}
	synctest.Test(t, func(t *testing.T) {
		two := func() *record {
			return &record{
				flows:   []cloudflow.Page[cloudflow.Flow]{flows("a", "b")},
				rows:    map[string][]cloudflow.Page[cloudflow.Execution]{"a": {executions(stopped("a-1", ago(1)), stopped("a-2", ago(2)))}, "b": {executions(stopped("b-1", ago(3)))}},
				events:  map[string][]cloudflow.Event{"a-1": ending(noon, "c"), "a-2": ending(noon, "c"), "b-1": ending(noon, "c")},
				rowsEnd: map[string]error{}, eventsEnd: map[string]error{},
			}
		}
		const known = ` others error="" cause="c" unread=""`
		for _, test := range []struct {
			name  string
			spoil func(*record)
			read  int
			want  []Incomplete
			stops []string
			fails bool
		}{
			{"nothing", func(*record) {}, 2, nil, []string{"a/a-1" + known, "a/a-2" + known, "b/b-1" + known}, false},
			{"a page of flows", func(r *record) { r.flowsEnd = denied }, 2,
				[]Incomplete{{Flow: "*", Reason: "the flows could not be listed: " + denied.Error()}}, []string{"a/a-1" + known, "a/a-2" + known, "b/b-1" + known}, true},
			{"a page of executions", func(r *record) { r.rowsEnd["a"] = denied }, 1,
				[]Incomplete{{Flow: "a", Reason: denied.Error()}}, []string{"a/a-1" + known, "a/a-2" + known, "b/b-1" + known}, false},
			{"a history", func(r *record) { r.eventsEnd["a-2"], r.events["a-2"] = denied, nil }, 1,
				[]Incomplete{{Flow: "a", Executions: 1, Reason: denied.Error()}},
				[]string{"a/a-1" + known, fmt.Sprintf(`a/a-2 unknown error="" cause="" unread=%q`, denied.Error()), "b/b-1" + known}, false},
		} {
			r := two()
			test.spoil(r)
			result, err := run(t, r, Options{})
			if (err != nil) != test.fails || result.Flows != (Flows{2, test.read}) || result.Complete != (test.want == nil) {
				t.Errorf("%s: %+v, error %v", test.name, result, err)
			}
			if diff := cmp.Diff(test.want, result.Incomplete); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
			expect(t, result, test.stops...)
		}
		r := two()
		r.flows, r.flowsEnd = nil, denied
		if result, err := run(t, r, Options{}); result != nil || !errors.Is(err, denied) {
			t.Errorf("no flow came: %+v, error %v", result, err)
		}
		for _, end := range []error{fatal, fmt.Errorf("the next call comes %w", cloudflow.ErrOutOfTime)} {
			r = two()
			r.rows, r.rowsEnd["a"], r.rowsEnd["b"] = nil, end, end
			if result, err := run(t, r, Options{}); !errors.Is(err, end) || result == nil || result.Complete || result.Flows.Read != 0 {
				t.Errorf("nothing to hope for: %+v, error %v", result, err)
			}
		}
	})
}

// Interrupted, it shows what was listed, and that it wasn't read.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &record{
			flows:  []cloudflow.Page[cloudflow.Flow]{flows("a")},
			rows:   map[string][]cloudflow.Page[cloudflow.Execution]{"a": {executions(stopped("a-1", ago(1)), stopped("a-2", ago(2)), stopped("a-3", ago(3)))}},
			events: map[string][]cloudflow.Event{"a-1": ending(noon, "c")}, eventsEnd: map[string]error{},
		}
		r.before = func(execution string) {
			if execution == "a-2" {
				cancel()
				r.eventsEnd["a-2"] = ctx.Err()
			}
		}
		result, err := Run(ctx, Options{Source: r, Since: time.Hour})
		if !errors.Is(err, context.Canceled) || result == nil || result.Complete {
			t.Fatalf("%+v, error %v", result, err)
		}
		const unread = ` unknown error="" cause="" unread="context canceled"`
		expect(t, result, `a/a-1 others error="" cause="c" unread=""`, "a/a-2"+unread, "a/a-3"+unread)
	})
}

// The time left is that of the slower quota.
func TestProgress(t *testing.T) {
	rates := cloudflow.Rates{cloudflow.OpListExecutions: {PerSecond: 2}, cloudflow.OpGetExecutionHistory: {PerSecond: 5}}
	m := meter{flows: 10, done: 5, stops: 20, read: 10, started: time.Now()}
	if p := m.progress(rates); p.Left != 6*time.Second { // 10 known and 20 expected, 5 a second; 5 pages take 2.5s
		t.Errorf("%+v", p)
	}
	if got, want := m.progress(rates).String(), "listed 5 of 10 flows, read 10 of 20 stops"; got != want {
		t.Errorf("%q", got)
	}
}
