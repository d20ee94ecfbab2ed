package stops_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/stops"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// The stops of a sweep alone, without one: each test hands in what was found, and takes
// what is next.

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// bench is the stops of a sweep, with all that they need.
type bench struct {
	*stops.Stops
	t       *testing.T
	options stops.Options
	now     time.Time
	flow    *policy.Flow
	failed  []string
	settled []string
	claimed []int                   // how many at once
	claim   func([]watch.Try) error // besides
	stopper stops.Stopper
}

const twoHours = "name: a, maxRuntime: 2h"

func byPolicy(t *testing.T, rules ...string) *judge.Basis {
	t.Helper()
	p, err := policy.Parse("test.yaml", []byte("version: 1\npolicy: test\nmode: enforce\nrules:\n  - {"+strings.Join(rules, "}\n  - {")+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return &judge.Basis{Rules: p, Event: &policy.Event{Kind: "timer", Time: noon}}
}

// forEvent is a basis of an event that is in force for an hour.
func forEvent(t *testing.T, rule string) *judge.Basis {
	t.Helper()
	b := byPolicy(t, "on: [event], "+rule)
	b.Event = &policy.Event{Kind: "custom", Time: noon}
	b.Until = map[string]time.Time{}
	for _, r := range b.Rules.(*policy.Policy).Rules {
		b.Until[r.Name] = noon.Add(time.Hour)
	}
	return b
}

func newBench(t *testing.T, by *judge.Basis, change func(*bench, *stops.Options)) *bench {
	t.Helper()
	b := &bench{t: t, now: noon, stopper: stops.Recorder{}, flow: &policy.Flow{Name: "f", ID: "id-f", ExecutionMode: judge.Standard}}
	w := watch.New(watch.Options{})
	o := stops.Options{
		Judge: judge.New(nil, judge.NewClock(func() time.Time { return b.now }, func() (time.Duration, bool) { return 0, true })),
		Watch: w, Report: &result.Collector{}, Limits: policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 1}, Mode: policy.ModeEnforce,
		Mark: "policy/enforce", Own: by, Started: noon, Batch: 10,
		Sign: func() policy.Tail { return policy.Tail{} }, Flow: func(string) *policy.Flow { return b.flow },
		Live: func() int { return 10 }, Answered: func() bool { return true },
		Claim: func(tries []watch.Try) error {
			b.claimed = append(b.claimed, len(tries))
			w.Ledger.Add(tries...)
			if b.claim != nil {
				return b.claim(tries)
			}
			return nil
		},
		Settled: func(k judge.Key) { b.settled = append(b.settled, k.Execution) },
		Failed:  func(_ string, err error) { b.failed = append(b.failed, err.Error()) },
	}
	if change != nil {
		change(b, &o)
	}
	b.options, b.Stops = o, stops.New(b.stopper, o)
	return b
}

// find judges an execution of that age, as a row tells of it, and has it taken in.
func (b *bench) find(by *judge.Basis, name string, age time.Duration) judge.Finding {
	b.t.Helper()
	row := cloudflow.Execution{Name: name, Status: "Running", StartedTime: noon.Add(-age), InputFetched: true}
	if age == 0 {
		row.StartedTime = time.Time{}
	}
	f := b.options.Judge.Inquire(b.t.Context()).Row(by, b.flow, row, b.now)
	b.Take(f)
	return f
}

func (b *bench) open() { b.Open(func(string) bool { return false }) }

var room = stops.Room{Fetch: true, Stop: true, Sendable: 10}

// stopAll has what is next stopped, one after the other, and returns how many.
func (b *bench) stopAll(after func()) (n int) {
	b.t.Helper()
	for {
		s := b.Next(room).Stop
		if s == nil {
			return n
		}
		n++
		answer, err := s.Send(b.t.Context())
		b.StopAnswered(s)
		b.Settle(s, s.Verify(b.t.Context(), time.Second, answer, err))
		if after != nil {
			after()
		}
	}
}

// wantOutcomes compares what was decided of each.
func (b *bench) wantOutcomes(want map[string]result.Outcome) {
	b.t.Helper()
	got := map[string]result.Outcome{}
	for _, d := range b.options.Report.Decisions() {
		if _, twice := got[d.Execution]; twice {
			b.t.Errorf("%s is decided twice", d.Execution)
		}
		got[d.Execution] = d.Outcome
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// A pass is for one stop: whoever sends it again sends nothing.
func TestAPassIsUsedOnce(t *testing.T) {
	by, sent := byPolicy(t, twoHours), 0
	b := newBench(t, by, func(b *bench, _ *stops.Options) { b.stopper = counted{&sent} })
	b.find(by, "x", 5*time.Hour)
	b.open()
	s := b.Next(room).Stop
	_, first := s.Send(t.Context())
	_, again := s.Send(t.Context())
	if sent != 1 || first != nil || again == nil || again.Error() != "the stop has been sent before; this is a bug in flowreaper" {
		t.Errorf("sent %d times, errors %v, then %v", sent, first, again)
	}
}

type counted struct{ stops *int }

func (c counted) StopExecution(context.Context, cloudflow.Stop) (cloudflow.Execution, error) {
	*c.stops++
	return cloudflow.Execution{}, nil
}

// Several are counted at once, each judged then. A turn that comes later is another
// moment: nothing is tried on the verdict of before.
func TestAPassIsOfItsMoment(t *testing.T) {
	by := byPolicy(t, `name: a, when: 'now < date("2026-05-04T12:00:10Z")'`)
	for after, want := range map[time.Duration]int{0: 2, 20 * time.Second: 1} {
		b := newBench(t, by, nil)
		b.find(by, "first", 5*time.Hour)
		b.find(by, "second", 4*time.Hour)
		b.open()
		if n := b.stopAll(func() { b.now = b.now.Add(after) }); n != want || !slices.Equal(b.claimed, []int{2}) {
			t.Errorf("%v later: %d stopped, want %d; counted %v", after, n, want, b.claimed)
		}
	}
}

// What was counted, and of which no facts come any more, lets others go first. When they
// come after all, it is tried, and is not counted twice.
func TestWhatIsFetchedInVainLetsOthersGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := byPolicy(t, twoHours)
		b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.MaxStops = 4 })
		found := map[string]judge.Finding{}
		for i, name := range []string{"zero", "first", "second", "third"} {
			found[name] = b.find(by, name, time.Duration(9-i)*time.Hour)
		}
		b.open()
		b.StopAnswered(b.Next(stops.Room{Stop: true, Sendable: 3}).Stop) // three are counted
		b.now = b.now.Add(2 * time.Minute)
		fetches := map[string]*stops.Fetch{}
		for f := b.Next(room).Fetch; f != nil; f = b.Next(room).Fetch {
			fetches[f.Name] = f
		}
		come := func(name string) {
			one := found[name]
			one.Asked.Execution = b.now
			b.Found(fetches[name], one)
		}
		come("second")
		come("third")
		if next := b.Next(room); next.Stop != nil {
			t.Error("it doesn't wait for the first")
		}
		time.Sleep(stops.Patience)
		if n := b.stopAll(nil); n != 2 || !slices.Equal(b.claimed, []int{3, 1}) {
			t.Errorf("%d stops, counted %v", n, b.claimed)
		}
		come("first")
		if n := b.stopAll(nil); n != 1 || !slices.Equal(b.claimed, []int{3, 1}) {
			t.Errorf("then %d stops, counted %v", n, b.claimed)
		}
	})
}

