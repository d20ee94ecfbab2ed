package judge_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// cloud is a Source of one flow, that answers as told and counts.
type cloud struct {
	flow      cloudflow.Flow
	flowErr   error
	one       map[string]cloudflow.Execution // what DescribeExecution tells
	oneErr    map[string]error
	pages     map[string][]cloudflow.Page[cloudflow.Execution] // by status
	listErr   error
	history   []cloudflow.Page[cloudflow.Event]
	historyOf map[string]error
	calls     map[string]int
}

func (c *cloud) called(operation string) {
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[operation]++
}

func (c *cloud) DescribeFlow(context.Context, string) (cloudflow.Flow, error) {
	c.called("DescribeFlow")
	return c.flow, c.flowErr
}

func (c *cloud) ListFlows(context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	c.called("ListFlows")
	return each([]cloudflow.Page[cloudflow.Flow]{{Items: []cloudflow.Flow{c.flow}}}, c.flowErr)
}

func (c *cloud) DescribeExecution(_ context.Context, _, name string, _ time.Duration) (cloudflow.Execution, error) {
	c.called("DescribeExecution")
	return c.one[name], c.oneErr[name]
}

func each[T any](pages []cloudflow.Page[T], err error) iter.Seq2[cloudflow.Page[T], error] {
	return func(yield func(cloudflow.Page[T], error) bool) {
		for _, p := range pages {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(cloudflow.Page[T]{}, err)
		}
	}
}

func (c *cloud) ListExecutions(_ context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	c.called("ListExecutions")
	return each(c.pages[q.Status], c.listErr)
}

func (c *cloud) GetExecutionHistory(_ context.Context, _, name string) iter.Seq2[cloudflow.Page[cloudflow.Event], error] {
	c.called("GetExecutionHistory")
	return each(c.history, c.historyOf[name])
}

func (c *cloud) ClockOffset() (time.Duration, bool) { return 0, true }

func (c *cloud) inquire() *judge.Inquiry {
	return judge.New(c, judge.NewClock(func() time.Time { return noon }, c.ClockOffset)).Inquire(context.Background())
}

var (
	unavailable = &cloudflow.Error{Code: "ServiceUnavailable", HTTPStatus: 503, Class: cloudflow.Retry}
	gone        = &cloudflow.Error{Code: cloudflow.CodeExecutionNotExists, HTTPStatus: 404, Class: cloudflow.Tolerated}
	fatal       = &cloudflow.Error{Code: "InvalidAccessKeyId", HTTPStatus: 403, Class: cloudflow.Fatal}
)

func row(name string, hours int) cloudflow.Execution {
	return cloudflow.Execution{Name: name, Status: "Running", StartedTime: noon.Add(-time.Duration(hours) * time.Hour), InputFetched: true}
}

