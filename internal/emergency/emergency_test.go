package emergency_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emergency"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// The events in force alone, without a sweep.

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const tick = time.Minute

const streams = "name: e, on: [event], limits: none, when: event.data.stop == true"

// desk is a sweep that begins at noon, with the state file that it found.
type desk struct {
	*emergency.InForce
	t       *testing.T
	state   *watch.Emergencies
	options emergency.Options
}

func raise(t *testing.T, events string, state []watch.Emergency, change func(*emergency.Options), rules ...string) *desk {
	t.Helper()
	p, err := policy.Parse("test.yaml", []byte("version: 1\npolicy: test\nmode: enforce\nrules:\n  - {"+strings.Join(rules, "}\n  - {")+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var all []event.Event
	if events != "" {
		if all, err = event.Decode([]byte(events)); err != nil {
			t.Fatal(err)
		}
	}
	d := &desk{t: t, state: &watch.Emergencies{}}
	for _, m := range state {
		d.state.Latch(m)
	}
	d.options = emergency.Options{
		Policy: p, Mode: policy.ModeEnforce, RunID: "run", Latched: d.state, Report: &result.Collector{},
		Clock: judge.NewClock(func() time.Time { return noon }, func() (time.Duration, bool) { return 0, true }),
	}
	if change != nil {
		change(&d.options)
	}
	var mistakes []error
	if d.InForce, mistakes = emergency.Raise(d.options, all, true); len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return d
}

// latched is an event that an earlier sweep has left in force, a while ago.
func latched(rule string, ago time.Duration, change func(*watch.Emergency)) watch.Emergency {
	m := watch.Emergency{
		ID: "id-" + rule, Rule: rule, Event: []byte(`{"stop":true}`), Time: noon.Add(-ago), Until: noon.Add(30*time.Minute - ago), Touched: noon.Add(-ago),
	}
	if change != nil {
		change(&m)
	}
	return m
}

func flow(name string) *policy.Flow {
	return &policy.Flow{Name: name, ID: name, ExecutionMode: judge.Standard}
}

func (d *desk) concern(names ...string) {
	for _, name := range names {
		d.All[0].Concern(flow(name))
	}
}

// next is the next look, when there is room for it and nothing has enough; nil is none.
func (d *desk) next(last bool) *emergency.Look {
	l, _ := d.Next(last, func(*emergency.Emergency) bool { return false }, func() bool { return true })
	return l
}

// flows are those that are looked at, each with one page, in order.
func (d *desk) flows(last bool) (names []string) {
	for l := d.next(last); l != nil; l = d.next(last) {
		names = append(names, l.Flow().Name)
		l.Read(1)
	}
	return slices.Compact(names)
}

func finding(decision policy.Decision, name string) judge.Finding {
	return judge.Finding{Flow: flow("a"), Execution: &policy.Execution{Name: name}, Verdict: policy.Verdict{Decision: decision}}
}

// kept is what the state file says of an event when the sweep has released it; Done tells
// that it is over.
func (d *desk) kept() (m watch.Emergency, inForce bool) {
	d.Release(noon, tick)
	for _, m := range d.state.Active(noon) {
		return m, true
	}
	return watch.Emergency{}, false
}

// A flow is looked at in one status after the other, in parts where it is long: the newer
// half first, of the older one all pages. It has been looked at with the last of them.
func TestLooksAtAFlowPageByPage(t *testing.T) {
	d := raise(t, `{"stop":true}`, nil, nil, strings.Replace(streams, "event.data.stop == true", `"event.data.stop == true and execution.status in ['Running', 'Starting']"`, 1))
	d.concern("a", "a")
	l := d.next(false)
	if l.Whole() || l.Status() != "Running" || !l.FirstOnly() || !l.Unbounded(l.Range(noon)) || d.next(false) != nil {
		t.Fatalf("the first look is %s, %v", l.Status(), l.Range(noon))
	}
	var started []time.Time
	for i := range 100 {
		started = append(started, noon.Add(-time.Duration(i)*time.Minute))
	}
	l.Cut(started, noon)
	newer := d.next(false)
	middle := noon.Add(-49 * time.Minute) // half of the rows had started
	if r := newer.Range(noon); !r.From.Equal(middle.Add(-watch.AskWider)) || !r.To.IsZero() || !newer.FirstOnly() || newer.Unbounded(r) {
		t.Errorf("the newer half is %v", r)
	}
	if starting := d.next(false); starting.Status() != "Starting" || starting.Read(1) {
		t.Errorf("then it looks at %s", starting.Status())
	}
	if newer.Read(1) {
		t.Error("the flow is taken for read before its older half is")
	}
	older := d.next(false)
	if r := older.Range(noon); !r.To.Equal(middle.Add(watch.AskWider)) || older.FirstOnly() || !older.Read(3) {
		t.Errorf("the older half is %v", r)
	}
	if l := d.next(false); l != nil {
		t.Errorf("it looks on, at %s", l.Status())
	}
}

// What can't be cut is read whole; and so is the older half of nothing where the stops
// have been counted: in parts then.
func TestALookThatCannotBeCut(t *testing.T) {
	for name, started := range map[string][]time.Time{
		"an empty page": {}, "without a startedTime": {noon.Add(-time.Hour), {}}, "all at once": {noon, noon},
	} {
		d := raise(t, `{"stop":true}`, nil, nil, streams)
		d.concern("a")
		d.next(false).Cut(started, noon)
		if l := d.next(false); l.FirstOnly() || l.Status() != "Running" {
			t.Errorf("%s: it is read in parts", name)
		}
	}
	d := raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left = 3 })}, func(o *emergency.Options) { o.Policy.Hash = "" }, streams)
	d.concern("a")
	d.next(false).Cut([]time.Time{noon, noon.Add(-time.Hour)}, noon)
	d.next(false).Read(1)
	if older := d.next(false); !older.FirstOnly() {
		t.Error("what was counted is counted again")
	}
}