// Nor on one of before its facts were read anew, or on facts that have grown old since it
// was counted.
func TestAPassIsOfItsFacts(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, nil)
	b.find(by, "first", 5*time.Hour)
	second := b.find(by, "second", 4*time.Hour)
	b.open()
	first := b.Next(room).Stop
	b.StopAnswered(first)
	b.now = b.now.Add(2 * time.Minute)
	if next := b.Next(stops.Room{Stop: true, Sendable: 10}); next.Stop != nil {
		t.Error("it is tried on old facts")
	}
	fetch := b.Next(room).Fetch
	second.Asked.Execution = b.now
	b.Found(fetch, second)
	if next := b.Next(room); next.Stop == nil || len(b.failed) > 0 {
		t.Errorf("next is %+v, failed %v", next, b.failed)
	}
}

// What a limited rule and an event without limits condemn has one turn.
func TestWhatTwoCondemnHasOneTurn(t *testing.T) {
	by := byPolicy(t, twoHours)
	event := forEvent(t, "name: e, limits: none, when: true")
	b := newBench(t, by, nil)
	b.find(by, "x", 3*time.Hour)
	b.open()
	b.find(event, "x", 3*time.Hour)
	if n := b.stopAll(nil); n != 1 || len(b.claimed) > 0 {
		t.Errorf("%d stops, counted %v", n, b.claimed)
	}
}

// A plan approves what it names. What has no Id and no startedTime is like what it
// doesn't name, but for the name.
func TestWhatAPlanDoesNotNameIsNotApproved(t *testing.T) {
	by := byPolicy(t, "name: a, when: true")
	b := newBench(t, by, func(b *bench, o *stops.Options) {
		b.flow.ID = ""
		o.Approved = result.Recording{{Flow: "f", Execution: "named"}}
	})
	b.find(by, "named", 0)
	b.find(by, "other", 0)
	b.open()
	b.stopAll(nil)
	b.wantOutcomes(map[string]result.Outcome{"named": result.Planned, "other": result.Planned})
	if n := len(b.Recorded()); n != 1 {
		t.Errorf("%d stops", n)
	}
}

// What is beyond what a person wants stopped at most is withheld, and no plan's.
func TestWhatIsBeyondAPersonsOwnLimitIsWithheld(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, func(b *bench, o *stops.Options) {
		o.Approved = result.Recording{{Flow: "f", FlowID: b.flow.ID, Execution: "old", StartedTime: noon.Add(-4 * time.Hour)}}
		o.Beyond = "beyond --limit 1"
	})
	b.find(by, "old", 4*time.Hour)
	b.find(by, "young", 3*time.Hour)
	b.open()
	b.stopAll(nil)
	b.wantOutcomes(map[string]result.Outcome{"old": result.Planned, "young": result.WithheldOutcome})
	if n := len(b.Recorded()); n != 1 {
		t.Errorf("%d stops", n)
	}
}

