package sweep_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// What has no startedTime may have started after the event's time was over: it is
// condemned while the event is in force, and not a moment longer.
func TestWithoutAStartedTimeNothingIsStoppedAfterTheEvent(t *testing.T) {
	rule := "name: all, on: [event], flows: [a], limits: none, for: 1m, when: 'event.data.stop == true'"
	accident(t, map[string]int{"a": 200}, eventPolicy("", rule), func(t *testing.T, p *process) {
		p.http = timeless{p.server}
		begun := time.Now()
		if _, err := p.happen(3*time.Minute, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		stops := p.server.Stats().Stops
		for _, s := range stops {
			if after := s.At.Sub(begun); after > time.Minute+3*time.Second {
				t.Fatalf("%s was stopped %v after an event that is in force for a minute", s.Execution, after)
			}
		}
		if len(stops) < 100 {
			t.Errorf("%d were stopped while it was in force", len(stops))
		}
	})
}

// lacking is a cloud of a flow whose rows leave the environment out, and tells of
// each execution what whole makes of it.
func lacking(names []string, whole func(*cloudflow.Execution) error) *cloud {
	c := newCloud(map[string][]cloudflow.Execution{"f": nil})
	c.live, c.liveErr = map[string]cloudflow.Execution{}, map[string]error{}
	for i, name := range names {
		row := running(name, time.Duration(3+i)*time.Hour)
		described := row
		c.liveErr[name] = whole(&described)
		c.live[name] = described
		row.EnvironmentAbsent = true
		c.executions["f"][0].Items = append(c.executions["f"][0].Items, row)
	}
	return c
}

const gone = "ExecutionNotExists"

// What has ended between a listing and the look at what its row left out is neither
// condemned nor odd.
func TestWhatHasEndedMeanwhileIsNotOdd(t *testing.T) {
	c := lacking([]string{"ended", "gone"}, func(e *cloudflow.Execution) error {
		if e.Name == "gone" {
			return apiError(gone, 404, cloudflow.Tolerated)
		}
		e.Status = "Succeeded"
		return nil
	})
	r := leftOutRun(t, c, "\nprotect: {when: 'execution.env[\"KEEP\"] == \"yes\"'}\n")
	if len(c.stopped()) > 0 || len(r.Decisions) > 0 || len(r.Errors) > 0 || len(r.Undecided) > 0 || !r.Complete {
		t.Errorf("stopped %v, decisions %+v, errors %+v, undecided %+v, complete %v", c.stopped(), r.Decisions, r.Errors, r.Undecided, r.Complete)
	}
}

// Nor does it count among what is live, by which others are too many.
func TestWhatHasEndedMeanwhileIsNoneOfACrowd(t *testing.T) {
	for name, whole := range map[string]func(e *cloudflow.Execution) error{
		"ended": func(e *cloudflow.Execution) error { e.Status = "Succeeded"; return nil },
		"gone":  func(*cloudflow.Execution) error { return apiError(gone, 404, cloudflow.Tolerated) },
	} {
		c := lacking([]string{"a", "b"}, func(e *cloudflow.Execution) error {
			if e.Name == "a" {
				return nil
			}
			return whole(e)
		})
		rule := "maxConcurrent: 1\n    stopFirst: oldest\n    when: 'execution.name == \"a\" or execution.env[\"KEEP\"] == \"yes\"'"
		o := c.options(parse(t, strings.Replace(twoHours, "maxRuntime: 2h", rule, 1)))
		o.Source = runningOnly{c}
		r, err := sweep.Run(t.Context(), o)
		if err != nil || len(c.stopped()) > 0 || len(r.Decisions) > 0 || len(r.Undecided) > 0 || !r.Complete {
			t.Errorf("%s: error %v, stopped %v, decisions %+v, undecided %+v, complete %v", name, err, c.stopped(), r.Decisions, r.Undecided, r.Complete)
		}
	}
}

// An execution whose history is gone when it is asked for has ended, too, at a check
// and at its turn.
func TestAnExecutionWhoseHistoryIsGoneHasEnded(t *testing.T) {
	text := strings.Replace(twoHours, "maxRuntime: 2h", `when: 'execution.age > duration("2h") and history.events >= 0'`, 1)
	for name, test := range map[string]func(t *testing.T, c *cloud, o sweep.Options) (*result.Report, error){
		"at a check": func(t *testing.T, c *cloud, o sweep.Options) (*result.Report, error) {
			c.executions["f"][0].Items = c.executions["f"][0].Items[1:]
			o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
			if _, err := sweep.Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			c.advance(10 * time.Minute)
			return sweep.Run(t.Context(), o)
		},
		"at its turn": func(t *testing.T, c *cloud, o sweep.Options) (*result.Report, error) {
			c.executions["f"][0].Items[1] = running("second", 3*time.Hour)
			c.live["second"] = running("second", 3*time.Hour)
			c.onStop = func(context.Context, string) error {
				c.historyErr["second"] = apiError(gone, 404, cloudflow.Tolerated)
				c.advance(5 * time.Minute)
				return nil
			}
			delete(c.historyErr, "second")
			return sweep.Run(t.Context(), o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			second := running("second", 2*time.Hour-5*time.Minute)
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), second}})
			c.live = map[string]cloudflow.Execution{"second": second}
			c.histories = map[string][]cloudflow.Page[cloudflow.Event]{}
			c.historyErr = map[string]error{"second": apiError(gone, 404, cloudflow.Tolerated)}
			r, err := test(t, c, c.options(parse(t, text)))
			if err != nil || len(r.Undecided)+len(r.Errors) > 0 || !r.Complete || c.calls["GetExecutionHistory"] == 0 || slices.Contains(c.stopped(), "second") {
				t.Errorf("error %v, undecided %+v, errors %+v, complete %v, calls %v, stopped %v", err, r.Undecided, r.Errors, r.Complete, c.calls, c.stopped())
			}
		})
	}
}