func basis(t *testing.T, more string) *judge.Basis {
	t.Helper()
	p, err := policy.Parse("test.yaml", []byte("version: 1\npolicy: test\nmode: enforce\n"+more+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return &judge.Basis{Rules: p, Event: &policy.Event{Kind: "timer", Time: noon}}
}

var (
	standard = &policy.Flow{Name: "f", ID: "id-f", ExecutionMode: judge.Standard}
	all      = policy.Query{Statuses: []string{"Running", "Starting"}, Needs: policy.NeedInput}
)

// Of rows of one name that differ in anything that rules see, what DescribeExecution tells
// counts; where that can't be had the listing has failed, and where it is gone it is gone.
func TestRowsThatDiffer(t *testing.T) {
	change := func(do func(*cloudflow.Execution)) cloudflow.Execution {
		e := row("x", 3)
		do(&e)
		return e
	}
	for name, test := range map[string]struct {
		second cloudflow.Execution
		err    error
		want   []string
		asked  int
		fails  bool
	}{
		"alike":                  {row("x", 3), nil, []string{"x"}, 0, false},
		"another start":          {row("x", 2), nil, []string{"x"}, 1, false},
		"another input":          {change(func(e *cloudflow.Execution) { e.Input = "1" }), nil, []string{"x"}, 1, false},
		"no input":               {change(func(e *cloudflow.Execution) { e.InputFetched = false }), nil, []string{"x"}, 1, false},
		"an environment":         {change(func(e *cloudflow.Execution) { e.Environment = map[string]string{"A": "1"} }), nil, []string{"x"}, 1, false},
		"no environment":         {change(func(e *cloudflow.Execution) { e.EnvironmentAbsent = true }), nil, []string{"x"}, 1, false},
		"a doubt":                {change(func(e *cloudflow.Execution) { e.EnvironmentDoubt = "odd" }), nil, []string{"x"}, 1, false},
		"ended since":            {change(func(e *cloudflow.Execution) { e.Status = "Succeeded" }), nil, nil, 0, false},
		"another, that is gone":  {row("x", 2), gone, nil, 1, false},
		"another, not to be had": {row("x", 2), unavailable, nil, 1, true},
	} {
		c := &cloud{one: map[string]cloudflow.Execution{"x": row("x", 9)}, oneErr: map[string]error{"x": test.err}}
		c.pages = map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{Items: []cloudflow.Execution{row("x", 3)}}, {Items: []cloudflow.Execution{test.second}}}}
		in := c.inquire()
		l, err := in.List(judge.Range{Flow: &policy.Flow{Name: "f"}, MaxPages: 9}, all)
		var got []string
		for name := range l.Rows {
			got = append(got, name)
		}
		if err != nil != test.fails || c.calls["DescribeExecution"] != test.asked || len(in.Differ) != test.asked || l.Pages != 2 {
			t.Errorf("%s: error %v, asked %v, differ %v, %d pages", name, err, c.calls, in.Differ, l.Pages)
		}
		if diff := cmp.Diff(test.want, got); !test.fails && diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
		if test.asked == 1 && test.err == nil && !l.Rows["x"].StartedTime.Equal(noon.Add(-9*time.Hour)) {
			t.Errorf("%s: it started %v", name, l.Rows["x"].StartedTime)
		}
	}

	// A row that had ended, and then is live, differs too; and what is live by none is none.
	c := &cloud{one: map[string]cloudflow.Execution{"x": {Name: "x", Status: "Succeeded"}}}
	ended := row("x", 3)
	ended.Status = "Succeeded"
	c.pages = map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{Items: []cloudflow.Execution{ended, row("x", 3)}}}}
	if l, err := c.inquire().List(judge.Range{Flow: &policy.Flow{Name: "f"}, MaxPages: 9}, all); err != nil || len(l.Rows) > 0 || c.calls["DescribeExecution"] != 1 {
		t.Errorf("error %v, rows %v, asked %v", err, l.Rows, c.calls)
	}
}

// A listing goes no further than it may, but for what rules count.
func TestHowManyPagesAreRead(t *testing.T) {
	c := &cloud{pages: map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{More: true}, {More: true}, {}}}}
	counted := all
	counted.Needs |= policy.NeedLive
	for _, test := range []struct {
		q       policy.Query
		most    int
		tooMany bool
	}{{all, 2, true}, {all, 3, false}, {counted, 2, false}} {
		l, err := c.inquire().List(judge.Range{Flow: &policy.Flow{Name: "f"}, MaxPages: test.most}, test.q)
		if err != nil || l.TooMany != test.tooMany {
			t.Errorf("%+v: error %v, too many %v", test, err, l.TooMany)
		}
	}
	c.listErr = unavailable
	if l, err := c.inquire().List(judge.Range{Flow: &policy.Flow{Name: "f"}, MaxPages: 9}, all); !errors.Is(err, unavailable) || l.Read != 3 {
		t.Errorf("error %v, %d pages", err, l.Read)
	}
}

// An execution that was live is no more, or can't be told from another.
func TestLive(t *testing.T) {
	undated := row("x", 0)
	undated.StartedTime = time.Time{}
	for name, test := range map[string]struct {
		answer cloudflow.Execution
		err    error
		before time.Time
		live   bool
		want   string
	}{
		"it is":        {row("x", 3), nil, noon.Add(-3 * time.Hour), true, ""},
		"gone":         {cloudflow.Execution{}, gone, noon, false, ""},
		"ended":        {cloudflow.Execution{Name: "x", Status: "Failed"}, nil, noon, false, ""},
		"unavailable":  {cloudflow.Execution{}, unavailable, noon, false, unavailable.Error()},
		"undated":      {undated, nil, noon, true, "the execution x of f came without a startedTime, by which it is told from another of its name: it is kept, and asked for again"},
		"ever undated": {undated, nil, time.Time{}, true, ""},
	} {
		c := &cloud{one: map[string]cloudflow.Execution{"x": test.answer}, oneErr: map[string]error{"x": test.err}}
		answer, asked, err := c.inquire().Live("f", "x", test.before)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if answer != nil != test.live || got != test.want || !asked.Equal(noon) {
			t.Errorf("%s: %v, error %q", name, answer, got)
		}
	}
}

