package watch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stage drives a Watch by hand.
type stage struct {
	*testing.T
	*Watch
	now time.Time
}

// watching starts a sweep over flows of the given least age: a, b, c, …
func watching(t *testing.T, o Options, leastAge time.Duration, flows int) *stage {
	s := &stage{T: t, Watch: New(o), now: midnight}
	s.Begin(s.now)
	s.SetFlows(flowsOf(leastAge, flows), leastAge, s.now)
	return s
}

func flowsOf(leastAge time.Duration, n int) []Flow {
	flows := make([]Flow, n)
	for i := range flows {
		name := string(rune('a' + i))
		flows[i] = Flow{ID: "id-" + name, Name: name, Query: "q1", LeastAge: leastAge, ByStatusAlone: true}
	}
	return flows
}

// sweepAt begins a sweep at that time after midnight.
func (s *stage) sweepAt(after time.Duration) {
	s.now = midnight.Add(after)
	s.Begin(s.now)
}

func (s *stage) wantLook(flow string) *Look {
	s.Helper()
	task := s.Next(s.now, Tokens{List: 1})
	if task.Look == nil || task.Look.FlowName != flow {
		s.Fatalf("at %v: got %+v, want a look at %s", s.now.Sub(midnight), task, flow)
	}
	return task.Look
}

func (s *stage) wantCheck(execution string, describe int) *Check {
	s.Helper()
	task := s.Next(s.now, Tokens{Describe: describe})
	if task.Check == nil || task.Check.Execution != execution {
		s.Fatalf("at %v: got %+v, want a check of %s", s.now.Sub(midnight), task, execution)
	}
	return task.Check
}

func (s *stage) wantNothing() {
	s.Helper()
	if task := s.Next(s.now, Tokens{List: 9, Describe: earlyTokens - 1}); task != (Task{}) {
		s.Fatalf("at %v: got %+v, look %+v, check %+v, want nothing", s.now.Sub(midnight), task, task.Look, task.Check)
	}
}

// answer completes a look with executions begun so long after midnight.
func (s *stage) answer(l *Look, started map[string]time.Duration) {
	s.Helper()
	s.Looked(l, rowsOf(started), 1, s.now)
	checkInvariants(s.T, s.Watch)
}

func rowsOf(started map[string]time.Duration) []Execution {
	var rows []Execution
	for name, after := range started {
		rows = append(rows, Execution{Name: name, StartedTime: midnight.Add(after)})
	}
	return rows
}

func many(n int, started time.Duration) map[string]time.Duration {
	rows := map[string]time.Duration{}
	for i := range n {
		rows[fmt.Sprintf("run-%03d", i)] = started
	}
	return rows
}

func TestALookReachesTheLeastAgeFar(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	l := s.wantLook("a")
	if !l.StartedTimeBegin.IsZero() || !l.StartedTimeEnd.IsZero() || l.MaxPages != 1 {
		t.Errorf("the first look is bounded: %+v", l)
	}
	s.answer(l, nil)
	s.wantNothing()
	s.sweepAt(2*time.Hour - 31*time.Second)
	s.wantNothing()
	s.sweepAt(2*time.Hour - 30*time.Second)
	s.wantLook("a")
}

func TestTheMarginOfShortAges(t *testing.T) {
	s := watching(t, Options{}, 2*time.Minute, 1)
	s.answer(s.wantLook("a"), nil)
	s.sweepAt(116 * time.Second)
	s.wantNothing()
	s.sweepAt(117 * time.Second) // a fortieth before the two minutes
	s.wantLook("a")
}

func TestANextTokenHalvesTheWidth(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	for _, wide := range []time.Duration{time.Hour, 30 * time.Minute, 15 * time.Minute} {
		s.TooMany(s.wantLook("a"), rowsOf(many(99, 0)), s.now)
		l := s.wantLook("a")
		if want := s.now.Add(wide - 2*time.Hour + 2*time.Second); !l.StartedTimeEnd.Equal(want) {
			t.Fatalf("the next look ends at %v, want %v", l.StartedTimeEnd, want)
		}
		s.Begin(s.now) // as if unanswered: the width stays
	}
	s.answer(s.wantLook("a"), nil)
	s.sweepAt(15*time.Minute - 31*time.Second)
	s.wantNothing()
	s.sweepAt(15*time.Minute - 30*time.Second)
	s.wantLook("a")
}

func TestTheNarrowestLookReadsAllPages(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	for range 6 { // 2h / 64 is less than two ticks
		s.TooMany(s.wantLook("a"), rowsOf(many(99, 0)), s.now)
	}
	l := s.wantLook("a")
	if want := s.now.Add(2*time.Minute - 2*time.Hour + 2*time.Second); !l.StartedTimeEnd.Equal(want) || l.MaxPages != 10 {
		t.Errorf("the narrowest look ends at %v and reads %d pages, want %v and 10", l.StartedTimeEnd, l.MaxPages, want)
	}
}