// explain tells what a sweep would do, also where that hangs on what rows of others
// leave out, and on those that have ended since.
func TestWhatIsReadOfOneIsWhatASweepReads(t *testing.T) {
	rule := "maxConcurrent: 1\n    stopFirst: oldest\n    when: 'execution.env[\"KEEP\"] != \"yes\" and history.events >= 0'" +
		"\n  - {name: asks, mode: plan, when: 'execution.env[\"X\"] != \"y\" and history.events > 5'}"
	p := parse(t, strings.Replace(twoHours, "maxRuntime: 2h", rule, 1))
	const older, younger = 4 * time.Hour, time.Hour
	keeps := func(e *cloudflow.Execution) { e.Environment = map[string]string{"KEEP": "yes"} }
	for name, test := range map[string]struct {
		age    time.Duration // of the other
		change func(c *cloud, b *cloudflow.Execution) error
		want   policy.Decision
	}{
		"the other is kept":    {older, func(_ *cloud, b *cloudflow.Execution) error { keeps(b); return nil }, policy.Stop},
		"the other is not":     {older, func(*cloud, *cloudflow.Execution) error { return nil }, policy.Keep},
		"the other is younger": {younger, func(*cloud, *cloudflow.Execution) error { return nil }, policy.Stop},
		"the other has ended":  {younger, func(_ *cloud, b *cloudflow.Execution) error { b.Status = "Failed"; return nil }, policy.Keep},
		"the other is gone":    {younger, func(*cloud, *cloudflow.Execution) error { return apiError(gone, 404, cloudflow.Tolerated) }, policy.Keep},
		"its history is gone": {younger, func(c *cloud, _ *cloudflow.Execution) error {
			c.historyErr["b"] = apiError(gone, 404, cloudflow.Tolerated)
			return nil
		}, policy.Keep},
		"the other has ended on a later page": {younger, func(c *cloud, b *cloudflow.Execution) error {
			ended := *b
			ended.Status = "Succeeded"
			c.executions["f"] = append(c.executions["f"], cloudflow.Page[cloudflow.Execution]{Items: []cloudflow.Execution{ended}})
			keeps(b)
			return nil
		}, policy.Keep},
		"another has its name": {older, func(_ *cloud, b *cloudflow.Execution) error {
			b.StartedTime = noon
			keeps(b)
			return nil
		}, policy.Keep}, // who has the surplus's place is not known
	} {
		t.Run(name, func(t *testing.T) {
			c := lacking([]string{"a"}, func(*cloudflow.Execution) error { return nil })
			c.histories, c.historyErr = map[string][]cloudflow.Page[cloudflow.Event]{}, map[string]error{}
			row := running("b", test.age)
			row.EnvironmentAbsent = true
			c.executions["f"][0].Items = append(c.executions["f"][0].Items, row)
			b := running("b", test.age)
			c.liveErr["b"] = test.change(c, &b)
			c.live["b"] = b
			facts, err := judge.ReadFacts(t.Context(), runningOnly{c}, p, nil, "f", "a", c.clock)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Judge(facts).Decision; got != test.want {
				t.Errorf("explain: %s, want %s", got, test.want)
			}
			o := c.options(p)
			o.Source = runningOnly{c}
			if _, err := sweep.Run(t.Context(), o); err != nil || slices.Contains(c.stopped(), "a") != (test.want == policy.Stop) {
				t.Errorf("a sweep: error %v, stopped %v, want %s", err, c.stopped(), test.want)
			}
		})
	}
}

