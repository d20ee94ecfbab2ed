package sweep_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// sparse is a CloudFlow whose listings leave fields out, of this row and not of
// that.
type sparse struct {
	cloudflow.HTTPClient
	mu   sync.Mutex
	rand *rand.Rand
}

// sometimes are the fields that the rows of listings may do without.
var sometimes = map[string][]string{
	"Flows":      {"Environment", "Definition", "ExecutionMode", "Description", "RoleArn", "CreatedTime", "LastModifiedTime", "ResourceGroupId"},
	"Executions": {"Environment", "Input", "FlowName"},
}

func (s *sparse) Call(r *http.Request, transport *http.Transport) (*http.Response, error) {
	response, err := s.HTTPClient.Call(r, transport)
	if err != nil || !strings.HasPrefix(r.URL.Query().Get("Action"), "List") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	var answer map[string]any
	if err != nil || json.Unmarshal(body, &answer) != nil {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
		return response, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for list, fields := range sometimes {
		rows, _ := answer[list].([]any)
		for _, row := range rows {
			for _, field := range fields {
				switch s.rand.IntN(6) {
				case 0:
					delete(row.(map[string]any), field)
				case 1:
					if field != "Input" { // null is an empty one
						row.(map[string]any)[field] = nil
					}
				}
			}
		}
	}
	if body, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// failing is the end of a body that was cut off; the end, without an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// leftOut is a cloud of two flows of three executions each, all overdue, whose
// listing leaves fields out.
func leftOut(fields ...string) *cloud {
	c := newCloud(map[string][]cloudflow.Execution{"a": hours("a", 3), "b": hours("b", 3)})
	slices.SortFunc(c.flows[0].Items, func(a, b cloudflow.Flow) int { return strings.Compare(a.Name, b.Name) })
	for i := range c.flows[0].Items {
		c.flows[0].Items[i].Absent = fields
	}
	return c
}

func hours(prefix string, n int) []cloudflow.Execution {
	var all []cloudflow.Execution
	for i := range n {
		all = append(all, running(fmt.Sprintf("%s%d", prefix, i), 3*time.Hour))
	}
	return all
}

// described has DescribeFlow tell of all flows what change makes of them.
func (c *cloud) described(change func(*cloudflow.Flow)) {
	c.onFlow = func(name string) (cloudflow.Flow, error) {
		f := cloudflow.Flow{Name: name, ID: "id-" + name}
		change(&f)
		return f, nil
	}
}

const optOut = "\nprotect: {when: 'flow.env[\"FLOWREAPER\"] == \"off\"'}\n"

// leftOutRun sweeps by twoHours with something besides.
func leftOutRun(t *testing.T, c *cloud, more string) *result.Report {
	t.Helper()
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours+more)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A row without an environment doesn't say that the owner hasn't opted out.
func TestAnEnvironmentThatAListingLeavesOutIsAskedFor(t *testing.T) {
	c := leftOut("Environment")
	c.described(func(f *cloudflow.Flow) {
		if f.Name == "a" {
			f.Environment = map[string]string{"FLOWREAPER": "off"}
		}
	})
	r := leftOutRun(t, c, optOut)
	got := c.stopped()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"b0", "b1", "b2"}, got); diff != "" || outcomes(r)["a0"] != result.ProtectedOutcome {
		t.Errorf("stopped (-want +got):\n%s%v", diff, outcomes(r))
	}
	if r.Calls.DescribeFlow != 2 || !r.Complete {
		t.Errorf("%d DescribeFlow calls for two flows, complete %v, errors %v", r.Calls.DescribeFlow, r.Complete, r.Errors)
	}
}

// What nobody could read protects, and leaves rules undecided.
func TestAFlowThatCannotBeReadEitherIsHeld(t *testing.T) {
	for _, more := range []string{optOut, "    when: 'flow.env[\"FLOWREAPER\"] != \"off\"'\n"} {
		c := leftOut("Environment")
		c.onFlow = func(string) (cloudflow.Flow, error) {
			return cloudflow.Flow{}, apiError("AccessDenied", 403, cloudflow.Operation)
		}
		r := leftOutRun(t, c, more)
		if len(c.stopped()) > 0 || r.Complete || len(r.Errors) != 1 || r.Errors[0].Code != "AccessDenied" || r.Calls.DescribeFlow != 2 {
			t.Errorf("%s: stopped %v, complete %v, errors %v, %d described", more, c.stopped(), r.Complete, r.Errors, r.Calls.DescribeFlow)
		}
		for _, d := range r.Decisions {
			if d.Outcome != result.ProtectedOutcome || !strings.HasSuffix(d.Reason, `flow.env.FLOWREAPER == "off": flow.env was not fetched`) {
				t.Errorf("%s: %s", d.Outcome, d.Reason)
			}
		}
		if len(r.Decisions)+len(r.Undecided) != 6 {
			t.Errorf("%d decisions, %d undecided", len(r.Decisions), len(r.Undecided))
		}
	}
}