func TestTheWidthGrowsBack(t *testing.T) {
	w := newWidth(64 * time.Minute)
	w.narrow(time.Minute)
	w.narrow(time.Minute)
	if w.wide != 16*time.Minute || w.rest != 0 {
		t.Fatalf("halved twice: %+v", w)
	}
	w.grow(50, 0, 64*time.Minute)
	if w.growing {
		t.Fatal("50 rows would be 100 in a look twice as wide, more than a page")
	}
	w.grow(50, 2, 64*time.Minute)
	if !w.growing || w.wide != 32*time.Minute {
		t.Fatalf("48 rows and 2 overdue ones fit a page twice as wide: %+v", w)
	}
	w.narrow(time.Minute) // refused
	for range 2 {
		w.grow(10, 0, 64*time.Minute)
		if w.growing {
			t.Fatal("a refused doubling is tried again at once")
		}
	}
	w.grow(10, 0, 64*time.Minute)
	w.narrow(time.Minute)
	if w.rest != 4 {
		t.Errorf("refused twice, it rests %d looks, want 4", w.rest)
	}
}

func TestSlicesPastTenPages(t *testing.T) {
	s := watching(t, Options{}, time.Minute, 1) // can't be narrowed
	l := s.wantLook("a")
	rows := map[string]time.Duration{}
	for i := range 990 {
		rows[fmt.Sprint(i)] = time.Duration(i-2000) * time.Second
	}
	s.TooMany(l, rowsOf(rows), s.now)
	older := s.wantLook("a")
	median := midnight.Add(-1505 * time.Second)
	if want := median.Add(2 * time.Second); !older.StartedTimeBegin.IsZero() || !older.StartedTimeEnd.Equal(want) {
		t.Errorf("the first slice is %v to %v, want it to end at %v", older.StartedTimeBegin, older.StartedTimeEnd, want)
	}
	if s.Looked(older, nil, 8, s.now) {
		t.Error("the look is complete after its first slice")
	}
	newer := s.wantLook("a")
	if want := median.Add(-2 * time.Second); !newer.StartedTimeBegin.Equal(want) || !newer.StartedTimeEnd.IsZero() {
		t.Errorf("the second slice is %v to %v, want it to begin at %v", newer.StartedTimeBegin, newer.StartedTimeEnd, want)
	}
	if !s.Looked(newer, nil, 8, s.now) {
		t.Error("the look isn't complete after its last slice")
	}
	s.wantNothing()
}

func TestSlicesAreRememberedAndMerged(t *testing.T) {
	done := []slice{{Span{20, end}, 300}, {Span{beginning, 10}, 300}, {Span{10, 15}, 100}, {Span{15, 20}, 90}}
	if got := mergeSlices(done); !slices.Equal(got, []instant{20}) {
		t.Errorf("cut at %v, want only at 20: 490 rows and 300", got)
	}
	if got := (Span{12, end}).cut([]instant{10, 20}); !slices.Equal(got, []Span{{12, 20}, {20, end}}) {
		t.Errorf("cut into %v", got)
	}
}

func TestAThousandOfTheSameMoment(t *testing.T) {
	s := watching(t, Options{}, time.Minute, 1)
	rows := rowsOf(many(5000, -time.Hour))
	for looks := range 100 {
		task := s.Next(s.now, Tokens{List: 1})
		if task.Look == nil {
			if looks == 0 || len(s.overdue) != 5000 {
				t.Fatalf("after %d looks %d are known", looks, len(s.overdue))
			}
			return
		}
		in := slices.DeleteFunc(slices.Clone(rows), func(e Execution) bool {
			l := task.Look
			return e.StartedTime.Before(l.StartedTimeBegin) || !l.StartedTimeEnd.IsZero() && e.StartedTime.After(l.StartedTimeEnd)
		})
		if len(in) > task.Look.MaxPages*pageSize {
			s.TooMany(task.Look, in[:task.Look.MaxPages*pageSize], s.now)
			continue
		}
		s.Looked(task.Look, in, max(1, len(in)/pageSize), s.now)
	}
	t.Fatal("slices are cut for ever")
}

func TestAFailedLookGoesFirstInTheNextSweep(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 3)
	failed := s.wantLook("a")
	s.LookFailed(failed, s.now)
	if b := s.Behind(s.now, 9); b.Looks != 3 || !slices.Contains(b.Flows, "a") {
		t.Errorf("behind are %+v, want all three flows", b)
	}
	s.answer(s.wantLook("b"), nil) // not a again in this sweep
	s.sweepAt(time.Minute)
	s.LookFailed(s.wantLook("a"), s.now)
	s.answer(s.wantLook("c"), nil)
	s.wantNothing()
	if b := s.Behind(s.now, 9); b.Looks != 1 || !slices.Equal(b.Flows, []string{"a"}) {
		t.Errorf("behind are %+v, want a", b)
	}
	s.sweepAt(2 * time.Minute)
	s.answer(s.wantLook("a"), nil)
	if b := s.Behind(s.now, 9); b.Looks != 0 {
		t.Errorf("behind are %+v, want none", b)
	}
}