// Rows of one name that say different things tell of it nothing that can be relied
// on, whichever comes last: it is described before it is stopped.
func TestRowsOfOneNameAreNotReliedOn(t *testing.T) {
	input := func(e cloudflow.Execution, text string) cloudflow.Execution { e.Input = text; return e }
	old, young := running("e", 3*time.Hour), running("e", time.Minute)
	keep, drop := input(old, `{"keep":true}`), input(old, `{"keep":false}`)
	for name, rows := range map[string][2]cloudflow.Execution{
		"a young one and an old one":     {young, old},
		"one that is protected, and not": {keep, drop},
	} {
		for _, in := range []string{"one page", "one page, reversed", "two pages"} {
			for _, event := range []string{"", `{"stop":true}`} {
				c := newCloud(map[string][]cloudflow.Execution{"f": rows[:]})
				c.live = map[string]cloudflow.Execution{"e": rows[0]}
				switch in {
				case "one page, reversed":
					c.executions["f"][0].Items = []cloudflow.Execution{rows[1], rows[0]}
				case "two pages":
					c.executions["f"] = []cloudflow.Page[cloudflow.Execution]{{Items: rows[:1], More: true}, {Items: rows[1:]}}
				}
				text := twoHours + "\nprotect: {when: 'execution.input.keep == true'}\n"
				if event != "" {
					text = strings.Replace(text, "maxRuntime: 2h", "on: [event]\n    limits: none\n    when: 'execution.age > duration(\"2h\")'", 1)
				}
				o := c.options(parse(t, text))
				if event != "" {
					o.Events, o.Memory = events(t, event), memory(t)
				}
				if _, err := sweep.Run(t.Context(), o); err != nil || len(c.stopped()) > 0 {
					t.Errorf("%s, on %s, event %q: error %v, stopped %v", name, in, event, err, c.stopped())
				}
			}
		}
	}
}

