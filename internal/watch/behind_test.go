package watch

import (
	"testing"
	"time"
)

// A look comes due 30 seconds before it must be, which is when the first of the
// executions that it would find can be due.
func TestALookIsBehindOnceItMustBe(t *testing.T) {
	for _, test := range []struct {
		every  bool
		at     time.Duration
		behind int
	}{
		{false, 2*time.Hour - 29*time.Second, 0},
		{false, 2*time.Hour - time.Second, 0},
		{false, 2 * time.Hour, 1},
		{true, 10 * time.Second, 1}, // in every sweep, this one too
	} {
		w, flows := New(Options{}), flowsOf(2*time.Hour, 1)
		flows[0].EverySweep = test.every
		w.Begin(midnight)
		w.SetFlows(flows, 2*time.Hour, midnight)
		if b := w.Behind(midnight, 1); b.Looks != 1 {
			t.Errorf("never looked at: %+v", b)
		}
		s := &stage{T: t, Watch: w, now: midnight}
		s.answer(s.wantLook("a"), nil)
		s.sweepAt(test.at)
		if b := s.Behind(s.now, 1); b.Looks != test.behind {
			t.Errorf("after %v: %+v, want %d", test.at, b, test.behind)
		}
		s.wantLook("a") // it is taken all the same
	}
}
