package watch

import (
	"slices"
	"testing"
	"time"
)

func TestFlowsAreListedAnew(t *testing.T) {
	for _, c := range []struct {
		leastAge, after time.Duration
		due             bool
	}{
		{2 * time.Hour, 59 * time.Minute, false},
		{2 * time.Hour, time.Hour, true},
		{10 * time.Minute, 9*time.Minute + 44*time.Second, false},
		{10 * time.Minute, 9*time.Minute + 45*time.Second, true},
		{0, time.Minute, true},
	} {
		s := watching(t, Options{}, c.leastAge, 1)
		if s.FlowsDue(s.now) {
			t.Error("listed a moment ago, the flows are due")
		}
		s.sweepAt(c.after)
		if got := s.FlowsDue(s.now); got != c.due {
			t.Errorf("least age %v, after %v: due = %v", c.leastAge, c.after, got)
		}
	}
	if !New(Options{}).FlowsDue(midnight) {
		t.Error("never listed, the flows aren't due")
	}
}

func TestAnotherIdIsAnotherFlow(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), many(3, 0))
	again := flowsOf(time.Hour, 1)
	s.SetFlows(again, time.Hour, s.now)
	s.wantNothing()
	again[0].ID = "another"
	s.SetFlows(again, time.Hour, s.now)
	if s.knownCount != 0 || s.Live() != 0 {
		t.Errorf("%d known, %d live of a flow that is gone", s.knownCount, s.Live())
	}
	if l := s.wantLook("a"); l.FlowID != "another" {
		t.Errorf("looks at %s", l.FlowID)
	}
}

func TestFlowsWithoutIdAreToldApartByName(t *testing.T) {
	s := &stage{T: t, Watch: New(Options{}), now: midnight}
	s.SetFlows([]Flow{{Name: "a", LeastAge: time.Hour}, {Name: "b", LeastAge: time.Hour}}, time.Hour, s.now)
	got := []string{s.Next(s.now, Tokens{List: 1}).Look.FlowName, s.Next(s.now, Tokens{List: 1}).Look.FlowName}
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("looks at %v", got)
	}
}

func TestAnEditedPolicyLosesOnlyWhatItChanged(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 2)
	s.answer(s.wantLook("a"), many(2, 0))
	s.answer(s.wantLook("b"), many(3, 0))
	edited := flowsOf(time.Hour, 2)
	edited[0].Query = "q2"
	s.SetFlows(edited, time.Hour, s.now)
	if s.knownCount != 3 {
		t.Errorf("%d known, want the 3 of b", s.knownCount)
	}
	s.answer(s.wantLook("a"), nil)
	s.wantNothing()
}

func TestFlowsLookedAtInEverySweep(t *testing.T) {
	for name, change := range map[string]func(*Flow){
		"every sweep":  func(f *Flow) { f.EverySweep = true },
		"least age 0s": func(f *Flow) { f.LeastAge = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{T: t, Watch: New(Options{}), now: midnight}
			flows := flowsOf(time.Hour, 2)
			change(&flows[0])
			s.SetFlows(flows, time.Hour, s.now)
			for minute := range 5 {
				s.sweepAt(time.Duration(minute) * time.Minute)
				l := s.wantLook("a")
				if !l.StartedTimeEnd.IsZero() || l.MaxPages != 10 {
					t.Errorf("the look is bounded: %+v", l)
				}
				s.answer(l, map[string]time.Duration{"old": -2 * time.Hour, "new": 0})
				if s.Live() != 2 {
					t.Errorf("%d live, want 2", s.Live())
				}
				if minute == 0 {
					s.answer(s.wantLook("b"), nil)
				}
				s.wantNothing()
			}
		})
	}
}