// Of two flows of one name nobody knows which of them is stopped in: no more is
// known of it than DescribeFlow tells.
func TestTwoFlowsOfOneNameAreOneThatIsAskedFor(t *testing.T) {
	off := map[string]string{"FLOWREAPER": "off"}
	for name, test := range map[string]struct {
		rows []cloudflow.Flow
		is   cloudflow.Flow
		want int
	}{
		"one has opted out":             {[]cloudflow.Flow{{Name: "f", ID: "1", Environment: off}, {Name: "f", ID: "2"}}, cloudflow.Flow{Name: "f", ID: "1", Environment: off}, 0},
		"the later one has":             {[]cloudflow.Flow{{Name: "f", ID: "2"}, {Name: "f", ID: "1", Environment: off}}, cloudflow.Flow{Name: "f", ID: "1", Environment: off}, 0},
		"one had, that is no more":      {[]cloudflow.Flow{{Name: "f", ID: "1", Environment: off}, {Name: "f", ID: "2"}}, cloudflow.Flow{Name: "f", ID: "2"}, 1},
		"one of three has":              {[]cloudflow.Flow{{Name: "f", ID: "1"}, {Name: "f", ID: "2"}, {Name: "f", ID: "2"}}, cloudflow.Flow{Name: "f", ID: "1", Environment: off}, 0},
		"one is Express":                {[]cloudflow.Flow{{Name: "f", ID: "1", ExecutionMode: "Express"}, {Name: "f", ID: "2"}}, cloudflow.Flow{Name: "f", ID: "1", ExecutionMode: "Express"}, 0},
		"one came twice, which is none": {[]cloudflow.Flow{{Name: "f", ID: "1"}, {Name: "f", ID: "1"}}, cloudflow.Flow{}, 1},
	} {
		for _, event := range []string{"", `{"stop":true}`} {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("e", 3*time.Hour)}})
			c.flows[0].Items = test.rows
			c.onFlow = func(string) (cloudflow.Flow, error) { return test.is, nil }
			text := twoHours + optOut
			if event != "" {
				text = strings.Replace(text, "maxRuntime: 2h", "on: [event]\n    limits: none\n    when: 'execution.age > duration(\"2h\")'", 1)
			}
			o := c.options(parse(t, text))
			if event != "" {
				o.Events, o.Memory = events(t, event), memory(t)
			}
			r, err := sweep.Run(t.Context(), o)
			if err != nil || len(c.stopped()) != test.want {
				t.Errorf("%s, event %q: error %v, stopped %v, want %d", name, event, err, c.stopped(), test.want)
			}
			if said := len(r.Errors) == 1 && r.Errors[0].Code == "SameName"; said != (test.is.Name != "") {
				t.Errorf("%s, event %q: errors %+v", name, event, r.Errors)
			}
		}
	}
}

// A flow without an Id isn't taken for the one whose Id is its name.
func TestAnIdThatIsAnothersNameIsNoName(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"a": {running("of-a", 3*time.Hour)}, "b": {running("of-b", 3*time.Hour)}})
	c.flows[0].Items = []cloudflow.Flow{{Name: "a", ID: "b"}, {Name: "b", Absent: []string{"Id"}}}
	o := c.options(parse(t, twoHours))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	r, err := sweep.Run(t.Context(), o)
	got := c.stopped()
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"of-a", "of-b"}) || r.Flows.Seen != 2 {
		t.Errorf("error %v, stopped %+v, flows %+v", err, c.stops, r.Flows)
	}
}

// A clock that was ahead when the flows were listed for an event doesn't put off the
// next listing.
func TestFlowsListedForAnEventByAClockThatWasAheadAreListedAnew(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f-1": {running("one", time.Hour)}})
	c.advance(2 * time.Hour)
	rules := []string{"name: slow, flows: [t], maxRuntime: 9h", "name: all, on: [event], flows: ['f-*'], limits: none, for: 6h, when: 'event.data.stop == true'"}
	o := c.options(parse(t, eventPolicy("", rules...)))
	o.Memory = memory(t)
	o.Events = events(t, `{"stop":true}`)
	if _, err := sweep.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c.advance(-2 * time.Hour)
	c.flows[0].Items = append(c.flows[0].Items, cloudflow.Flow{Name: "f-2", ID: "id-f-2"})
	c.executions["f-2"] = []cloudflow.Page[cloudflow.Execution]{{Items: []cloudflow.Execution{running("two", time.Hour)}}}
	o.Events, o.RunID, o.Trigger = nil, "next", result.Trigger{Kind: "timer"}
	if _, err := sweep.Run(t.Context(), o); err != nil || !slices.Contains(c.stopped(), "two") {
		t.Errorf("error %v, stopped %v, calls %v", err, c.stopped(), c.calls)
	}
}

// What was asked for at a time that is still to come, since somebody has set the clock
// back, may be of any age: it is asked for anew.
func TestFactsFromBeforeTheClockWasSetBackAreOld(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("second", 4*time.Hour)}})
	c.live = map[string]cloudflow.Execution{"second": {Name: "second", Status: "Succeeded", StartedTime: noon.Add(-4 * time.Hour)}}
	c.onStop = func(context.Context, string) error { c.advance(-5 * time.Minute); return nil }
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || !slices.Equal(c.stopped(), []string{"first"}) || len(r.Decisions) != 1 {
		t.Errorf("error %v, stopped %v, decisions %+v", err, c.stopped(), r.Decisions)
	}
}