// What is too young for the rules isn't asked for; what limits may hold back is read whole,
// and for a share all that is live is.
func TestWhatIsAskedFor(t *testing.T) {
	aged := ` and execution.age > duration("10m") and execution.name startsWith "x"`
	for _, test := range []struct {
		name, rule      string
		share           float64
		whole, unbounds bool
		to              time.Time
	}{
		{"without limits", streams + aged, 1, false, false, noon.Add(watch.AskWider - 10*time.Minute)},
		{"with limits", strings.Replace(streams, " limits: none,", "", 1) + aged, 1, true, false, noon.Add(watch.AskWider - 10*time.Minute)},
		{"with a share", strings.Replace(streams, " limits: none,", "", 1) + aged, 0.5, true, true, time.Time{}},
		{"without limits, and a share", streams + aged, 0.5, false, false, noon.Add(watch.AskWider - 10*time.Minute)},
	} {
		d := raise(t, `{"stop":true}`, nil, func(o *emergency.Options) { o.Policy.Limits.MaxShare = test.share }, test.rule)
		d.concern("a")
		if d.Counting() != test.whole {
			t.Errorf("%s: counting %v", test.name, d.Counting())
		}
		l := d.next(false)
		if r := l.Range(noon); l.Whole() != test.whole || l.Unbounded(r) != test.unbounds || !r.To.Equal(test.to) {
			t.Errorf("%s: whole %v, %+v", test.name, l.Whole(), r)
		}
		if all := l.Read(1); all != test.whole || d.Counting() {
			t.Errorf("%s: it counts on", test.name)
		}
	}
}