// What the ledger can't count is not tried, and goes on in the next sweep.
func TestWhatCannotBeCountedIsNotTried(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, nil)
	b.claim = func([]watch.Try) error { return errors.New("disk full") }
	b.find(by, "x", 3*time.Hour)
	b.open()
	if n := b.stopAll(nil); n > 0 {
		t.Errorf("%d stops", n)
	}
	b.wantOutcomes(map[string]result.Outcome{"x": result.NotTried})
}

// What no limit holds back doesn't wait for what can't be counted, counted together with
// it or behind it.
func TestWhatHasNoLimitsIsTriedThoughNothingCanBeCounted(t *testing.T) {
	by := byPolicy(t, twoHours)
	event := forEvent(t, "name: e, limits: none, when: true")
	b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Batch = 2 })
	b.claim = func([]watch.Try) error { return errors.New("disk full") }
	b.find(by, "limited", 3*time.Hour)
	b.open()
	for _, name := range []string{"a", "b", "c"} {
		b.find(event, name, time.Hour)
	}
	if n := b.stopAll(nil); n != 3 {
		t.Errorf("%d stops, want 3", n)
	}
	b.wantOutcomes(map[string]result.Outcome{"limited": result.NotTried, "a": result.Planned, "b": result.Planned, "c": result.Planned})
}

// Where counting tells of another process's stops, the limits are asked anew; of those
// counted already one is not counted twice.
func TestLimitsAreAskedAnewWhereCountingTellsOfOthers(t *testing.T) {
	for others, want := range map[string]result.Outcome{"": result.Planned, "1": result.Planned, "12": result.WithheldOutcome} {
		by := byPolicy(t, twoHours)
		b := newBench(t, by, nil)
		b.claim = func([]watch.Try) error {
			for _, name := range others {
				b.options.Watch.Ledger.Add(watch.Try{At: noon, Flow: "id-g", Execution: string(name)})
			}
			return nil
		}
		b.find(by, "x", 3*time.Hour)
		b.find(by, "y", 3*time.Hour)
		b.open()
		b.stopAll(nil)
		b.wantOutcomes(map[string]result.Outcome{"x": want, "y": want})
	}
}

// Trickling, the limits let in as many as they allow of those whose turn comes first:
// the tighter limit counts, what was counted stays, and what is found later finds
// nothing left.
func TestTheMostOverdueTrickle(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits policy.Limits
		others int // stops that another process has tried
		unread bool
		want   string // stopped, in order
	}{
		{"by maxStops", policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 1}, 0, false, "edc"},
		{"by maxShare", policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 0.2, Floor: 1}, 0, false, "ed"},
		{"by what others tried", policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 1}, 2, false, "e"},
		{"by what others tried beyond it", policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 1}, 4, false, ""},
		{"a ledger that was lost", policy.Limits{MaxStops: 3, Per: time.Hour, MaxShare: 1}, 0, true, ""},
		{"enough", policy.Limits{MaxStops: 5, Per: time.Hour, MaxShare: 1}, 0, false, "edcba"},
	} {
		t.Run(test.name, func(t *testing.T) {
			by := byPolicy(t, twoHours)
			test.limits.Over = policy.Trickle
			b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits = test.limits })
			for i := range test.others {
				b.options.Watch.Ledger.Add(watch.Try{At: noon, Flow: "id-g", Execution: fmt.Sprint(i)})
			}
			if test.unread {
				b.options.Watch.Ledger.Lose(noon)
			}
			for i, name := range "abcde" {
				b.find(by, string(name), 3*time.Hour+time.Duration(i)*time.Minute)
			}
			b.open()
			n := b.stopAll(nil)
			b.find(by, "later", 4*time.Hour)
			b.open()
			if n += b.stopAll(nil); n > len(test.want) && len(test.want) < 5 {
				t.Errorf("%d stops", n)
			}
			b.Leave(false)
			if len(test.want) == 5 {
				return
			}
			want := map[string]result.Outcome{"later": result.WithheldOutcome}
			for _, name := range "abcde" {
				want[string(name)] = result.WithheldOutcome
			}
			for _, name := range test.want {
				want[string(name)] = result.Planned
			}
			b.wantOutcomes(want)
			if _, failed := b.options.Report.Report(); failed == nil || failed.Code != result.CodeWithheld {
				t.Errorf("the sweep failed with %v", failed)
			}
		})
	}
}

