package watch

import (
	"slices"
	"testing"
	"time"
)

func (s *stage) stillRuns(c *Check) {
	s.Checked(c, Execution{StartedTime: c.StartedTime}, s.now)
	checkInvariants(s.T, s.Watch)
}

func TestAKnownExecutionIsDescribedWhenItIsDue(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -30 * time.Minute})
	s.sweepAt(30*time.Minute + time.Second)
	s.wantNothing() // due, but clocks differ
	s.sweepAt(30*time.Minute + 2*time.Second)
	c := s.wantCheck("x", 1)
	if c.Early || !c.Due.Equal(midnight.Add(30*time.Minute)) || c.FlowID != "id-a" {
		t.Errorf("the check is %+v", c)
	}
	s.wantNothing() // it is under way
	s.Ended("id-a", "x")
	if s.knownCount != 0 || s.Live() != 0 {
		t.Errorf("%d known, %d live", s.knownCount, s.Live())
	}
}

func TestOverdueExecutionsAreCheckedMoreAndMoreRarely(t *testing.T) {
	s := watching(t, Options{}, 24*time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -48 * time.Hour})
	var seen []int
	for minute := 1; minute < 65; minute++ {
		s.sweepAt(time.Duration(minute) * time.Minute)
		if task := s.Next(s.now, Tokens{Describe: 1}); task.Check != nil {
			s.stillRuns(task.Check)
			seen = append(seen, minute)
		}
	}
	if want := []int{1, 3, 7, 15, 30, 45, 60}; !slices.Equal(seen, want) {
		t.Errorf("checked in minutes %v, want %v", seen, want)
	}
}

// What one rule has condemned, and nothing stops, is condemned by another later:
// it doesn't wait for its next re-check, nor does it wait less for that.
func TestAnOverdueExecutionIsCheckedWhenItIsDueOnceMore(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	x := Execution{Name: "x", StartedTime: midnight.Add(-2 * time.Hour), Due: midnight.Add(-time.Hour), Then: midnight.Add(25 * time.Minute)}
	s.Looked(s.wantLook("a"), []Execution{x}, 1, s.now)
	var at []time.Duration
	for minute := range 50 {
		s.sweepAt(time.Duration(minute) * time.Minute)
		if task := s.Next(s.now, Tokens{Describe: 1}); task.Check != nil {
			if x.Then.Before(s.now) {
				x.Then = time.Time{}
			}
			s.Checked(task.Check, x, s.now)
			at = append(at, s.now.Sub(midnight)/time.Minute)
		}
	}
	if want := []time.Duration{1, 3, 7, 15, 26, 41}; !slices.Equal(at, want) {
		t.Errorf("checked in the minutes %v, want %v", at, want)
	}
}

// A clock that was ahead is corrected: the caller still waits for a time that
// the watch takes for over.
func TestATimeThatIsOverByTheWatchAlone(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	x := Execution{Name: "x", StartedTime: midnight.Add(-2 * time.Hour), Due: midnight.Add(-time.Hour), Then: midnight.Add(-10 * time.Second)}
	s.Looked(s.wantLook("a"), []Execution{x}, 1, s.now)
	s.wantNothing()
	for minute := range 5 {
		s.sweepAt(time.Duration(1+minute) * time.Minute)
		s.Checked(s.wantCheck("x", 1), x, s.now)
		s.wantNothing()
	}
}

func TestACheckThatFailedIsAskedAgain(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -30 * time.Minute, "y": -30 * time.Minute})
	s.sweepAt(31 * time.Minute)
	c := s.Next(s.now, Tokens{Describe: 2}).Check
	s.Next(s.now, Tokens{Describe: 1}) // the other one: never answered
	s.CheckFailed(c, s.now)
	if b := s.Behind(s.now, 9); b.Checks != 1 {
		t.Errorf("behind are %+v", b)
	}
	s.sweepAt(32 * time.Minute)
	for range 2 {
		if s.Next(s.now, Tokens{Describe: 1}).Check == nil {
			t.Error("not asked again in the next sweep")
		}
	}
}

func TestEarlyChecks(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": 0})
	early := Tokens{Describe: earlyTokens}
	s.sweepAt(59 * time.Minute)
	if task := s.Next(s.now, early); task != (Task{}) {
		t.Fatalf("more than an hour ahead: %+v", task)
	}
	s.sweepAt(60 * time.Minute)
	s.wantNothing() // with fewer tokens
	c := s.wantCheck("x", earlyTokens)
	if !c.Early {
		t.Error("the check isn't called early")
	}
	s.stillRuns(c)
	var at []time.Duration // again half-way to the due time, as often as it helps
	for second := range 3600 {
		s.sweepAt(time.Hour + time.Duration(second)*time.Second)
		if task := s.Next(s.now, early); task.Check != nil {
			s.stillRuns(task.Check)
			at = append(at, s.now.Sub(midnight))
		}
	}
	want := []time.Duration{90 * time.Minute, 105 * time.Minute, 112*time.Minute + 30*time.Second, 116*time.Minute + 15*time.Second}
	if !slices.Equal(at, want) {
		t.Errorf("checked early at %v, want %v", at, want)
	}
	s.sweepAt(2*time.Hour + 2*time.Second)
	if c := s.wantCheck("x", 1); c.Early {
		t.Error("the check at the due time is called early")
	}
}