const optOut = "protect: {when: 'flow.env[\"OFF\"] == \"yes\" or execution.env[\"OFF\"] == \"yes\"'}\nrules: [{name: a, maxRuntime: 2h}]"

// What a row left out is asked for where a verdict hangs on it, of a flow once for all its
// executions. What can't be had protects, is kept, and is no reason to ask on where
// nothing is to be had any more.
func TestWhatRowsLeaveOut(t *testing.T) {
	lacking := row("x", 3)
	lacking.EnvironmentAbsent = true
	flow := *standard
	flow.Unknown = []string{"Environment"}
	off := map[string]string{"OFF": "yes"}
	for name, test := range map[string]struct {
		c      cloud
		want   policy.Decision
		over   bool
		unread int
	}{
		"nobody opted out":      {cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f"}, one: map[string]cloudflow.Execution{"x": row("x", 3)}}, policy.Stop, false, 0},
		"the flow's owner did":  {cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f", Environment: off}, one: map[string]cloudflow.Execution{"x": row("x", 3)}}, policy.Protected, false, 0},
		"another has its name":  {cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f"}, one: map[string]cloudflow.Execution{"x": row("x", 1)}}, policy.Protected, false, 0},
		"another flow has":      {cloud{flow: cloudflow.Flow{Name: "f", ID: "id-g"}, one: map[string]cloudflow.Execution{"x": row("x", 3)}}, policy.Protected, false, 0},
		"the execution is gone": {cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f"}, oneErr: map[string]error{"x": gone}}, policy.Keep, true, 0},
		"the flow is gone":      {cloud{flowErr: &cloudflow.Error{Code: cloudflow.CodeFlowNotExists, Class: cloudflow.Tolerated}, one: map[string]cloudflow.Execution{"x": row("x", 3)}}, policy.Keep, true, 0},
		"neither is to be had":  {cloud{flowErr: unavailable, oneErr: map[string]error{"x": unavailable}}, policy.Protected, false, 1},
		"nothing is any more":   {cloud{flowErr: fatal, oneErr: map[string]error{"x": fatal}}, policy.Protected, false, 1},
	} {
		in := test.c.inquire()
		f := in.Row(basis(t, optOut), &flow, lacking, noon)
		if f.Verdict.Decision != test.want || f.Over() != test.over || len(in.Unread) != test.unread {
			t.Errorf("%s: %s, over %v, unread %v", name, f.Verdict.Decision, f.Over(), in.Unread)
		}
		again := in.Judge.Inquire(t.Context()).Row(basis(t, optOut), &flow, row("y", 3), noon)
		if test.c.calls["DescribeFlow"] != 1 || again.Over() != (name == "the flow is gone") {
			t.Errorf("%s: %v, the next is over: %v", name, test.c.calls, again.Over())
		}
	}
}

// After an error that leaves nothing to hope for no history is asked for either.
func TestNothingMoreIsAsked(t *testing.T) {
	idle := basis(t, `rules: [{name: a, when: 'history.idle > duration("1h")'}]`)
	c := &cloud{historyOf: map[string]error{"x": fatal, "y": fatal}}
	in := c.inquire()
	in.Row(idle, standard, row("x", 3), noon)
	in.Row(idle, standard, row("y", 3), noon)
	if c.calls["GetExecutionHistory"] != 1 || len(in.Unread) != 1 {
		t.Errorf("%v, unread %v", c.calls, in.Unread)
	}
	c = &cloud{historyOf: map[string]error{"x": gone, "y": unavailable}}
	in = c.inquire()
	if x, y := in.Row(idle, standard, row("x", 3), noon), in.Row(idle, standard, row("y", 3), noon); !x.Over() || y.Over() || len(in.Unread) != 1 {
		t.Errorf("x is over: %v, y: %v, unread %v", x.Over(), y.Over(), in.Unread)
	}
}

// What was had of one thing is judged by, though another could not be; and after an error
// that leaves nothing to hope for, the other isn't asked for.
func TestTwoThingsAreLeftOut(t *testing.T) {
	by := basis(t, "rules:\n  - {name: a, when: 'flow.env[\"T\"] == \"x\"'}\n  - {name: b, when: 'execution.env[\"T\"] == \"x\" and history.steps > 0'}")
	lacking := row("x", 3)
	lacking.EnvironmentAbsent = true
	flow := *standard
	flow.Unknown = []string{"Environment"}
	c := &cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f", Environment: map[string]string{"T": "x"}}, oneErr: map[string]error{"x": unavailable}, historyOf: map[string]error{"x": unavailable}}
	if f := c.inquire().Row(by, &flow, lacking, noon); f.Verdict.Decision != policy.Stop {
		t.Errorf("%s, %v", f.Verdict.Decision, c.calls)
	}
	c = &cloud{flowErr: fatal}
	in := c.inquire()
	in.Row(by, &flow, lacking, noon)
	if diff := cmp.Diff(map[string]int{"DescribeFlow": 1}, c.calls); diff != "" || len(in.Unread) != 1 {
		t.Errorf("unread %v, calls (-want +got):\n%s", in.Unread, diff)
	}
	c = &cloud{oneErr: map[string]error{"y": fatal}}
	in = c.inquire()
	y := lacking
	y.Name = "y"
	in.Row(by, standard, y, noon)
	in.Row(by, &flow, lacking, noon)
	if c.calls["DescribeFlow"] > 0 {
		t.Errorf("%v", c.calls)
	}
}

// What is left running in a flow that isn't covered is named in the order of its lists,
// once; half a list names some, and says why.
func TestReadLeft(t *testing.T) {
	rules := basis(t, "rules: [{name: a, maxRuntime: 2h}]").Rules.(*policy.Policy)
	running := []cloudflow.Execution{row("b", 3), row("young", 1), row("a", 4)}
	starting := []cloudflow.Execution{row("a", 4), row("c", 5)}
	notCovered := []result.FlowNote{{Flow: "f", Reason: "Express"}}
	for name, test := range map[string]struct {
		c    cloud
		want []judge.Left
	}{
		"some":    {cloud{pages: map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{Items: running}}, "Starting": {{Items: starting}}}}, []judge.Left{{Flow: "f", Names: []string{"b", "a", "c"}}}},
		"none":    {cloud{}, nil},
		"no flow": {cloud{flowErr: gone}, nil},
		"half":    {cloud{pages: map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{Items: running}}}, listErr: unavailable}, []judge.Left{{Flow: "f", Names: []string{"b", "a"}, Err: unavailable}}},
		"nothing": {cloud{flowErr: unavailable}, []judge.Left{{Flow: "f", Err: unavailable}}},
	} {
		got := judge.ReadLeft(t.Context(), &test.c, rules, notCovered, func() time.Time { return noon })
		if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) || errors.Is(b, a) })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Without a mode that is told nobody knows that a flow isn't Express: it is asked for.