// What runs on though a stop of it was tried lately comes last: stops that CloudFlow takes and
// that end nothing use up neither sweeps nor what limits allow. An emergency comes before all.
func TestWhatStopsDoNotEndComesLast(t *testing.T) {
	by, event := byPolicy(t, twoHours), forEvent(t, "name: e, limits: none, when: true")
	for _, trickle := range []bool{false, true} {
		b := newBench(t, by, func(_ *bench, o *stops.Options) {
			o.Judge.Doubted = map[judge.Key]bool{}
			for _, name := range []string{"stuck", "stuck-too", "stuck-in-emergency"} {
				o.Judge.Doubted[judge.Key{Flow: "id-f", Execution: name}] = true
			}
			o.Limits.MaxStops = 4
			if trickle {
				o.Limits.MaxStops, o.Limits.Over = 2, policy.Trickle
			}
		})
		for i, name := range []string{"fresh", "older", "stuck-too", "stuck"} {
			b.find(by, name, time.Duration(3+i)*time.Hour)
		}
		b.find(event, "stuck-in-emergency", time.Hour)
		b.open()
		var order []string
		b.stopAll(func() {
			all := b.options.Report.Decisions()
			order = append(order, all[len(all)-1].Execution)
		})
		want := []string{"stuck-in-emergency", "older", "fresh", "stuck", "stuck-too"}
		if trickle {
			want = want[:3]
		}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("trickle %v (-want +got):\n%s", trickle, diff)
		}
	}
}

// Another process that counts at once leaves less: what was let in and is not counted is
// withheld after all, and what is counted goes first.
func TestWhatTricklesIsAskedAnew(t *testing.T) {
	for others, want := range map[int]string{0: "dcb", 1: "dc", 2: "d", 3: ""} {
		by := byPolicy(t, twoHours)
		b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.Over, o.Batch = policy.Trickle, 1 })
		b.claim = func([]watch.Try) error {
			for i := range others {
				b.options.Watch.Ledger.Add(watch.Try{At: noon, Flow: "id-g", Execution: fmt.Sprint(i)})
			}
			return nil
		}
		for i, name := range "abcd" {
			b.find(by, string(name), 3*time.Hour+time.Duration(i)*time.Minute)
		}
		b.open()
		b.stopAll(nil)
		all := map[string]result.Outcome{}
		for _, name := range "abcd" {
			all[string(name)] = result.WithheldOutcome
		}
		for _, name := range want {
			all[string(name)] = result.Planned
		}
		b.wantOutcomes(all)
	}
}

// CloudFlow's clock is known by the second, and better with each answer: what the limits
// allowed is not refused because a stop of long ago has come back into their window.
func TestAClockThatIsSetRightChangesNoStanding(t *testing.T) {
	by := byPolicy(t, twoHours)
	offset := time.Duration(0)
	b := newBench(t, by, func(b *bench, o *stops.Options) {
		o.Limits = policy.Limits{MaxStops: 2, Per: time.Hour, MaxShare: 1, Over: policy.Trickle}
		o.Judge = judge.New(nil, judge.NewClock(func() time.Time { return b.now }, func() (time.Duration, bool) { return offset, true }))
	})
	for _, old := range []string{"x", "y"} {
		b.options.Watch.Ledger.Add(watch.Try{At: noon.Add(-time.Hour - time.Second/2), Flow: "id-f", Execution: old})
	}
	for i, name := range []string{"a", "b", "c"} {
		b.find(by, name, 5*time.Hour-time.Duration(i)*time.Minute)
	}
	b.open()
	offset = -time.Second
	b.stopAll(nil)
	b.wantOutcomes(map[string]result.Outcome{"a": result.Planned, "b": result.Planned, "c": result.WithheldOutcome})
}

// What no limit holds back counts towards none, waiting for its turn or counted.
func TestWhatHasNoLimitsCountsTowardsNone(t *testing.T) {
	by := byPolicy(t, twoHours)
	event := forEvent(t, "name: e, limits: none, when: true")
	b := newBench(t, by, nil)
	for _, name := range []string{"e1", "e2", "e3", "e4"} {
		b.find(event, name, time.Hour)
	}
	b.find(by, "x", 3*time.Hour)
	b.open()
	if n := b.stopAll(nil); n != 5 {
		t.Errorf("%d stops", n)
	}
}

// A mistake in one fails that one, once.
func TestAMistakeFailsOne(t *testing.T) {
	by := byPolicy(t, twoHours)
	mined := &mine{Rules: by.Rules}
	by.Rules = mined
	b := newBench(t, by, nil)
	b.find(by, "x", 5*time.Hour)
	b.find(by, "y", 4*time.Hour)
	b.open()
	mined.on = "x"
	if n := b.stopAll(nil); n != 1 || len(b.failed) != 1 || b.Left() != 0 {
		t.Errorf("%d stops, failed %v, %d left", n, b.failed, b.Left())
	}
}

type mine struct {
	judge.Rules
	on string
}

func (m *mine) Judge(f *policy.Facts) policy.Verdict {
	if f.Execution.Name == m.on {
		panic("stepped on a mine")
	}
	return m.Rules.Judge(f)
}