// Each fact that a rule reads and a row leaves out is asked for, and none that no
// rule reads.
func TestWhatAListingLeavesOutIsAskedForWhereARuleReadsIt(t *testing.T) {
	whole := func(f *cloudflow.Flow) {
		f.Description, f.RoleARN, f.ResourceGroupID = "d", "r", "g"
		f.CreatedTime, f.LastModifiedTime = noon.Add(-time.Hour), noon.Add(-time.Minute)
	}
	all := []string{"Description", "RoleArn", "ResourceGroupId", "CreatedTime", "LastModifiedTime", "Environment"}
	for rule, want := range map[string]int{
		`flow.description == ""`:                           0,
		`flow.description == "d"`:                          6,
		`flow.roleArn != "r"`:                              0,
		`flow.roleArn == "r"`:                              6,
		`flow.resourceGroupId != "g"`:                      0,
		`flow.resourceGroupId == "g"`:                      6,
		`flow.createdTime > date("2026-05-04")`:            6,
		`flow.lastModifiedTime < date("2026-05-04")`:       0,
		`flow.env["X"] == nil and flow.name == "a"`:        3,
		`flow.name startsWith "a"`:                         3,
		`flow.name != "a" and flow.executionMode != "odd"`: 3,
	} {
		c := leftOut(all...)
		c.described(whole)
		r := leftOutRun(t, c, "    when: '"+rule+"'\n")
		if got := len(c.stopped()); got != want || len(r.Undecided) > 0 {
			t.Errorf("%s: %d stops, want %d; undecided %v", rule, got, want, r.Undecided)
		}
		if reads := rule != `flow.name startsWith "a"`; reads != (r.Calls.DescribeFlow > 0) || r.Calls.DescribeFlow > 2 {
			t.Errorf("%s: %d DescribeFlow calls", rule, r.Calls.DescribeFlow)
		}
	}
}

// Of a flow whose mode is not told nobody knows that it isn't Express.
func TestAModeThatAListingLeavesOutIsAskedForBeforeAStop(t *testing.T) {
	c := leftOut("ExecutionMode")
	c.described(func(f *cloudflow.Flow) {
		if f.Name == "a" {
			f.ExecutionMode = "Express"
		}
	})
	r := leftOutRun(t, c, "")
	got := c.stopped()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"b0", "b1", "b2"}, got); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]result.FlowNote{{Flow: "a", Reason: "Express"}}, r.NotCovered); diff != "" {
		t.Errorf("not covered (-want +got):\n%s", diff)
	}
}

// A definition that is left out may hold a distributed Map, whose children are no
// crowd.
func TestADefinitionThatAListingLeavesOutIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		described   []string // what DescribeFlow leaves out
		distributed bool
		stops       int
	}{{nil, false, 4}, {nil, true, 0}, {[]string{"Definition"}, false, 0}} {
		c := leftOut("Definition")
		c.described(func(f *cloudflow.Flow) { f.DistributedMap, f.Absent = test.distributed, test.described })
		r := sweepCrowd(t, c)
		if len(c.stopped()) != test.stops || (test.stops == 0) != (len(r.Undecided) == 6) || r.Calls.DescribeFlow != 2 {
			t.Errorf("%+v: stopped %v, undecided %v, %d described", test, c.stopped(), r.Undecided, r.Calls.DescribeFlow)
		}
	}
}