func TestAModeThatIsNotTold(t *testing.T) {
	flow := *standard
	flow.Unknown = []string{"ExecutionMode"}
	for _, hours := range []int{1, 3} {
		c := &cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f", ExecutionMode: "Express"}}
		f := c.inquire().Row(basis(t, "rules: [{name: a, maxRuntime: 2h}]"), &flow, row("x", hours), noon)
		if asked := hours > 2; c.calls["DescribeFlow"] > 0 != asked || f.Flow.ExecutionMode == "Express" != asked {
			t.Errorf("%d hours: %v, its mode is %s", hours, c.calls, f.Flow.ExecutionMode)
		}
	}
}

// A flow keeps the key by which it is known, and what was seen of it.
func TestAFlowAsDescribeFlowTellsOfIt(t *testing.T) {
	known := &policy.Flow{Name: "f", DistributedMap: true, Unknown: []string{"Environment"}}
	whole := judge.WholeFlow(cloudflow.Flow{Name: "f", ID: "id-f", Absent: []string{"Definition"}}, known)
	if judge.FlowKey(whole) != judge.FlowKey(known) || !whole.DistributedMap || !slices.Equal(whole.Unknown, []string{"Id"}) {
		t.Errorf("%+v", whole)
	}
	known = &policy.Flow{Name: "f", ID: "id-f", Unknown: []string{"Definition"}}
	if whole = judge.WholeFlow(cloudflow.Flow{Name: "f", Absent: []string{"Definition"}}, known); whole.ID != "id-f" || !slices.Equal(whole.Unknown, []string{"Definition"}) {
		t.Errorf("%+v", whole)
	}
	for _, test := range []struct {
		answer, known string
		want          bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "b", true}, {"a", "", true}} {
		if got := judge.IsFlow(cloudflow.Flow{ID: test.answer}, &policy.Flow{ID: test.known}); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	for _, f := range []*policy.Flow{{Name: "f", ID: "id-f"}, {Name: "f"}} {
		if got := judge.IDOf(judge.FlowKey(f)); got != f.ID {
			t.Errorf("%+v has the Id %q", f, got)
		}
	}
}