// The order of turns: events before timers; of an event's the newest first, unless the
// rule says otherwise; else the most overdue.
func TestTheOrderOfTurns(t *testing.T) {
	by := byPolicy(t, twoHours)
	newest, oldest := forEvent(t, "name: e, when: true"), forEvent(t, "name: e, when: true, stopFirst: oldest")
	b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.MaxStops = 10 })
	for name, age := range map[string]time.Duration{"t3": 3 * time.Hour, "t4": 4 * time.Hour} {
		b.find(by, name, age)
	}
	for name, age := range map[string]time.Duration{"n1": time.Minute, "n2": 2 * time.Minute} {
		b.find(newest, name, age)
	}
	for name, age := range map[string]time.Duration{"o1": time.Minute, "o2": 2 * time.Minute} {
		b.find(oldest, name, age)
	}
	b.open()
	b.stopAll(nil)
	var got []string
	for _, p := range b.Recorded() {
		got = append(got, p.Execution)
	}
	if diff := cmp.Diff([]string{"n1", "n2", "o2", "o1", "t4", "t3"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// What an event condemns stays the event's, whatever condemns it besides.
func TestWhatAnEventCondemnsStaysTheEvents(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, nil)
	b.find(forEvent(t, "name: e, when: true"), "x", 3*time.Hour)
	b.find(by, "x", 3*time.Hour)
	b.find(by, "older", 4*time.Hour)
	b.open()
	b.stopAll(nil)
	if r := b.Recorded(); len(r) != 2 || r[0].Execution != "x" || r[0].Rule != "e" {
		t.Errorf("stopped %+v", r)
	}
}

// old is a bench with executions whose facts have grown old, of which one thing is to be
// fetched.
func old(t *testing.T, by *judge.Basis, what stops.What, names ...string) (*bench, *stops.Fetch) {
	t.Helper()
	b := newBench(t, by, nil)
	for i, name := range names {
		b.find(by, name, time.Duration(3+i)*time.Hour)
	}
	b.open()
	b.now = b.now.Add(2 * time.Minute)
	fetch := b.Next(room).Fetch
	if fetch == nil || fetch.What != what {
		t.Fatalf("next is to fetch %+v", fetch)
	}
	return b, fetch
}

// An answer about what was dropped since, or condemned by another event, changes nothing.
func TestAnAnswerThatComesTooLate(t *testing.T) {
	by := byPolicy(t, twoHours)
	b, fetch := old(t, by, stops.TheExecution, "x")
	found := b.find(by, "x", 3*time.Hour)
	b.find(by, "x", time.Minute) // no rule condemns it any more
	b.Found(fetch, found)
	if b.Left() != 0 || b.stopAll(nil) > 0 {
		t.Errorf("%d are left", b.Left())
	}

	event := forEvent(t, "name: e, limits: none, when: true")
	b, fetch = old(t, by, stops.TheExecution, "x")
	b.find(event, "x", 3*time.Hour)
	none := found
	none.Execution = &policy.Execution{Name: "x", Status: "Running", StartedTime: b.now}
	b.Found(fetch, none) // … by which the timer's rule doesn't condemn it
	if b.Left() != 1 || b.stopAll(nil) != 1 {
		t.Errorf("the event's stop is gone")
	}
}

// Where an execution was replaced by one that a listing should have shown, one of the two
// answers is wrong; where the other has started since, neither is.
func TestReplaced(t *testing.T) {
	by := byPolicy(t, twoHours)
	for started, want := range map[time.Duration]bool{-time.Hour: true, -20 * time.Second: false, time.Minute: false} {
		b, fetch := old(t, by, stops.TheExecution, "x")
		if wrong := b.Replaced(fetch, noon.Add(started)); wrong != want || b.Left() != 0 {
			t.Errorf("started %v after the listing: wrong %v, %d left", started, wrong, b.Left())
		}
	}
}

// What is live is counted for all of a flow's executions at once. One that is not there
// has ended; one of which nobody can say that it is the same is asked for again.
func TestCountedAnew(t *testing.T) {
	by := byPolicy(t, "name: a, maxConcurrent: 1")
	crowd := func(b *bench, started map[string]time.Time) []judge.Finding {
		l := &judge.Listing{Asked: b.now, Rows: map[string]cloudflow.Execution{}}
		for name, at := range started {
			l.Rows[name] = cloudflow.Execution{Name: name, Status: "Running", StartedTime: at}
		}
		return b.options.Judge.Inquire(t.Context()).Rows(by, b.flow, l, true)
	}
	h := func(n int) time.Time { return noon.Add(-time.Duration(n) * time.Hour) }
	b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.MaxStops = 10 })
	for _, f := range crowd(b, map[string]time.Time{"first": h(9), "is": h(3), "ended": h(4), "another": h(5), "undated": h(6)}) {
		b.Take(f)
	}
	b.open()
	b.now = b.now.Add(2 * time.Minute)
	fetch := b.Next(room).Fetch
	if fetch == nil || fetch.What != stops.TheLive || b.Next(room).Fetch != nil {
		t.Fatalf("next is to fetch %+v", fetch)
	}
	errs := b.LiveFound(fetch, crowd(b, map[string]time.Time{"first": h(9), "is": h(3), "another": h(1), "undated": {}}))
	var timeless *judge.NoStartedTime
	if len(errs) != 1 || !errors.As(errs[0], &timeless) {
		t.Errorf("errors %v", errs)
	}
	slices.Sort(b.settled)
	if n := b.stopAll(nil); n != 1 || b.Left() != 0 || !slices.Equal(b.settled, []string{"another", "ended"}) {
		t.Errorf("%d stops, %d left, settled %v", n, b.Left(), b.settled)
	}
	b.wantOutcomes(map[string]result.Outcome{"is": result.Planned})
}