// Flows take turns by their keys, beginning where the sweep before left off; and it is
// said where the next begins.
func TestFlowsTakeTurns(t *testing.T) {
	left := latched("e", 10*time.Minute, func(m *watch.Emergency) { m.Next = "b" })
	d := raise(t, "", []watch.Emergency{left}, nil, streams)
	d.concern("a", "c", "b")
	if l := d.next(false); l.Flow().Name != "b" {
		t.Errorf("it begins with %s", l.Flow().Name)
	} else {
		l.Read(1)
	}
	d.next(false).Read(1) // b's other status, or c's first
	if m, _ := d.kept(); m.Next == "" || m.Next == "a" {
		t.Errorf("the next begins with %q", m.Next)
	}
	d = raise(t, "", []watch.Emergency{left}, nil, streams)
	d.concern("a", "c", "b")
	if got := d.flows(false); !slices.Equal(got, []string{"b", "c", "a"}) {
		t.Errorf("looked at %v", got)
	}
}

// What gives way comes last; what half of the quota went to gives way next time, but not
// twice.
func TestWhatGivesWay(t *testing.T) {
	d := raise(t, `{"stop":true}`, nil, func(o *emergency.Options) { o.GivingWay = map[string]bool{"a": true} }, streams)
	d.concern("a", "b")
	if got := d.flows(false); !slices.Equal(got, []string{"b"}) {
		t.Errorf("first it looks at %v", got)
	}
	if l := d.next(true); l == nil || l.Flow().Name != "a" {
		t.Fatal("a doesn't come at all")
	} else {
		l.NotMade(50)
	}
	if got := d.GiveWay(10); len(got) > 0 {
		t.Errorf("%v give way again", got)
	}

	d = raise(t, `{"stop":true}`, nil, nil, streams)
	d.concern("a")
	d.next(false).NotMade(50)
	if d.GiveWay(101) != nil || !d.GiveWay(100)["a"] {
		t.Errorf("of 100 %v give way, of 101 %v", d.GiveWay(100), d.GiveWay(101))
	}
	if l := d.next(false); l == nil || l.Flow().Name != "a" {
		t.Error("what there was no time for isn't asked for again")
	}
}

// An event is over when all its flows have been looked at and there was nothing to stop,
// nor will be, a tick after it came.
func TestAnEventIsOver(t *testing.T) {
	ripe := finding(policy.Keep, "x")
	ripe.Due = policy.Due{Kind: policy.Moment, Time: noon.Add(time.Minute)}
	late := ripe
	late.Due.Time = noon.Add(time.Hour)
	never := finding(policy.Keep, "x")
	doubtful := never
	doubtful.Verdict.Undecided = []policy.Undecided{{Rule: "e"}}
	for _, test := range []struct {
		name    string
		ago     time.Duration
		rule    string
		during  func(*desk, *emergency.Emergency)
		inForce bool
	}{
		{"nothing is found", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.New(never) }, false},
		{"something is", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.Condemned(judge.Key{Flow: "a", Execution: "x"}) }, true},
		{"something may be", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.New(doubtful); e.New(finding(policy.Keep, "y")) }, true},
		{"something will be", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.New(ripe); e.New(finding(policy.Keep, "y")) }, true},
		{"something will be, once it is over", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.New(late) }, false},
		{"some listing failed", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.Fail() }, true},
		{"some listing is under way", 10 * time.Minute, "", func(d *desk, e *emergency.Emergency) { e.Asking() }, true},
		{"it has only just come", 30 * time.Second, "", func(*desk, *emergency.Emergency) {}, true},
		{"it has only just come for what was too young", 10 * time.Minute, ` and execution.age > duration("15m")`, func(*desk, *emergency.Emergency) {}, true},
		{"its rule will be in force again", 10 * time.Minute, `, window: {hours: "13:00-14:00"}`, func(*desk, *emergency.Emergency) {}, true},
	} {
		quiet := func(m *watch.Emergency) {
			if strings.Contains(test.rule, "window") {
				m.Quiet = 1
			}
		}
		d := raise(t, "", []watch.Emergency{latched("e", test.ago, quiet)}, func(o *emergency.Options) { o.Policy.Hash = "" }, streams+test.rule)
		d.concern("a")
		d.flows(false)
		test.during(d, d.All[0])
		if m, inForce := d.kept(); inForce != test.inForce {
			t.Errorf("%s: in force %v: %+v", test.name, inForce, m)
		}
	}
	d := raise(t, "", []watch.Emergency{latched("e", 10*time.Minute, nil)}, nil, streams+", for: 1h")
	d.concern("b", "a")
	d.next(false).Read(1)
	if m, _ := d.kept(); m.About != "a" || !m.Until.Equal(noon.Add(50*time.Minute)) {
		t.Errorf("kept %+v", m)
	}
	shorter := raise(t, "", []watch.Emergency{latched("e", 10*time.Minute, nil)}, nil, streams+", for: 15m")
	if m, _ := shorter.kept(); !m.Until.Equal(noon.Add(20 * time.Minute)) {
		t.Errorf("kept %+v", m)
	}
	if _, inForce := d.kept(); !inForce {
		t.Error("it is over before all its flows have been looked at")
	}
}