// What a history says is counted once, however often a page comes; only steps are billed.
func TestAHistory(t *testing.T) {
	at := func(m int) time.Time { return noon.Add(-time.Duration(m) * time.Minute) }
	page := cloudflow.Page[cloudflow.Event]{Items: []cloudflow.Event{
		{Type: "StepEntered", StepName: "first", Time: at(9)}, {Type: "StepEntered", StepName: "last", Time: at(5)}, {Type: "StepExited", Time: at(5)}, {Type: "StepExited", StepName: "first", Time: at(8)},
	}}
	c := &cloud{history: []cloudflow.Page[cloudflow.Event]{page, page}}
	h := c.inquire().Row(basis(t, `rules: [{name: a, when: history.steps > 100}]`), standard, row("x", 3), noon).Execution.History
	if diff := cmp.Diff(&policy.History{Events: 4, Steps: 2, LastEventTime: at(5), CurrentStep: "last"}, h); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// What is read of one execution has failed where anything of it has.
func TestReadFactsFails(t *testing.T) {
	rules := basis(t, "rules:\n  - {name: a, maxConcurrent: 1, when: 'history.idle > duration(\"1h\")'}").Rules.(*policy.Policy)
	ok := func() *cloud {
		return &cloud{flow: cloudflow.Flow{Name: "f", ID: "id-f"}, one: map[string]cloudflow.Execution{"x": row("x", 3)},
			pages: map[string][]cloudflow.Page[cloudflow.Execution]{"Running": {{Items: []cloudflow.Execution{row("x", 3), row("y", 2), row("z", 9)}}}}, historyOf: map[string]error{}}
	}
	for name, spoil := range map[string]func(*cloud){
		"":                  func(*cloud) {},
		"its flow":          func(c *cloud) { c.flowErr = unavailable },
		"itself":            func(c *cloud) { c.oneErr = map[string]error{"x": unavailable} },
		"its history":       func(c *cloud) { c.historyOf["x"] = unavailable },
		"another's history": func(c *cloud) { c.historyOf["y"] = unavailable },
		"the others":        func(c *cloud) { c.listErr = unavailable },
	} {
		c := ok()
		spoil(c)
		f, err := judge.ReadFacts(t.Context(), c, rules, nil, "f", "x", func() time.Time { return noon })
		if errors.Is(err, unavailable) != (name != "") || err == nil && (f.Flow.Live == nil || f.Execution.History == nil) {
			t.Errorf("%q: error %v, %+v", name, err, f)
		}
	}
	if _, err := judge.ReadFlows(t.Context(), lister{unavailable}, nil); !errors.Is(err, unavailable) {
		t.Errorf("error %v", err)
	}
	for prefix, want := range map[string]int{"": 2, "a": 1} {
		flows, err := judge.ReadFlows(t.Context(), lister{}, func(name string) bool { return strings.HasPrefix(name, prefix) })
		if err != nil || len(flows) != want {
			t.Errorf("%q: error %v, %d flows", prefix, err, len(flows))
		}
	}
}

type lister struct{ err error }

func (l lister) ListFlows(context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	return each([]cloudflow.Page[cloudflow.Flow]{{Items: []cloudflow.Flow{{Name: "a"}, {Name: "b"}}}}, l.err)
}

// A rule's execution is condemned with the margin and without, by one rule that condemns
// both times.
func TestWithoutMargin(t *testing.T) {
	const ends = `when: 'now < date("2026-05-04T11:59:59Z")'`
	const begins = `when: 'now > date("2026-05-04T11:59:59Z")'`
	for rules, want := range map[string]string{
		"{name: a, maxRuntime: 2h}":                            "a",
		"{name: a, " + ends + "}":                              "",
		"{name: a, " + ends + "}, {name: b, maxRuntime: 2h}":   "b",
		"{name: a, " + ends + "}, {name: b, " + begins + "}":   "",
		"{name: a, " + begins + "}, {name: b, maxRuntime: 2h}": "b",
	} {
		c := &cloud{}
		in := c.inquire()
		f := in.Row(basis(t, "rules: ["+rules+"]"), standard, row("x", 3), noon)
		got, still := in.Judge.WithoutMargin(f)
		if still != (want != "") || still && got.Verdict.Rule.Name != want {
			t.Errorf("%s: still %v, %+v", rules, still, got.Verdict.Rule)
		}
	}
}
