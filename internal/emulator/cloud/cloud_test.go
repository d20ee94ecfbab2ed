package cloud

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// noon is when the accounts of these tests are loaded.
var noon = time.Date(2025, 11, 3, 12, 0, 0, 0, time.UTC)

func load(t *testing.T, yaml string) *Cloud {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return New(a, noon)
}

func clock(hour, minute, second int) time.Time {
	return time.Date(2025, 11, 3, hour, minute, second, 0, time.UTC)
}

// life is what an execution shows of its life at one moment.
type life struct {
	Status           string
	Started, Stopped string
}

func lifeOf(e Execution) life {
	l := life{Status: e.Status, Started: e.StartedTime.Format(time.TimeOnly)}
	if !e.StoppedTime.IsZero() {
		l.Stopped = e.StoppedTime.Format(time.TimeOnly)
	}
	return l
}

func TestExecutionsLiveAsTheAccountSays(t *testing.T) {
	c := load(t, `
flows:
  - name: f
    executions:
      - {name: running, startedAgo: 3h}
      - {name: starting, status: Starting}
      - {name: over, startedAgo: 5h, endedAgo: 4h}
      - {name: failed, startedAgo: 5h, status: TimedOut}
      - {name: ends, startedAgo: 10m, endsIn: 5s, endStatus: Failed}
      - {name: begins, startedIn: 30s, endsIn: 40s}
`)
	for _, test := range []struct {
		name string
		at   time.Time
		want life
	}{
		{"running", noon, life{"Running", "09:00:00", ""}},
		{"running", clock(23, 0, 0), life{"Running", "09:00:00", ""}},
		{"starting", noon, life{"Starting", "12:00:00", ""}},
		{"over", noon, life{"Succeeded", "07:00:00", "08:00:00"}},
		{"failed", noon, life{"TimedOut", "07:00:00", "12:00:00"}},
		{"ends", clock(12, 0, 4), life{"Running", "11:50:00", ""}},
		{"ends", clock(12, 0, 5), life{"Failed", "11:50:00", "12:00:05"}},
		{"begins", clock(12, 0, 30), life{"Running", "12:00:30", ""}},
		{"begins", clock(12, 0, 40), life{"Succeeded", "12:00:30", "12:00:40"}},
	} {
		e, err := c.Execution(test.at, "f", test.name)
		if err != nil || lifeOf(e) != test.want {
			t.Errorf("%s at %s is %+v, %v; want %+v", test.name, test.at.Format(time.TimeOnly), lifeOf(e), err, test.want)
		}
	}
	if _, err := c.Execution(clock(12, 0, 29), "f", "begins"); !errors.Is(err, ErrNoExecution) {
		t.Errorf("an execution that hasn't begun: %v", err)
	}
}

func TestStop(t *testing.T) {
	c := load(t, "flows: [{name: f, executions: [{name: x, startedAgo: 1h}]}]")
	answer, err := c.Stop(noon, "f", "x", "E", "C")
	if want := (life{"Running", "11:00:00", "12:00:00"}); err != nil || lifeOf(answer) != want {
		t.Errorf("the stop answers %+v, %v; want %+v", lifeOf(answer), err, want)
	}
	e, _ := c.Execution(noon, "f", "x")
	if want := (life{"Stopped", "11:00:00", "12:00:00"}); lifeOf(e) != want {
		t.Errorf("after it: %+v, want %+v", lifeOf(e), want)
	}
	if _, err := c.Stop(noon, "f", "x", "E", "C"); !errors.Is(err, ErrCompleted) {
		t.Errorf("stopped twice: %v", err)
	}
	want := []Stop{{Flow: "f", Execution: "x", Error: "E", Cause: "C", StartedTime: clock(11, 0, 0), At: noon}}
	if diff := cmp.Diff(want, c.Stops(noon)); diff != "" {
		t.Errorf("Stops (-want +got):\n%s", diff)
	}
}