// An answer about an execution that was dropped says nothing of it condemned anew.
func TestAnAnswerOfBeforeItWasCondemnedAnew(t *testing.T) {
	by := byPolicy(t, twoHours)
	b, fetch := old(t, by, stops.TheExecution, "x")
	kept := b.find(by, "x", time.Minute)
	b.find(by, "x", 3*time.Hour)
	b.Found(fetch, kept)
	if b.Left() != 1 {
		t.Errorf("%d are left", b.Left())
	}
}

// What is live is counted only where the verdict hangs on it.
func TestWhatIsLiveIsNotAskedForWithoutNeed(t *testing.T) {
	both := []string{twoHours, "name: b, flows: [f], maxConcurrent: 100"}
	old(t, byPolicy(t, both...), stops.TheExecution, "x")
	by := byPolicy(t, both[0])
	b := newBench(t, by, nil)
	b.flow.Live = policy.NewLive(noon, nil)
	b.find(by, "x", 3*time.Hour)
	b.open()
	b.now = b.now.Add(2 * time.Minute)
	if f := b.Next(room).Fetch; f == nil || f.What != stops.TheExecution {
		t.Errorf("next is to fetch %+v", f)
	}
}

// Nothing is stopped for being too many by a count that has grown old.
func TestACountThatIsOld(t *testing.T) {
	by := byPolicy(t, "name: a, maxConcurrent: 1")
	b := newBench(t, by, nil)
	l := &judge.Listing{Asked: noon, Rows: map[string]cloudflow.Execution{}}
	for i, name := range []string{"first", "second"} {
		l.Rows[name] = cloudflow.Execution{Name: name, Status: "Running", StartedTime: noon.Add(-time.Duration(9-i) * time.Hour)}
	}
	for _, f := range b.options.Judge.Inquire(t.Context()).Rows(by, b.flow, l, true) {
		f.Asked.Live = noon.Add(-2 * time.Minute)
		b.Take(f)
	}
	b.open()
	if next := b.Next(stops.Room{Stop: true, Sendable: 10}); b.Queued() != 1 || next.Stop != nil {
		t.Errorf("%d queued, next is %+v", b.Queued(), next)
	}
	if f := b.Next(room).Fetch; f == nil || f.What != stops.TheLive {
		t.Errorf("next is to fetch %+v", f)
	}
}

// What was fetched of a flow is of its executions alone.
func TestAFlowIsFetchedForItsOwn(t *testing.T) {
	by := byPolicy(t, `name: a, when: 'flow.env["TIER"] != "prod" and execution.age > duration("2h")'`)
	b := newBench(t, by, nil)
	b.find(by, "x", 3*time.Hour)
	b.flow = &policy.Flow{Name: "g", ID: "id-g", ExecutionMode: judge.Standard}
	b.find(by, "y", 4*time.Hour)
	b.open()
	fetched := map[string]*stops.Fetch{}
	for range 2 {
		f := b.Next(room).Fetch
		fetched[f.Flow.Name] = f
	}
	b.FlowFound(fetched["f"], &policy.Flow{Name: "f", ID: "id-f", ExecutionMode: judge.Standard, Env: map[string]string{"TIER": "prod"}}, b.now)
	b.FlowFound(fetched["g"], &policy.Flow{Name: "g", ID: "id-g", ExecutionMode: judge.Standard}, b.now)
	if n := b.stopAll(nil); n != 1 || !slices.Equal(b.settled, []string{"x"}) {
		t.Errorf("%d stops, settled %v", n, b.settled)
	}
}

// A sweep that was cut short doesn't ask the limits: it tells that nothing was tried.
func TestWhatIsLeft(t *testing.T) {
	for cut, want := range map[bool]result.Outcome{false: result.WithheldOutcome, true: result.NotTried} {
		by := byPolicy(t, twoHours)
		b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.MaxStops = 0 })
		b.find(by, "x", 3*time.Hour)
		b.Leave(cut)
		b.NotTried(context.Canceled)
		b.wantOutcomes(map[string]result.Outcome{"x": want})
	}
}

// An event without limits that the sweep has no time for is told, as all else is.
func TestWhatHasNoLimitsIsLeftToo(t *testing.T) {
	b := newBench(t, byPolicy(t, twoHours), nil)
	b.find(forEvent(t, "name: e, limits: none, when: true"), "x", time.Hour)
	b.Leave(false)
	b.NotTried(context.DeadlineExceeded)
	b.wantOutcomes(map[string]result.Outcome{"x": result.NotTried})
}

// An event condemns nothing that started once it was over.
func TestWhatStartedTooLate(t *testing.T) {
	b := newBench(t, byPolicy(t, twoHours), nil)
	b.now = noon.Add(3 * time.Hour)
	event := forEvent(t, "name: e, limits: none, when: true")
	b.find(event, "before", -59*time.Minute)
	b.find(event, "after", -time.Hour)
	if n := b.stopAll(nil); n != 1 || b.Recorded()[0].Execution != "before" {
		t.Errorf("%d stops: %v", n, b.Recorded())
	}
}