// How many stops are left is what was counted before less what has ended, or what was
// found; the file says so when the sweep takes the event up, if anybody knows.
func TestHowManyAreLeft(t *testing.T) {
	k := func(name string) judge.Key { return judge.Key{Flow: "a", Execution: name} }
	d := raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left, m.Policy = 5, "sha" })}, func(o *emergency.Options) { o.Policy.Hash = "sha" }, streams)
	d.concern("a")
	e := d.All[0]
	if !d.Latches() || !d.Hold() || d.Hold() || d.Left() != 5 || !e.KnowsLeft() {
		t.Errorf("%d are left", d.Left())
	}
	for _, name := range []string{"x", "y"} {
		e.New(finding(policy.Stop, name))
		e.Condemned(k(name))
	}
	d.Settled(k("x"))
	d.Settled(k("x"))                                     // once
	d.Settled(k("other"))                                 // for another event, of a flow that it is about
	d.Settled(judge.Key{Flow: "b", Execution: "another"}) // … and not
	if d.Left() != 3 || len(e.Open()) != 1 {
		t.Errorf("%d are left, %v", d.Left(), e.Open())
	}
	d.flows(false)
	if m, _ := d.kept(); d.Left() != 1 || m.Left != 1 || m.Worker != "" {
		t.Errorf("%d are left of all, kept %+v", d.Left(), m)
	}
	listing := raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left = 5 })}, func(o *emergency.Options) { o.Policy.Hash = "" }, streams)
	if listing.All[0].Asking(); listing.Left() != 5 {
		t.Errorf("%d are left while flows are listed", listing.Left())
	}
	if other := raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left, m.Quiet = 5, 3 })}, nil, streams); true {
		other.concern("a")
		if other.Left() != 0 || other.All[0].KnowsLeft() {
			t.Errorf("%d are left by another policy", other.Left())
		}
	}
}

// What is gone on with is what the rules say now, and nobody else works on.
func TestWhatIsGoneOnWith(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		change     func(*watch.Emergency)
		inForce    bool
		note       string
	}{
		{"it is in force", streams, nil, true, ""},
		{"another works on it", streams, func(m *watch.Emergency) { m.Worker, m.Touched = "another", noon }, false, ""},
		{"its rule only plans", streams + ", mode: plan", nil, false, ""},
		{"its rule has it in force for less", streams + ", for: 1m", nil, false, ""},
		{"its rule is on timers now", "name: e, maxRuntime: 1h", nil, false,
			"an event is in force until 2026-05-04T12:20:00Z for the rule e, which is no rule on events of this policy: it is not gone on with"},
		{"its rule is gone", strings.Replace(streams, "name: e", "name: f", 1), nil, false,
			"an event is in force until 2026-05-04T12:20:00Z for the rule e, which is no rule on events of this policy: it is not gone on with"},
		{"it is two", streams, func(m *watch.Emergency) { m.Event = []byte(`[{"a":1},{"a":2}]`) }, false, "the event that is in force for the rule e can't be read: <nil>"},
	} {
		d := raise(t, "", []watch.Emergency{latched("e", 10*time.Minute, test.change)}, nil, test.rule)
		r, _ := d.options.Report.Report()
		var notes []string
		for _, e := range r.Errors {
			notes = append(notes, e.Message)
		}
		if got := strings.Join(notes, "; "); len(d.All) > 0 != test.inForce || got != test.note {
			t.Errorf("%s: in force %v, noted %q", test.name, len(d.All) > 0, got)
		}
		d.FindOthers()
		if got := len(d.Others()) > 0; got != slices.Contains([]string{"another works on it", "it is two"}, test.name) {
			t.Errorf("%s: others work on %v", test.name, d.Others())
		}
	}
}