func TestStopTakesEffectLater(t *testing.T) {
	c := load(t, `
behaviour: {stopDelay: 10s}
flows: [{name: f, executions: [{name: x, startedAgo: 1h}, {name: ends, startedAgo: 1h, endsIn: 5s}]}]`)
	for _, name := range []string{"x", "ends", "x"} {
		if _, err := c.Stop(noon, "f", name, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name   string
		second int
		want   life
		stops  int
	}{
		{"x", 9, life{"Running", "11:00:00", "12:00:00"}, 0},
		{"x", 10, life{"Stopped", "11:00:00", "12:00:00"}, 1},
		{"ends", 4, life{"Running", "11:00:00", "12:00:00"}, 0},
		{"ends", 20, life{"Succeeded", "11:00:00", "12:00:05"}, 1},
	} {
		at := clock(12, 0, test.second)
		e, err := c.Execution(at, "f", test.name)
		if err != nil || lifeOf(e) != test.want || len(c.Stops(at)) != test.stops {
			t.Errorf("%s %d s after the stop: %+v, %v, %d stops; want %+v, %d", test.name, test.second, lifeOf(e), err, len(c.Stops(at)), test.want, test.stops)
		}
	}
}

func TestExpress(t *testing.T) {
	const flows = "\nflows: [{name: f, executionMode: Express, executions: [{name: 'x:1'}]}]"
	if _, err := load(t, "behaviour: {express: refused}"+flows).Stop(noon, "f", "x:1", "", ""); !errors.Is(err, ErrExpress) {
		t.Errorf("refused: %v", err)
	}
	if _, err := load(t, "behaviour: {express: stoppable}"+flows).Stop(noon, "f", "x:1", "", ""); err != nil {
		t.Errorf("stoppable: %v", err)
	}
}

func TestDescribeAfterStop(t *testing.T) {
	for value, want := range map[string]life{
		"stopped": {"Stopped", "12:00:00", "12:00:00"},
		"running": {"Running", "12:00:00", "12:00:00"},
	} {
		c := load(t, "behaviour: {describeAfterStop: "+value+"}\nflows: [{name: f, executions: [{name: x}]}]")
		if _, err := c.Stop(noon, "f", "x", "", ""); err != nil {
			t.Fatal(err)
		}
		if w, err := c.Watch(noon, "f", "x"); err != nil || lifeOf(w.Execution) != want {
			t.Errorf("%s: DescribeExecution shows %+v, %v; want %+v", value, lifeOf(w.Execution), err, want)
		}
		if names := listNames(t, c, noon, Query{Status: account.Running}); len(names) != 0 || len(c.Stops(noon)) != 1 {
			t.Errorf("%s: it is not really stopped: lists show %v running", value, names)
		}
	}
}

func TestRetention(t *testing.T) {
	c := load(t, "behaviour: {retention: 1h}\nflows: [{name: f, executions: [{name: x, startedAgo: 3h, endedAgo: 59m}, {name: y, startedAgo: 9d}]}]")
	if got := listNames(t, c, noon, Query{}); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"x", "y"}) {
		t.Errorf("within an hour of its end: %v", got)
	}
	later := clock(12, 1, 1)
	if got := listNames(t, c, later, Query{}); !slices.Equal(got, []string{"y"}) {
		t.Errorf("after an hour: %v", got)
	}
	if _, err := c.Execution(later, "f", "x"); !errors.Is(err, ErrNoExecution) {
		t.Errorf("after an hour: %v", err)
	}
	if _, err := c.Start(later, "f", "x", ""); err != nil {
		t.Errorf("its name is free again, but: %v", err)
	}
}

func TestFlows(t *testing.T) {
	c := load(t, "flows: [{name: b}, {name: a, resourceGroupId: g}, {name: d}]")
	made, err := c.CreateFlow(noon, Flow{Name: "c"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateFlow(noon, Flow{Name: "c"}); !errors.Is(err, ErrFlowExists) {
		t.Errorf("created twice: %v", err)
	}
	first, more := c.Flows("", "", 3)
	rest, moreRest := c.Flows("c", "", 3)
	if !more || moreRest || flowNames(first) != "abc" || flowNames(rest) != "d" {
		t.Errorf("pages %s %t, %s %t", flowNames(first), more, flowNames(rest), moreRest)
	}
	if of, _ := c.Flows("", "g", 3); flowNames(of) != "a" {
		t.Errorf("flows of the resource group: %s", flowNames(of))
	}

	if err := c.DeleteFlow("c"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Flow("c"); !errors.Is(err, ErrNoFlow) {
		t.Errorf("a deleted flow: %v", err)
	}
	again, err := c.CreateFlow(noon, Flow{Name: "c"})
	if err != nil || again.ID == made.ID {
		t.Errorf("created anew it has the Id %s, as before; %v", again.ID, err)
	}
}

func flowNames(flows []Flow) (names string) {
	for _, f := range flows {
		names += f.Name
	}
	return names
}

func TestSetEnvironment(t *testing.T) {
	c := load(t, "flows: [{name: f}]")
	if err := c.SetEnvironment(clock(13, 0, 0), "f", map[string]string{"FLOWREAPER": "off"}); err != nil {
		t.Fatal(err)
	}
	f, err := c.Flow("f")
	if err != nil || f.Environment["FLOWREAPER"] != "off" || !f.ModifiedTime.Equal(clock(13, 0, 0)) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestHistory(t *testing.T) {
	c := load(t, `
flows:
  - name: f
    executions:
      - {name: plain, startedAgo: 1h}
      - {name: loops, startedAgo: 60s, stepEvery: 10s}
      - {name: hangs, startedAgo: 60s, stepEvery: 10s, steps: 3}
      - {name: fails, startedAgo: 60s, endedAgo: 0s, status: Failed}
      - {name: long, startedAgo: 9d, stepEvery: 1s}
`)
	if _, err := c.Stop(clock(12, 0, 5), "f", "hangs", "E", "C"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		events int
		last   Event
	}{
		{"plain", 4, Event{ID: 4, ScheduleID: 3, Type: "TaskStarted", StepName: "step-1", Time: clock(11, 0, 0)}},
		{"loops", 1 + 6*5 + 3, Event{ID: 34, ScheduleID: 33, Type: "TaskStarted", StepName: "step-7", Time: clock(12, 0, 0)}},
		{"hangs", 1 + 2*5 + 3 + 1, Event{ID: 15, Type: "ExecutionStopped", Time: clock(12, 0, 5), Detail: `{"cause":"C","error":"E"}`}},
		{"fails", 6, Event{ID: 6, Type: "ExecutionFailed", Time: noon}},
		{"long", 1 + 998*5 + 3, Event{ID: 4994, ScheduleID: 4993, Type: "TaskStarted", StepName: "step-999", Time: clock(12, 16, 38).AddDate(0, 0, -9)}},
	} {
		events, err := c.History(clock(12, 0, 5), "f", test.name)
		if err != nil || len(events) != test.events {
			t.Errorf("%s has %d events, %v; want %d", test.name, len(events), err, test.events)
			continue
		}
		if diff := cmp.Diff(test.last, events[len(events)-1]); diff != "" {
			t.Errorf("%s ends with (-want +got):\n%s", test.name, diff)
		}
	}
}