// What is read anew is of now, though what was read before is of later.
func TestAFlowIsReadOnceAfterTheClockWasSetBack(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("second", 4*time.Hour)}})
	c.live = map[string]cloudflow.Execution{"second": running("second", 4*time.Hour)}
	c.onStop = func(context.Context, string) error { c.advance(-5 * time.Minute); return nil }
	c.onFlow = func(name string) (cloudflow.Flow, error) {
		if c.Stats().Calls["DescribeFlow"] > 10 {
			return cloudflow.Flow{}, apiError(gone, 404, cloudflow.Tolerated)
		}
		return cloudflow.Flow{Name: name, ID: "id-f"}, nil
	}
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours+optOut)))
	if err != nil || !slices.Equal(c.stopped(), []string{"first", "second"}) || r.Calls.DescribeFlow > 2 {
		t.Errorf("error %v, stopped %v, %+v", err, c.stopped(), r.Calls)
	}
}

// Nor is an execution forgotten that another row of its name makes older than it is.
func TestARowThatIsWrongHidesNoExecution(t *testing.T) {
	is := running("e", 2*time.Hour-10*time.Minute)
	c := newCloud(map[string][]cloudflow.Execution{"f": {is, running("e", 3*time.Hour)}})
	c.live = map[string]cloudflow.Execution{"e": is}
	o := c.options(parse(t, twoHours))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	r, err := sweep.Run(t.Context(), o)
	if err != nil || len(c.stopped()) > 0 || len(r.Errors) != 1 || r.Errors[0].Code != "SameName" ||
		r.Errors[0].Message != "rows of one listing differ in what they say of the execution e of f: what DescribeExecution says counts" {
		t.Fatalf("error %v, stopped %v, errors %+v", err, c.stopped(), r.Errors)
	}
	c.advance(11 * time.Minute)
	c.executions["f"][0].Items = nil
	if _, err := sweep.Run(t.Context(), o); err != nil || !slices.Equal(c.stopped(), []string{"e"}) {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
}

// A listing of which rows differ, and nobody can say which is right, has failed.
func TestRowsThatDifferAndCannotBeDescribedFailTheListing(t *testing.T) {
	for _, event := range []string{"", `{"stop":true}`} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("e", time.Hour), running("e", 3*time.Hour), running("other", 3*time.Hour)}})
		c.liveErr = map[string]error{"e": unavailable}
		text := twoHours
		if event != "" {
			text = strings.Replace(text, "maxRuntime: 2h", "on: [event]\n    limits: none\n    when: 'execution.age > duration(\"2h\")'", 1)
		}
		o := c.options(parse(t, text))
		if event != "" {
			o.Events, o.Memory = events(t, event), memory(t)
		}
		r, _ := sweep.Run(t.Context(), o)
		if len(c.stopped()) > 0 || r.Complete || len(r.Incomplete) != 1 || r.Incomplete[0].Reason != unavailable.Error() {
			t.Errorf("event %q: stopped %v, complete %v, incomplete %+v", event, c.stopped(), r.Complete, r.Incomplete)
		}
	}
}

// Where a listing and DescribeExecution never agree on when an execution started it is
// kept, and said.
func TestAnExecutionOfWhichAnswersDisagreeIsKeptAndSaid(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("e", 4*time.Hour)}})
	c.live = map[string]cloudflow.Execution{"e": running("e", 3*time.Hour)}
	c.onStop = func(context.Context, string) error { c.advance(5 * time.Minute); return nil }
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	want := "the execution e of f started at 2026-05-04T08:00:00Z by a listing, and at 2026-05-04T09:00:00Z by DescribeExecution: it is kept"
	if err != nil || !slices.Equal(c.stopped(), []string{"first"}) || r.Complete || len(r.Incomplete) != 1 || r.Incomplete[0].Reason != want {
		t.Errorf("error %v, stopped %v, complete %v, incomplete %+v", err, c.stopped(), r.Complete, r.Incomplete)
	}
}