// A look is answered once, also where a mistake of ours comes after; what asking on is
// hopeless for is asked no more; what may have shifted is looked at once more, in the end.
func TestHowALookEnds(t *testing.T) {
	limited := strings.Replace(streams, " limits: none,", "", 1)
	d := raise(t, `{"stop":true}`, nil, nil, limited)
	d.concern("a")
	l := d.next(false)
	l.Read(1)
	l.Failed(1, false)
	if d.Counting() {
		t.Error("it waits for an answer")
	}
	if d.All[0].Asking(); !d.Counting() {
		t.Error("it has had one answer too many")
	}
	d.All[0].Asked()
	d.concern("b")
	d.next(false).Gone()
	if d.next(false) != nil || len(d.Pending()) > 0 {
		t.Errorf("%v are pending", d.Pending())
	}

	d = raise(t, `{"stop":true}`, nil, nil, streams)
	d.concern("a")
	l = d.next(false)
	l.Cut([]time.Time{noon.Add(-3 * time.Hour), noon.Add(-2 * time.Hour), noon.Add(-time.Hour)}, noon)
	d.next(false).Failed(1, true)
	l = d.next(false)
	l.Read(1)
	if l.Status() != "Starting" || d.next(false) != nil || len(d.Pending()) > 0 {
		t.Errorf("it looks on at what is %s, pending %v", l.Status(), d.Pending())
	}

	d.concern("c")
	l = d.next(false)
	l.Shifted()
	l.Read(2)
	d.flows(false)
	if diff := cmp.Diff([]string{"c"}, d.Pending()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	d.LookAgain()
	if got := d.flows(false); !slices.Equal(got, []string{"c"}) || len(d.Pending()) > 0 {
		t.Errorf("it looks again at %v", got)
	}
}

// The file says that an event is worked on, and what is left as far as anybody knows.
func TestWhatIsHeld(t *testing.T) {
	held := func(d *desk) watch.Emergency {
		if !d.Hold() {
			t.Error("it is not held")
		}
		return d.state.Active(noon)[0]
	}
	condemn := func(d *desk) {
		d.concern("a")
		d.All[0].Condemned(judge.Key{Flow: "a", Execution: "x"})
	}
	d := raise(t, `{"stop":true}`, nil, nil, streams)
	if condemn(d); held(d).Left != 0 || d.state.Active(noon)[0].Worker != "run" {
		t.Error("what nobody has counted is said to be counted")
	}
	d = raise(t, `{"stop":true}`, nil, nil, streams)
	condemn(d)
	if d.flows(false); held(d).Left != 1 {
		t.Error("what was counted isn't said")
	}
	d = raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left = 5 })}, func(o *emergency.Options) { o.Policy.Hash = "" }, streams)
	condemn(d)
	if d.Settled(judge.Key{Flow: "a", Execution: "x"}); held(d).Left != 4 {
		t.Error("what has ended isn't taken off")
	}
}