func TestALookThatAlwaysFailsRests(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 2)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": 10*time.Minute - 2*time.Hour})
	looks := 0
	for minute := range 60 {
		s.sweepAt(time.Duration(minute) * time.Minute)
		task := s.Next(s.now, Tokens{List: 1})
		if task.Look != nil {
			looks++
			s.LookFailed(task.Look, s.now)
		}
	}
	if looks != 4+6 { // in minutes 0 to 3, then 1, 2, 4, 8, 15 and 15 minutes later
		t.Errorf("looked %d times in an hour", looks)
	}
}

func TestWhatIsDueIsDescribedWhereListsFail(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), many(5, -55*time.Minute))
	s.sweepAt(6 * time.Minute)
	s.LookFailed(s.wantLook("a"), s.now) // five are due, a list was to tell
	s.sweepAt(7 * time.Minute)
	for range 5 {
		if task := s.Next(s.now, Tokens{List: 1, Describe: 1}); task.Check == nil {
			t.Fatalf("got %+v, want a check", task)
		}
	}
}

func TestNothingIsConcludedFromAnIncompleteAnswer(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": 0})
	s.sweepAt(2*time.Hour - 30*time.Second)
	s.LookFailed(s.wantLook("a"), s.now)
	s.sweepAt(2*time.Hour + time.Minute)
	s.TooMany(s.wantLook("a"), rowsOf(many(99, 0)), s.now)
	if s.knownCount != 1 {
		t.Errorf("%d executions are known, want x alone", s.knownCount)
	}
}

func TestAbsentFromOnePageIsEnded(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"gone": -10 * time.Minute, "stays": -9 * time.Minute})
	if s.Live() != 2 {
		t.Errorf("%d live, want 2", s.Live())
	}
	s.sweepAt(time.Hour - 30*time.Second)
	s.answer(s.wantLook("a"), map[string]time.Duration{"stays": -9 * time.Minute})
	if s.knownCount != 1 || s.Live() != 1 {
		t.Errorf("%d known and %d live, want 1 and 1", s.knownCount, s.Live())
	}
}

// A row may slip to a page already read while others end.
func TestAbsentFromManyPagesIsDescribed(t *testing.T) {
	s := watching(t, Options{}, time.Minute, 1)
	s.Looked(s.wantLook("a"), rowsOf(many(200, -30*time.Second)), 3, s.now)
	s.sweepAt(59 * time.Second)
	rows := many(200, -30*time.Second)
	delete(rows, "run-007")
	s.Looked(s.wantLook("a"), rowsOf(rows), 3, s.now)
	s.wantCheck("run-007", 1)
	s.Ended("id-a", "run-007")
	s.wantNothing()
	if s.knownCount != 199 || s.Live() != 199 {
		t.Errorf("%d known, %d live; want 199 and 199", s.knownCount, s.Live())
	}
}

func TestMemoryIsCapped(t *testing.T) {
	s := watching(t, Options{MaxKnown: 10}, time.Hour, 1)
	rows := map[string]time.Duration{"old-1": -2 * time.Hour, "old-2": -3 * time.Hour}
	for i := range 20 {
		rows[fmt.Sprintf("run-%02d", i)] = time.Duration(i-50) * time.Minute
	}
	s.answer(s.wantLook("a"), rows)
	if s.knownCount != 10 || len(s.overdue) != 0 {
		t.Errorf("%d known, %d of them overdue: want the 10 that are due soonest", s.knownCount, len(s.overdue))
	}
	// The eleventh is due 20 minutes from now.
	s.sweepAt(14*time.Minute + 49*time.Second)
	if b := s.Behind(s.now, 9); b.Looks != 0 {
		t.Errorf("a look is due already: %+v", b)
	}
	s.sweepAt(14*time.Minute + 50*time.Second) // the overdue ones are to be seen again after 15 minutes
	if b := s.Behind(s.now, 9); b.Looks != 1 {
		t.Error("no look is due")
	}
}

