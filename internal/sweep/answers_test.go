package sweep_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// edited is a CloudFlow whose answers say something else than the emulator's. They
// are edited one at a time.
type edited struct {
	cloudflow.HTTPClient
	edit func(operation string, body []byte) []byte
	one  sync.Mutex
}

func (c *edited) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	answer, err := c.HTTPClient.Call(r, t)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	c.one.Lock()
	body = c.edit(r.URL.Query().Get("Action"), body)
	c.one.Unlock()
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer.Header.Del("Content-Length")
	return answer, err
}

var (
	milliseconds = regexp.MustCompile(`("StartedTime":"[^"]*\.\d{3})Z"`)
	isRunning    = regexp.MustCompile(`"Status":"Running"`)
)

// finer has times with more than milliseconds.
func finer(_ string, body []byte) []byte {
	return milliseconds.ReplaceAll(body, []byte(`${1}999999Z"`))
}

// describedWith edits what is described alone.
func describedWith(pattern *regexp.Regexp, by string) func(string, []byte) []byte {
	return func(operation string, body []byte) []byte {
		if operation != cloudflow.OpDescribeExecution {
			return body
		}
		return pattern.ReplaceAll(body, []byte(by))
	}
}

// withheld has so many executions withheld by a limit that is one less, and then the
// limit raised. What asks about them then is their turn alone: the watch has them
// rest for two minutes.
func withheld(t *testing.T, n int, edit func(string, []byte) []byte, test func(*process, *edited)) {
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", n, 3*time.Hour)}}, fmt.Sprintf(guarded, n-1, "100%"), "", func(t *testing.T, p *process) {
		way := &edited{HTTPClient: p.server, edit: finer}
		p.wire = way
		for range 2 {
			if r, err := p.next(); codeOf(err) != result.CodeWithheld || len(r.Decisions) != n {
				t.Fatalf("error %v, decisions %+v", err, r.Decisions)
			}
		}
		p.policy, way.edit = parse(t, fmt.Sprintf(guarded, n, "100%")), edit
		test(p, way)
	})
}

// What is kept of an execution from sweep to sweep is that it started then, in
// milliseconds: with more than these in the answers it is the same still.
func TestTimesFinerThanMilliseconds(t *testing.T) {
	for _, n := range []int{2, 5} {
		withheld(t, n, finer, func(p *process, _ *edited) {
			r, err := p.next()
			if err != nil || !r.Complete || p.stops() != n {
				p.t.Errorf("error %v, complete %v, %d of %d stopped: %v", err, r.Complete, p.stops(), n, outcomes(r))
			}
		})
	}
}

// An answer that doesn't say when an execution started says neither that it is
// another, nor that it has ended: nothing is stopped, nothing forgotten.
func TestAnAnswerWithoutAStartedTimeIsAnError(t *testing.T) {
	for _, none := range []string{`"StartedTime":""`, `"StartedTime":null`, `"Status":"Running"`} {
		withheld(t, 2, describedWith(startedTime, none), func(p *process, way *edited) {
			if none == `"Status":"Running"` { // no StartedTime at all
				way.edit = describedWith(regexp.MustCompile(`"StartedTime":"[^"]*",?`), "")
			}
			for range 20 {
				r, err := p.next()
				if err != nil || p.stops() > 0 || r.Complete || len(r.Incomplete) != 1 || len(r.Errors) != 1 {
					p.t.Fatalf("%s: error %v, %d stops, complete %v, incomplete %v, errors %v", none, err, p.stops(), r.Complete, r.Incomplete, r.Errors)
				}
				note, execution := r.Errors[0], "f-0"
				if strings.Contains(note.Message, "f-1") { // whichever is answered first
					execution = "f-1"
				}
				want := "the execution " + execution + " of f came without a startedTime, by which it is told from another of its name: it is kept, and asked for again"
				if note.Code != "NoStartedTime" || note.Message != want || note.Count < 2 {
					p.t.Errorf("%+v, want %s", note, want)
				}
			}
			way.edit = finer
			if r, err := p.next(); err != nil || !r.Complete || p.stops() != 2 {
				p.t.Errorf("%s: error %v, complete %v, %d of 2 stopped", none, err, r.Complete, p.stops())
			}
		})
	}
}