// An event that comes too late, or whose rule only plans, leaves nothing to go on with.
func TestWhatIsAccepted(t *testing.T) {
	for _, test := range []struct {
		event, rule       string
		inForce, inStates bool
	}{
		{`{"stop":true}`, streams, true, true},
		{`{"stop":true,"time":"2026-05-04T11:00:00Z"}`, streams, false, false},
		{`{"stop":true}`, streams + ", mode: plan", true, false},
		{`{"stop":true}`, strings.Replace(streams, "[event]", "[event], flows: [x]", 1), true, true},
	} {
		d := raise(t, test.event, nil, nil, test.rule)
		if got := len(d.state.Active(noon)) > 0; len(d.All) > 0 != test.inForce || got != test.inStates || d.Hold() != test.inStates {
			t.Errorf("%s, %s: in force %v, in the state %v", test.event, test.rule, len(d.All) > 0, got)
		}
		if r, _ := d.options.Report.Report(); len(r.Errors) > 0 == test.inForce {
			t.Errorf("%s: noted %+v", test.event, r.Errors)
		}
		if d.All != nil && d.All[0].Concern(flow("a")) == strings.Contains(test.rule, "flows") {
			t.Errorf("%s: it is about a flow or isn't", test.rule)
		}
	}
}

// A look goes no further than the rules do, and what they count is counted whole.
func TestHowFarALookGoes(t *testing.T) {
	for rule, want := range map[string]struct{ whole, unbounded, from bool }{
		streams: {false, true, false},
		streams + ` and execution.name startsWith "x"`:                                   {false, false, false},
		streams + ` and execution.age > duration("10m")`:                                 {false, false, false},
		streams + ` and execution.startedTime >= date("2026-05-04T11:00:00Z")`:           {false, false, true},
		strings.Replace(streams, "when: event.data.stop == true", "maxConcurrent: 1", 1): {true, true, false},
	} {
		d := raise(t, `{"stop":true}`, nil, nil, rule)
		d.concern("a")
		l := d.next(false)
		r := l.Range(noon)
		if l.Whole() != want.whole || l.Unbounded(r) != want.unbounded || !r.From.IsZero() != want.from {
			t.Errorf("%s: whole %v, %+v", rule, l.Whole(), r)
		}
		if want.from && r.From.After(noon.Add(-time.Hour-judge.MaxOffset)) {
			t.Errorf("by a clock that is off it would begin too late: %v", r.From)
		}
	}
	d := raise(t, `{"stop":true}`, nil, nil, streams+` and execution.age > duration("10m")`)
	d.concern("a")
	d.next(false).Cut([]time.Time{noon.Add(-9 * time.Hour), noon.Add(-8 * time.Hour), noon.Add(-7 * time.Hour)}, noon)
	d.next(false).Read(1)
	if r := d.next(false).Range(noon); r.To.After(noon.Add(-4 * time.Hour)) {
		t.Errorf("the older half is %+v", r)
	}
}

// A sweep that nothing follows goes on with nothing.
func TestNothingIsGoneOnWithByASweepAlone(t *testing.T) {
	d := raise(t, "", []watch.Emergency{latched("e", time.Minute, nil)}, nil, streams)
	if alone, _ := emergency.Raise(d.options, nil, false); len(alone.All) > 0 || len(d.All) != 1 {
		t.Errorf("%d and %d are in force", len(alone.All), len(d.All))
	}
}

// Without room nothing is looked at, and it waits; what has enough looks no more, and
// doesn't.
func TestRoomAndEnough(t *testing.T) {
	d := raise(t, `{"stop":true}`, nil, nil, streams)
	d.concern("a")
	yes, no := func() bool { return true }, func() bool { return false }
	if l, wait := d.Next(false, func(*emergency.Emergency) bool { return false }, no); l != nil || !wait {
		t.Errorf("without room: %v, wait %v", l, wait)
	}
	if l, wait := d.Next(false, func(*emergency.Emergency) bool { return true }, yes); l != nil || wait {
		t.Errorf("with enough: %v, wait %v", l, wait)
	}
	if got := d.GiveWay(0); len(got) > 0 {
		t.Errorf("%v give way, of which nothing was read", got)
	}
	limited := raise(t, "", []watch.Emergency{latched("e", time.Minute, func(m *watch.Emergency) { m.Left = 5 })},
		func(o *emergency.Options) { o.Policy.Hash = "" }, strings.Replace(streams, " limits: none,", "", 1))
	if d.All[0].KnowsLeft() || limited.All[0].KnowsLeft() {
		t.Error("what was not counted, or waits for limits, has enough")
	}
}