func TestFullMemoryNarrowsTheNextLook(t *testing.T) {
	s := watching(t, Options{MaxKnown: 10}, 2*time.Hour, 1)
	rows := map[string]time.Duration{}
	for i := range 20 {
		rows[fmt.Sprintf("run-%02d", i)] = time.Duration(2*i-100) * time.Minute
	}
	s.answer(s.wantLook("a"), rows)
	// Started at -80m, the eleventh is due in 40: the look reaches no further.
	s.sweepAt(40*time.Minute - 31*time.Second)
	if b := s.Behind(s.now, 9); b.Looks != 0 {
		t.Fatal("a look is due too soon")
	}
	s.sweepAt(40*time.Minute - 30*time.Second)
	for s.Behind(s.now, 9).Checks > 0 {
		s.Ended("id-a", s.Next(s.now, Tokens{Describe: 100}).Check.Execution)
	}
	l := s.wantLook("a")
	if want := s.now.Add(30*time.Minute - 2*time.Hour + 2*time.Second); !l.StartedTimeEnd.Equal(want) {
		t.Errorf("the next look ends at %v, want %v", l.StartedTimeEnd, want)
	}
}

func TestRowsThatCanNeverBeDueCountAndAreNotKept(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	rows := rowsOf(map[string]time.Duration{"x": 0})
	s.Looked(s.wantLook("a"), append(rows, Execution{Name: "y", StartedTime: s.now, Never: true}, rows[0]), 1, s.now)
	if s.knownCount != 1 || s.Live() != 2 {
		t.Errorf("%d known, %d live; want 1 and 2", s.knownCount, s.Live())
	}
}

func TestAnswersToOldQuestionsAreIgnored(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	old := s.wantLook("a")
	s.sweepAt(time.Minute)
	if s.Looked(old, rowsOf(many(3, 0)), 1, s.now); s.knownCount != 0 {
		t.Error("the answer to an earlier sweep's look was believed")
	}
	l := s.wantLook("a")
	s.FlowGone("id-a")
	if s.Looked(l, rowsOf(many(3, 0)), 1, s.now); s.knownCount != 0 {
		t.Error("the answer of a flow that is gone was believed")
	}
	s.TooMany(l, nil, s.now)
	s.LookFailed(l, s.now)
	s.sweepAt(2 * time.Minute)
	s.wantNothing()
	checkInvariants(t, s.Watch)
}

func TestOneShotAsksForWhatIsOverdue(t *testing.T) {
	s := watching(t, Options{OneShot: true}, 2*time.Hour, 1)
	l := s.wantLook("a")
	if want := s.now.Add(-2*time.Hour + 2*time.Second); !l.StartedTimeEnd.Equal(want) || l.MaxPages != 10 {
		t.Errorf("asked up to %v, %d pages; want %v and 10", l.StartedTimeEnd, l.MaxPages, want)
	}
	s.answer(l, many(3, -3*time.Hour))
	s.wantNothing()
	if len(s.overdue) != 3 || s.Live() != 0 {
		t.Errorf("%d overdue, %d live; want 3 and, the answer being narrowed, 0", len(s.overdue), s.Live())
	}
}

func TestNextDue(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -time.Hour})
	if got, ok := s.NextDue(); !ok || !got.Equal(midnight.Add(time.Hour+2*time.Second)) {
		t.Errorf("next due at %v, %v; want when x is", got, ok)
	}
	s.Ended("id-a", "x")
	if got, _ := s.NextDue(); !got.Equal(midnight.Add(2*time.Hour - 30*time.Second)) {
		t.Errorf("next due at %v, want the next look", got)
	}
	if got, ok := New(Options{}).NextDue(); ok {
		t.Errorf("without flows something is due at %v", got)
	}
}

func TestOverdueTellsMarks(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -90 * time.Minute, "y": -2 * time.Hour, "z": 0})
	s.Mark("id-a", "x", Mark{Policy: "p1", Outcome: "planned"})
	s.Mark("id-a", "z", Mark{Policy: "p1", Outcome: "planned"}) // not overdue: there is nothing to mark
	want := []Overdue{
		{FlowID: "id-a", FlowName: "a", Name: "y", StartedTime: midnight.Add(-2 * time.Hour), Due: midnight.Add(-time.Hour), Seen: midnight},
		{FlowID: "id-a", FlowName: "a", Name: "x", StartedTime: midnight.Add(-90 * time.Minute), Due: midnight.Add(-30 * time.Minute), Seen: midnight, Mark: Mark{"p1", "planned"}},
	}
	if diff := cmp.Diff(want, overdueOf(s.Watch)); diff != "" {
		t.Error(diff)
	}
	if m := s.Marked("id-a", "x"); m.Policy != "p1" {
		t.Errorf("x is marked %+v", m)
	}
	if m := s.Marked("id-a", "z"); m != (Mark{}) {
		t.Errorf("z is marked %+v", m)
	}
}

// overdueOf is every execution known to be overdue, the most overdue first.
func overdueOf(w *Watch) []Overdue {
	return slices.SortedFunc(w.EachOverdue(), func(a, b Overdue) int { return a.Due.Compare(b.Due) })
}