// The watch's own questions get the same answers: what is asked about before it is
// due isn't forgotten either.
func TestACheckWithoutAStartedTimeForgetsNothing(t *testing.T) {
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 110*time.Minute)}}, fmt.Sprintf(guarded, 3, "100%"), "", func(t *testing.T, p *process) {
		way := &edited{HTTPClient: p.server, edit: describedWith(startedTime, `"StartedTime":""`)}
		p.wire = way
		incomplete := 0
		for range 20 {
			r, err := p.next()
			if err != nil || p.stops() > 0 {
				t.Fatalf("error %v, %d stops", err, p.stops())
			}
			if !r.Complete {
				incomplete++
			}
		}
		way.edit = finer
		if r, err := p.next(); err != nil || !r.Complete || p.stops() != 1 || incomplete < 9 {
			t.Errorf("error %v, complete %v, %d stops, %d incomplete before", err, r.Complete, p.stops(), incomplete)
		}
	})
}

// What was listed without a startedTime is the same when it is described with one,
// minutes later.
func TestAStartedTimeThatComesLater(t *testing.T) {
	row := regexp.MustCompile(`("Name":"later-0",[^{}]*)"StartedTime":"[^"]*"`)
	stopped, r, lists := whileManyStop(t, "{name: later, flows: [later], when: execution.name startsWith \"later\"}", hanging("later", 1, time.Hour), func(operation string, body []byte, _ int) []byte {
		if operation == cloudflow.OpListExecutions {
			return row.ReplaceAll(body, []byte(`${1}"StartedTime":""`))
		}
		return body
	})
	if diff := cmp.Diff([]string{"later-0"}, stopped); diff != "" || !r.Complete || lists != 1 {
		t.Errorf("%d lists, complete %v, stopped (-want +got):\n%s", lists, r.Complete, diff)
	}
}

// A plan says of each execution when it started. What comes without is not what
// was approved, and isn't said to be another that started in the year 1.
func TestDriftOfAnExecutionWithoutAStartedTime(t *testing.T) {
	odd := running("a", 5*time.Hour)
	odd.StartedTime = time.Time{}
	c := newCloud(map[string][]cloudflow.Execution{"f": {odd}})
	o := c.options(parse(t, strings.Replace(twoHours, "maxRuntime: 2h", "when: true", 1)))
	o.Approved = result.Recording{{Flow: "f", FlowID: "id-f", Execution: "a", StartedTime: noon.Add(-5 * time.Hour), Rule: "two-hours"}}
	r, err := sweep.Run(t.Context(), o)
	want := []result.Drift{{Flow: "f", Execution: "a", Reason: "it came without a startedTime, by which it is told from another of its name"}}
	if diff := cmp.Diff(want, r.Drift); err != nil || len(c.stopped()) > 0 || diff != "" {
		t.Errorf("error %v, stopped %v, drift (-want +got):\n%s", err, c.stopped(), diff)
	}
}

// When the live ones are counted again, minutes after they were listed, one that
// was among them may have been replaced by another of its name; and without a
// startedTime nobody knows.
func TestAnotherOfTheSameNameWhenTheLiveOnesAreCountedAgain(t *testing.T) {
	for _, test := range []struct {
		now  string // the startedTime of later-8 when it is listed again
		want []string
	}{
		{"", []string{"later-8", "later-9"}}, // as it was
		{`"StartedTime":"1999-12-31T23:59:59.000Z"`, []string{"later-9"}},
		{`"StartedTime":""`, []string{"later-9"}},
	} {
		row := regexp.MustCompile(`("Name":"later-8",[^{}]*)"StartedTime":"[^"]*"`)
		stopped, r, lists := whileManyStop(t, "{name: later, flows: [later], maxConcurrent: 8}", hanging("later", 10, time.Hour), func(operation string, body []byte, lists int) []byte {
			if operation == cloudflow.OpListExecutions && lists > 1 && test.now != "" {
				return row.ReplaceAll(body, []byte("${1}"+test.now))
			}
			return body
		})
		unknown := slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return n.Code == "NoStartedTime" })
		if diff := cmp.Diff(test.want, stopped); diff != "" || lists < 2 || unknown != (test.now == `"StartedTime":""`) || r.Complete == unknown {
			t.Errorf("%s: %d lists, complete %v, errors %v, stopped (-want +got):\n%s", test.now, lists, r.Complete, r.Errors, diff)
		}
	}
}

