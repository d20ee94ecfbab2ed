package sweep_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/policy"
)

// recorder writes down the parameters of each ListExecutions.
type recorder struct {
	cloudflow.HTTPClient
	mu     sync.Mutex
	listed []url.Values
}

func (r *recorder) Call(request *http.Request, t *http.Transport) (*http.Response, error) {
	values := request.URL.Query()
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		maps.Copy(values, form)
	}
	if values.Get("Action") == "ListExecutions" {
		r.mu.Lock()
		r.listed = append(r.listed, values)
		r.mu.Unlock()
	}
	return r.HTTPClient.Call(request, t)
}

// sent prints what was sent for a flow as the plan prints what is.
func (r *recorder) sent(flow string) []string {
	var statuses []string
	var rest []string
	for _, values := range r.listed {
		if values.Get("FlowName") != flow {
			continue
		}
		statuses = append(statuses, values.Get("Status"))
		var others []string
		for _, name := range []string{"StartedTimeBegin", "StartedTimeEnd", "ExecutionNamePrefix"} {
			if values.Has(name) {
				others = append(others, name+" "+values.Get(name))
			}
		}
		metadataOnly, _ := strconv.ParseBool(values.Get("MetadataOnly"))
		others = append(others, fmt.Sprintf("MetadataOnly %t", metadataOnly))
		if rest != nil && !slices.Equal(rest, others) {
			return []string{fmt.Sprintf("%v and %v", rest, others)}
		}
		rest = others
	}
	return append([]string{"Status " + strings.Join(statuses, ", then ")}, rest...)
}

// What plan --explain-query prints for a rule is what sweeps on timers send for a
// flow that it alone concerns, and nothing else.
func TestThePlanSaysWhatIsSent(t *testing.T) {
	for name, rule := range map[string]string{
		"an age":           "maxRuntime: 2h",
		"an age and more":  `maxRuntime: 2h, when: execution.input.priority == "low"`,
		"the young":        `when: execution.age < duration("10m")`,
		"a span of ages":   `when: 'execution.age > duration("5m") and execution.age < duration("10m")'`,
		"started before":   `when: execution.startedTime < date("2026-03-04")`,
		"started after":    `when: execution.startedTime > date("1999-03-04")`,
		"a name":           `maxRuntime: 2h, when: execution.name startsWith "run-"`,
		"a name, and any":  `when: 'execution.name startsWith "run-" or execution.age > duration("2h")'`,
		"a crowd":          "maxConcurrent: 3",
		"a crowd of names": `maxConcurrent: 3, when: execution.name startsWith "run-"`,
		"a history":        "maxRuntime: 2h, when: history.steps > 3",
		"starting":         `when: execution.status == "Starting"`,
	} {
		for _, protect := range []string{"", "protect: {when: execution.input.keep == true}\n"} {
			t.Run(name+protect, func(t *testing.T) { holdThePlan(t, eventPolicy(protect, "name: r, flows: [a], "+rule)) })
		}
	}
}

func holdThePlan(t *testing.T, text string) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		f := account.Flow{Name: "a"}
		for i := range 5 {
			f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprint("run-", i), StartedAgo: account.Duration(time.Duration(i) * time.Hour)})
		}
		server, err := emulator.New(&account.Account{Flows: []account.Flow{f}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		record := &recorder{HTTPClient: server}
		p := &process{t: t, server: server, policy: parse(t, text), file: file, wire: record}
		p.start()
		time.Sleep(time.Minute)
		planned := p.policy.QueryPlan(time.Now(), 1, []*policy.Flow{{Name: "a"}}, time.Minute).Rules[0].Asked
		if _, err := p.sweep(time.Minute); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(planned, record.sent("a")); diff != "" {
			t.Errorf("-planned +sent:\n%s", diff)
		}
	})
}

// In an emergency what started too early for its rules is not asked for; where the
// share of what is live is limited, all is, since it is counted.
func TestAnEmergencyAsksForTheYoung(t *testing.T) {
	for _, test := range []struct {
		condition, limits string
		calls             int // at most
		bounded           bool
	}{
		{`execution.age < duration("10m")`, ", limits: none", 3, true},
		{`execution.startedTime > event.time - duration("10m")`, ", limits: none", 3, true},
		{`execution.age < duration("10m")`, "", 1000, false},
		{`(execution.age < duration("10m") or false == (execution.age > duration("8m")))`, ", limits: none", 1000, false},
	} {
		rule := "name: young, on: [event], flows: [a], when: '" + test.condition + "'" + test.limits
		accident(t, map[string]int{"a": 600}, eventPolicy("", rule), func(t *testing.T, p *process) {
			record := &recorder{HTTPClient: p.server}
			p.http = record
			if r, err := p.happen(4*time.Minute, `{}`); err != nil || !r.Complete {
				t.Errorf("%s: error %v, report %+v", test.condition, err, r)
			}
			p.wantStopped("a-592", "a-593", "a-594", "a-595", "a-596", "a-597", "a-598", "a-599")
			if n := len(record.listed); n > test.calls || n == 0 {
				t.Errorf("%s%s: %d calls, want at most %d", test.condition, test.limits, n, test.calls)
			}
			for _, values := range record.listed {
				begin, err := time.Parse(time.RFC3339, values.Get("StartedTimeBegin"))
				if begins := err == nil && begin.After(time.Now().Add(-20*time.Minute)); test.bounded && !begins {
					t.Errorf("%s%s: asked %v", test.condition, test.limits, values)
				}
				if !test.bounded && test.limits == "" && values.Has("StartedTimeBegin") {
					t.Errorf("%s%s: what is counted is asked from %v on", test.condition, test.limits, begin)
				}
			}
		})
	}
}