// What comes to be protected at its turn is settled: nobody waits for it any more.
func TestWhatComesToBeProtectedIsSettled(t *testing.T) {
	p, err := policy.Parse("test.yaml", []byte("version: 1\npolicy: test\nmode: enforce\nprotect: {when: 'now > date(\"2026-05-04T12:00:10Z\")'}\nrules: [{"+twoHours+"}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	by := &judge.Basis{Rules: p, Event: &policy.Event{Kind: "timer", Time: noon}}
	b := newBench(t, by, nil)
	b.find(by, "x", 3*time.Hour)
	b.open()
	b.now = noon.Add(20 * time.Second)
	if n := b.stopAll(nil); n > 0 || !slices.Equal(b.settled, []string{"x"}) {
		t.Errorf("%d stops, settled %v", n, b.settled)
	}
	b.wantOutcomes(map[string]result.Outcome{"x": result.ProtectedOutcome})
}

// A limit that is exceeded by what was tried before holds back nothing where nothing is
// condemned.
func TestALimitWithNothingToHoldBack(t *testing.T) {
	b := newBench(t, byPolicy(t, twoHours), nil)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		b.options.Watch.Ledger.Add(watch.Try{At: noon, Flow: "id-f", Execution: name})
	}
	b.Leave(false)
	if r, err := b.options.Report.Report(); err != nil || r.Withheld != nil {
		t.Errorf("error %v, withheld %+v", err, r.Withheld)
	}
}

// By a clock that is off at a turn nothing is stopped, and the sweep fails, though it may
// be right again in the end.
func TestAClockThatIsOffForAMoment(t *testing.T) {
	by := byPolicy(t, twoHours)
	offset := time.Duration(0)
	b := newBench(t, by, func(b *bench, o *stops.Options) {
		o.Judge = judge.New(nil, judge.NewClock(func() time.Time { return b.now }, func() (time.Duration, bool) { return offset, true }))
	})
	b.find(by, "x", 3*time.Hour)
	b.open()
	offset = time.Minute
	n := b.stopAll(nil)
	offset = 0
	if _, err := b.options.Report.Report(); n > 0 || err == nil || err.Code != result.CodeClockSkew {
		t.Errorf("%d stops, error %v", n, err)
	}
	b.wantOutcomes(map[string]result.Outcome{"x": result.WithheldOutcome})
}

// A clock that is off withholds all at once; one of which nobody knows only once CloudFlow
// has answered, since what the answer says of it comes with the facts for a turn. What is
// known to be condemned is not known by such a clock.
func TestAClockThatIsOffWithholdsAll(t *testing.T) {
	by := byPolicy(t, twoHours)
	for _, test := range []struct {
		offset          time.Duration
		known, answered bool
		want            int
	}{{time.Minute, true, false, 1}, {0, false, true, 1}, {0, false, false, 0}, {0, true, true, 0}} {
		b := newBench(t, by, func(b *bench, o *stops.Options) {
			o.Judge = judge.New(nil, judge.NewClock(func() time.Time { return b.now }, func() (time.Duration, bool) { return test.offset, test.known }))
			o.Answered = func() bool { return test.answered }
		})
		b.find(by, "x", 3*time.Hour)
		b.open()
		if got := len(b.options.Report.Decisions()); got != test.want || b.Queued() != 1-test.want {
			t.Errorf("%+v: %d withheld, %d queued", test, got, b.Queued())
		}
	}
	b := newBench(t, by, func(b *bench, o *stops.Options) {
		o.Limits.MaxStops = 1
		o.Judge = judge.New(nil, judge.NewClock(func() time.Time { return b.now }, func() (time.Duration, bool) { return time.Minute, true }))
	})
	b.knows(map[string]string{"x": "condemned", "y": "condemned"})
	b.Leave(false)
	if r, _ := b.options.Report.Report(); r.Withheld != nil {
		t.Errorf("withheld %+v", r.Withheld)
	}
}

// refusing is a CloudFlow that refuses to stop.
type refusing struct{}

func (refusing) StopExecution(context.Context, cloudflow.Stop) (cloudflow.Execution, error) {
	return cloudflow.Execution{}, &cloudflow.Error{Operation: "StopExecution", Code: "Refused", HTTPStatus: 400, RequestID: "id-of-the-refusal"}
}

// The request's Id leads to a refusal, too.
func TestTheRequestOfARefusalIsTold(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, func(b *bench, _ *stops.Options) { b.stopper = refusing{} })
	b.find(by, "x", 3*time.Hour)
	b.open()
	b.stopAll(nil)
	if d := b.options.Report.Decisions(); len(d) != 1 || d[0].Outcome != result.Failed || d[0].RequestID != "id-of-the-refusal" {
		t.Errorf("decisions %+v", d)
	}
}