// whileManyStop sweeps a flow whose turn comes a minute and a half after it was
// listed, by a rule, and returns what was stopped of it. The edit is told how often
// its live ones were listed.
func whileManyStop(t *testing.T, rule string, later account.Flow, edit func(operation string, body []byte, lists int) []byte) (stopped []string, r *result.Report, lists int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&account.Account{Flows: []account.Flow{hanging("many", 180, 100*time.Hour), later}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: &edited{HTTPClient: server, edit: func(operation string, body []byte) []byte {
			if operation == cloudflow.OpListExecutions && bytes.Contains(body, []byte(`"later-0"`)) {
				lists++
			}
			return edit(operation, body, lists)
		}}})
		if r, err = sweep.Run(t.Context(), sweep.Options{Policy: parse(t, fmt.Sprintf(freshPolicy, rule)), Source: c, Stopper: c}); err != nil {
			t.Error(err)
		}
		for _, s := range server.Stats().Stops {
			if s.Flow == later.Name {
				stopped = append(stopped, s.Execution)
			}
		}
	})
	slices.Sort(stopped)
	return stopped, r, lists
}

// A status that nobody has heard of may be a live one. What has it is kept, in a
// listing, in the watch's own checks and at its turn; each time people are told.
func TestAnUnknownStatusIsReported(t *testing.T) {
	wantNote := func(t *testing.T, r *result.Report, err error, execution string) {
		t.Helper()
		want := []result.ErrorNote{{
			Code: "UnknownStatus", Count: 1,
			Message: "the execution " + execution + ` of f came with the status "Paused", which is not documented: no rule condemns it`,
		}}
		if diff := cmp.Diff(want, r.Errors); err != nil || diff != "" {
			t.Errorf("error %v, errors (-want +got):\n%s", err, diff)
		}
	}
	t.Run("listed", func(t *testing.T) {
		odd := running("odd", 5*time.Hour)
		odd.Status = "Paused"
		c := newCloud(map[string][]cloudflow.Execution{"f": {odd}})
		r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
		if wantNote(t, r, err, "odd"); len(c.stopped()) > 0 {
			t.Errorf("stopped %v", c.stopped())
		}
	})
	t.Run("checked", func(t *testing.T) {
		timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 119*time.Minute)}}, fmt.Sprintf(guarded, 3, "100%"), "", func(t *testing.T, p *process) {
			way := &edited{HTTPClient: p.server, edit: describedWith(isRunning, `"Status":"Paused"`)}
			p.wire = way
			if r, err := p.next(); err != nil || len(r.Errors) > 0 {
				t.Fatalf("error %v, errors %v", err, r.Errors)
			}
			for range 3 {
				time.Sleep(time.Minute)
				r, err := p.next()
				wantNote(t, r, err, "f-0")
			}
			way.edit = finer
			if _, err := p.next(); err != nil || p.stops() != 1 {
				t.Errorf("error %v, %d stops", err, p.stops())
			}
		})
	})
	t.Run("at its turn", func(t *testing.T) {
		withheld(t, 2, finer, func(p *process, way *edited) {
			way.edit = describedWith(regexp.MustCompile(`("Name":"f-1",[^{}]*)"Status":"Running"`), `${1}"Status":"Paused"`)
			r, err := p.next()
			if wantNote(p.t, r, err, "f-1"); p.stops() != 1 {
				p.t.Errorf("%d stops, want that of the other", p.stops())
			}
			way.edit = finer
			if _, err := p.next(); err != nil || p.stops() != 2 {
				p.t.Errorf("error %v, %d of 2 stopped", err, p.stops())
			}
		})
	})
}

// Bounds are widened, listings repeated: an execution is one all the same.
func TestAnExecutionIsSeenOnce(t *testing.T) {
	t.Run("in two parts of a listing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := account.Flow{Name: "f"}
			for i := range 1500 { // more than ten pages: cut where they started
				f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprint("e", i), StartedAgo: ago(time.Hour + time.Duration(i)*time.Second)})
			}
			_, c := emulate(t, &account.Account{Flows: []account.Flow{f}})
			r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, strings.Replace(twoHours, "maxRuntime: 2h", "when: execution.input.x == 1", 1)), Source: c, Stopper: c})
			if err != nil || r.Executions.Seen != 1500 || r.Calls.ListExecutions < 20 {
				t.Errorf("error %v, %d seen, %d lists", err, r.Executions.Seen, r.Calls.ListExecutions)
			}
		})
	})
	t.Run("by several looks and checks", func(t *testing.T) {
		a := &account.Account{Flows: []account.Flow{hanging("f", 4, 5*time.Minute)}}
		text := strings.Replace(twoHours, "maxRuntime: 2h", "{name: short, maxRuntime: 15s, when: execution.input.x == 1}", 1)
		text = strings.Replace(text, "  - name: two-hours\n    ", "  - ", 1)
		timed(t, a, text, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
			for range 5 {
				if r, err := p.next(); err != nil || r.Executions.Seen > 4 {
					t.Errorf("error %v, %d of 4 seen by %+v", err, r.Executions.Seen, r.Calls)
				}
			}
		})
	})
}