// sweepCrowd sweeps by maxConcurrent, which asks for what is Starting, too.
func sweepCrowd(t *testing.T, c *cloud) *result.Report {
	t.Helper()
	o := c.options(parse(t, strings.Replace(twoHours, "maxRuntime: 2h", "maxConcurrent: 1", 1)))
	o.Source = runningOnly{c}
	r, err := sweep.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A row that leaves its execution's facts out says nothing of them.
func TestWhatARowLeavesOutOfAnExecutionIsAskedFor(t *testing.T) {
	for protect, whole := range map[string]func(*cloudflow.Execution){
		`execution.env["KEEP"] == "yes"`: func(e *cloudflow.Execution) { e.Environment = map[string]string{"KEEP": "yes"} },
		`execution.input.keep == true`:   func(e *cloudflow.Execution) { e.Input = `{"keep":true}` },
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": hours("e", 2)})
		c.live = map[string]cloudflow.Execution{}
		rows := c.executions["f"][0].Items
		for i := range rows {
			c.live[rows[i].Name] = rows[i]
			rows[i].EnvironmentAbsent, rows[i].InputFetched = true, false
		}
		kept := c.live["e0"]
		whole(&kept)
		c.live["e0"] = kept
		r := leftOutRun(t, c, "\nprotect: {when: '"+protect+"'}\n")
		if diff := cmp.Diff([]string{"e1"}, c.stopped()); diff != "" || outcomes(r)["e0"] != result.ProtectedOutcome {
			t.Errorf("%s: %v, stopped (-want +got):\n%s", protect, outcomes(r), diff)
		}
		for name, e := range c.live { // another has its name: it started at another time
			e.StartedTime, e.Input, e.Environment = e.StartedTime.Add(-time.Hour), "", nil
			c.live[name] = e
		}
		c.stops = nil
		if r := leftOutRun(t, c, "\nprotect: {when: '"+protect+"'}\n"); len(c.stopped()) > 0 {
			t.Errorf("%s: stopped %v, %v", protect, c.stopped(), outcomes(r))
		}
	}
}

// What an environment gives twice protects, and leaves rules undecided.
func TestAnEnvironmentInDoubtIsNotReliedOn(t *testing.T) {
	const twice = `the variable "FLOWREAPER" is given twice`
	for _, more := range []string{optOut, "    when: 'flow.env[\"FLOWREAPER\"] != \"off\"'\n"} {
		c := leftOut()
		c.flows[0].Items[0].EnvironmentDoubt = twice
		r := leftOutRun(t, c, more)
		got := c.stopped()
		slices.Sort(got)
		if diff := cmp.Diff([]string{"b0", "b1", "b2"}, got); diff != "" {
			t.Errorf("%s: stopped (-want +got):\n%s", more, diff)
		}
		said := fmt.Sprintf("%+v %+v", r.Decisions, r.Undecided)
		if n := strings.Count(said, "flow.env can't be relied on: "+twice); n != 3 {
			t.Errorf("said %d times: %s", n, said)
		}
	}
}

// A flow whose row has no Id is the one that DescribeFlow tells of by its name.
func TestAnIdThatAListingLeavesOutDropsNothing(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("e", 2*time.Hour-5*time.Minute)}})
	c.live = map[string]cloudflow.Execution{"e": running("e", 2*time.Hour-5*time.Minute)}
	c.flows[0].Items[0].ID, c.flows[0].Items[0].Absent = "", []string{"Id"}
	c.described(func(*cloudflow.Flow) {})
	o := c.options(parse(t, twoHours+optOut))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	for range 2 {
		if _, err := sweep.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		c.advance(10 * time.Minute)
	}
	if len(c.stopped()) != 1 || c.calls["DescribeFlow"] == 0 {
		t.Errorf("stopped %v, %d described", c.stopped(), c.calls["DescribeFlow"])
	}
}

// Nor does one that a file leaves out.
func TestAFlowThatAFileKnowsByNameAloneIsReadOnce(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("e", 2*time.Hour-5*time.Minute)}})
	c.live = map[string]cloudflow.Execution{"e": running("e", 2*time.Hour-5*time.Minute)}
	c.flows[0].Items[0].ID = "" // and its row doesn't say that it left it out
	c.described(func(*cloudflow.Flow) {})
	o := c.options(parse(t, twoHours+optOut))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	for range 2 {
		if _, err := sweep.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		c.advance(10 * time.Minute)
	}
	if len(c.stopped()) != 1 || c.calls["DescribeFlow"] != 1 {
		t.Errorf("stopped %v, %d described", c.stopped(), c.calls["DescribeFlow"])
	}
}

// Two flows with one Id are both looked at, and said.
func TestTwoFlowsWithOneIdAreBothKnown(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"a": {running("e", 3*time.Hour)}, "b": {running("e", 4*time.Hour)}, "c": {running("e", 5*time.Hour)}})
	for i := range c.flows[0].Items {
		c.flows[0].Items[i].ID = "same"
	}
	o := c.options(parse(t, twoHours))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	r, err := sweep.Run(t.Context(), o)
	if err != nil || len(c.stops) != 3 || len(r.Errors) != 1 || r.Errors[0].Code != "SameId" {
		t.Fatalf("error %v, stops %+v, errors %+v", err, c.stops, r.Errors)
	}
	if !strings.HasSuffix(r.Errors[0].Message, "have one Id, same: each is known by its name") {
		t.Error(r.Errors[0].Message)
	}
}

// runningOnly answers for Running alone: nothing is Starting.
type runningOnly struct{ *cloud }

func (c runningOnly) ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	if q.Status == "Running" {
		return c.cloud.ListExecutions(ctx, q)
	}
	return pages(func() {}, []cloudflow.Page[cloudflow.Execution]{{}}, nil)
}