// One thing is asked for an execution at a time; and of a flow once for what a basis
// condemns in it.
func TestOneThingIsAskedAtATime(t *testing.T) {
	reads := `name: a, when: 'flow.env["TIER"] != "prod"'`
	by, event := byPolicy(t, reads), forEvent(t, `name: e, limits: none, when: 'flow.env["TIER"] != "prod"'`)
	b := newBench(t, by, nil)
	x := b.find(by, "x", 3*time.Hour)
	b.find(by, "y", 4*time.Hour)
	b.open()
	b.now = b.now.Add(2 * time.Minute)
	fetched := map[string]*stops.Fetch{}
	for range 2 {
		f := b.Next(room).Fetch
		fetched[f.Name] = f
	}
	x.Asked.Execution = b.now
	b.Found(fetched["x"], x)
	ofX := b.Next(room).Fetch
	if ofX == nil || ofX.What != stops.TheFlow {
		t.Fatalf("next is to fetch %+v", ofX)
	}
	b.FlowFound(ofX, b.flow, b.now)
	if f := b.Next(stops.Room{Fetch: true}).Fetch; f != nil {
		t.Errorf("what is asked for already is asked for again: %+v", f)
	}

	b = newBench(t, by, nil)
	b.find(by, "x", 3*time.Hour)
	b.find(event, "z", time.Hour)
	b.open()
	if n := b.QueuedOf(map[judge.Key]bool{{Flow: "id-f", Execution: "z"}: true}); n != 1 {
		t.Errorf("%d of one are queued", n)
	}
	for range 2 {
		if f := b.Next(room).Fetch; f == nil || f.What != stops.TheFlow {
			t.Errorf("next is to fetch %+v", f)
		}
	}
}

// A flow that was read for a verdict is what is judged by.
func TestAFlowThatWasReadForAVerdict(t *testing.T) {
	by := byPolicy(t, `name: a, when: 'flow.env["TIER"] != "prod" and execution.age > duration("2h")'`)
	b, fetch := old(t, by, stops.TheExecution, "x")
	found := b.options.Judge.Judge(by, &policy.Flow{Name: "f", ID: "id-f", ExecutionMode: judge.Standard, Env: map[string]string{"TIER": "prod"}},
		&policy.Execution{Name: "x", Status: "Running", StartedTime: noon.Add(-3 * time.Hour)})
	found.Asked = judge.Asked{Execution: b.now, Flow: b.now}
	b.Found(fetch, found)
	if b.Left() != 0 {
		t.Errorf("%d are left", b.Left())
	}
}

// knows has the watch know executions to be overdue, with what an earlier sweep decided.
func (b *bench) knows(marks map[string]string) {
	w := b.options.Watch
	w.Begin(b.now)
	w.SetFlows([]watch.Flow{{ID: "id-f", Name: "f", Query: "q", LeastAge: 2 * time.Hour}}, 2*time.Hour, b.now)
	var rows []watch.Execution
	for name := range marks {
		rows = append(rows, watch.Execution{Name: name, StartedTime: noon.Add(-3 * time.Hour), Due: noon.Add(-time.Hour)})
	}
	w.Looked(w.Next(b.now, watch.Tokens{List: 9, Describe: 9}).Look, rows, 1, b.now)
	for name, outcome := range marks {
		w.Mark("id-f", name, watch.Mark{Policy: "policy/enforce", Outcome: outcome})
	}
}

// What an earlier sweep left is taken up again, unless it only planned it, by this very
// policy, or kept it. It is asked about before it is stopped; meanwhile it waits where a
// look will tell, and each counts once.
func TestWhatEarlierSweepsLeft(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, func(_ *bench, o *stops.Options) { o.Limits.MaxStops = 2 })
	b.knows(map[string]string{"left": "condemned", "found": "condemned", "planned": "planned", "protected": "protected", "kept": ""})
	found := b.find(by, "found", 3*time.Hour)
	b.Recall()
	if b.Left() != 2 {
		t.Errorf("%d are taken up", b.Left())
	}
	b.Open(func(string) bool { return true })
	if b.Queued() != 1 {
		t.Errorf("%d are let in while a look is to be made", b.Queued())
	}
	b.open()
	fetch := b.Next(room).Fetch
	if fetch == nil || fetch.Name != "left" {
		t.Fatalf("next is to fetch %+v", fetch)
	}
	found.Execution = &policy.Execution{Name: "left", Status: "Running", StartedTime: noon.Add(-3 * time.Hour)}
	b.Found(fetch, found)
	if n := b.stopAll(nil); n != 2 {
		t.Errorf("%d stops", n)
	}
	b.wantOutcomes(map[string]result.Outcome{"left": result.Planned, "found": result.Planned})
}

// What the watch remembers is what rules on timers decided, and of what was not tried that
// it waits, so that the next sweep takes it up.
func TestWhatIsRemembered(t *testing.T) {
	by := byPolicy(t, twoHours)
	b := newBench(t, by, nil)
	b.knows(map[string]string{"x": "planned", "y": "planned"})
	b.find(forEvent(t, "name: e, limits: none, when: true"), "x", 3*time.Hour)
	b.find(by, "y", 3*time.Hour)
	if b.LeftOfOwn() != 1 {
		t.Errorf("%d are the sweep's own", b.LeftOfOwn())
	}
	b.NotTried(context.Canceled)
	marks := map[string]string{}
	for o := range b.options.Watch.EachOverdue() {
		marks[o.Name] = o.Mark.Outcome
	}
	if diff := cmp.Diff(map[string]string{"x": "planned", "y": "condemned"}, marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}