func TestAListReplacesManyDescribes(t *testing.T) {
	for _, c := range []struct {
		name          string
		due, describe int
		list          bool
	}{
		{"two", 2, 1, false},
		{"three and few tokens", 3, 5, true},
		{"three and tokens to spare for all", 3, 3 + earlyTokens, false},
		{"three and one token short of that", 3, 2 + earlyTokens, true},
		{"no token at all", 3, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := watching(t, Options{}, time.Hour, 1)
			s.answer(s.wantLook("a"), many(c.due, -30*time.Minute))
			s.sweepAt(31 * time.Minute)
			task := s.Next(s.now, Tokens{List: 1, Describe: c.describe})
			if (task.Look != nil) != c.list || (task.Check != nil) == c.list {
				t.Fatalf("got %+v", task)
			}
			if !c.list {
				return
			}
			s.wantNothing() // the look answers all three
			s.answer(task.Look, map[string]time.Duration{"run-001": -30 * time.Minute})
			if s.knownCount != 1 || len(s.overdue) != 1 {
				t.Errorf("%d known, %d overdue; want 1 and 1", s.knownCount, len(s.overdue))
			}
			s.wantNothing()
		})
	}
}

// An execution that an answer of several pages hadn't is asked for by name,
// even while a list is to tell about the others.
func TestADoubtfulExecutionDoesNotWaitForAList(t *testing.T) {
	s := watching(t, Options{}, 2*time.Hour, 1)
	rows := many(200, -3*time.Hour)
	s.TooMany(s.wantLook("a"), nil, s.now)
	s.Looked(s.wantLook("a"), rowsOf(rows), 3, s.now)
	delete(rows, "run-007")
	s.sweepAt(time.Minute) // all are to be seen again: by a list
	s.Looked(s.wantLook("a"), rowsOf(rows), 3, s.now)
	s.sweepAt(time.Minute + 30*time.Second)
	s.wantCheck("run-007", 1)
	s.sweepAt(time.Hour - 30*time.Second)
	s.wantLook("a")
	s.wantCheck("run-007", 1)
}

func TestFreshChecksComeBeforeLooksAndRechecks(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 2)
	s.answer(s.wantLook("a"), map[string]time.Duration{"overdue": -2 * time.Hour, "due": -59 * time.Minute})
	s.sweepAt(10 * time.Minute)
	s.wantCheck("due", 9)
	s.wantCheck("overdue", 9)
	s.wantLook("b") // never looked at
}

func TestADueTimeBeforeTheLeastAgeIsNotLost(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	l := s.wantLook("a")
	s.TooMany(l, rowsOf(many(99, 0)), s.now)
	s.Looked(s.wantLook("a"), []Execution{{Name: "x", StartedTime: midnight, Due: midnight.Add(time.Minute)}}, 1, s.now)
	s.sweepAt(2 * time.Minute)
	s.wantCheck("x", 1)
}

func TestAChangedDueTime(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -30 * time.Minute})
	s.sweepAt(31 * time.Minute)
	c := s.wantCheck("x", 1)
	s.Checked(c, Execution{StartedTime: c.StartedTime, Due: midnight.Add(40 * time.Minute)}, s.now)
	if len(s.overdue) != 0 {
		t.Error("it isn't due yet, and counts as overdue")
	}
	s.sweepAt(41 * time.Minute)
	c = s.wantCheck("x", 1)
	s.Checked(c, Execution{StartedTime: c.StartedTime, Never: true}, s.now)
	if s.knownCount != 0 {
		t.Error("it can never be due, and is kept")
	}
}

func TestWaitSaysThatTokensAreMissing(t *testing.T) {
	s := watching(t, Options{}, time.Hour, 1)
	if task := s.Next(s.now, Tokens{}); !task.Wait {
		t.Error("a look is due")
	}
	s.answer(s.wantLook("a"), map[string]time.Duration{"x": -30 * time.Minute})
	s.sweepAt(31 * time.Minute)
	if task := s.Next(s.now, Tokens{}); !task.Wait {
		t.Error("a check is due")
	}
	s.wantCheck("x", 1)
	if task := s.Next(s.now, Tokens{}); task.Wait {
		t.Error("nothing is due but what is under way")
	}
}