// Processes that remember nothing and live for thirty ticks each still get
// round in flows / calls a tick.
func TestColdStartsTakeTurns(t *testing.T) {
	const flows, calls = 5000, 98
	told := make([]Flow, flows)
	for i := range told {
		told[i] = Flow{ID: string(rune('a'+i%26)) + time.Duration(i).String(), LeastAge: 2 * time.Hour}
	}
	looked := map[string]bool{}
	var w *Watch
	ticks := 0
	for now := midnight; len(looked) < flows; now = now.Add(time.Minute) {
		if ticks%30 == 0 {
			w = New(Options{})
		}
		ticks++
		w.Begin(now)
		if w.FlowsDue(now) {
			w.SetFlows(told, 2*time.Hour, now)
		}
		for range calls {
			if l := w.Next(now, Tokens{List: 1}).Look; l != nil {
				looked[l.FlowID] = true
				w.Looked(l, nil, 1, now)
			}
		}
	}
	if want := flows/calls + 1; ticks != want {
		t.Errorf("every flow was looked at after %d ticks, want %d", ticks, want)
	}
}

func TestTheMostOverdueLookComesFirst(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 3)
	for i := range 3 {
		s.now = midnight.Add(time.Duration(i) * time.Second)
		s.Looked(s.Next(s.now, Tokens{List: 1}).Look, nil, 1, s.now)
	}
	var first []instant
	s.sweepAt(2 * time.Hour)
	for range 3 {
		l := s.Next(s.now, Tokens{List: 1}).Look
		first = append(first, l.flow.looked)
	}
	if !slices.IsSorted(first) {
		t.Errorf("looks in the order %v", first)
	}
}

func TestDemand(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 20)
	want := 20 / (2*time.Hour - 30*time.Second).Seconds()
	if d := s.Demand(); d.PerSecond != want || d.OfQuota != want/1.96 || d.Tight() || d.Late != 0 {
		t.Errorf("20 flows every two hours: %+v, want %g a second", d, want)
	}
	every := flowsOf(2*time.Hour, 20)
	for i := range every {
		every[i].EverySweep = true
	}
	s.SetFlows(every, 0, s.now)
	if d := s.Demand(); d.PerSecond < 0.333 || d.PerSecond > 0.334 {
		t.Errorf("20 flows every minute: %+v", d)
	}
	s.SetFlows(nil, 0, s.now)
	if d := s.Demand(); d.PerSecond != 0 {
		t.Errorf("no flow: %+v", d)
	}
}

func TestDemandSaysHowLateStopsCanBe(t *testing.T) {
	w := New(Options{ListRate: 1, Tick: time.Minute})
	flows := make([]Flow, 180)
	for i := range flows {
		flows[i] = Flow{ID: time.Duration(i).String(), EverySweep: true}
	}
	w.SetFlows(flows, 0, midnight)
	// Three a second are needed, 0.9 can be had: a round takes 200 s, not 60.
	got := w.Demand().String()
	if want := "looks need 3.00 ListExecutions calls a second, 300% of the quota: stops may come 2m20s late"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Flows that are told while the others aren't known change nothing for those.
func TestAddedFlowsForgetNone(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 2)
	s.answer(s.wantLook("a"), nil)
	s.answer(s.wantLook("b"), nil)
	s.sweepAt(time.Minute)
	due := s.FlowsDue(s.now)
	s.AddFlows([]Flow{{ID: "id-c", Name: "c", LeastAge: time.Hour}}, s.now)
	if s.FlowsDue(s.now) != due || len(s.Restored()) != 0 {
		t.Error("the flows count as listed, or as not told")
	}
	s.answer(s.wantLook("c"), nil)
	s.wantNothing()
	s.sweepAt(time.Hour)
	s.answer(s.wantLook("a"), nil)
}

// As soon as the flows are listed to their end, what wasn't looked at waits for
// its turn among all of them.
func TestTheTurnIsTakenAmongAllFlows(t *testing.T) {
	for _, early := range []int{0, 40} {
		w, now := New(Options{CallsPerTick: 7}), midnight.Add(3*time.Minute)
		w.Begin(now)
		if early > 0 {
			w.AddFlows(flowsOf(time.Hour, early), now)
		}
		w.SetFlows(flowsOf(time.Hour, 50), time.Hour, now.Add(time.Second))
		if l := w.Next(now.Add(time.Second), Tokens{List: 1}).Look; l.FlowName != string(rune('a'+21)) {
			t.Errorf("%d told before: %q is first", early, l.FlowName)
		}
	}
}
