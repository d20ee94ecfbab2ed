package sweep_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// minedClock is a CloudFlow's clock that sets off a mistake when it is asked for in
// one of this program's functions: once.
type minedClock struct {
	sweep.Source
	function string
	off      *atomic.Bool
}

func (m minedClock) ClockOffset() (time.Duration, bool) {
	frames := make([]uintptr, 32)
	for all := runtime.CallersFrames(frames[:runtime.Callers(2, frames)]); !m.off.Load(); {
		frame, more := all.Next()
		if strings.HasSuffix(frame.Function, m.function) {
			m.off.Store(true)
			panic("stepped on a mine")
		}
		if !more {
			break
		}
	}
	return m.Source.ClockOffset()
}

// A mistake at an execution's turn fails that one, which the next sweep stops. The
// others are stopped; and so they are told of where limits hold them.
func TestAMistakeAtATurn(t *testing.T) {
	live := map[string]int{"a": 4, "c": 4}
	for _, function := range []string{"(*gate).pass", "(*Stops).takeIn", "(*Stops).takeTurn", "(*Stops).try", "(*Stops).fetchFor", ""} {
		for _, file := range []bool{true, false} {
			text := eventPolicy("limits: {maxShare: 100%}", "name: old, maxRuntime: 20m")
			accident(t, live, text, func(t *testing.T, p *process) {
				if !file {
					p.file = ""
					p.start()
				}
				if _, err := p.sweep(50 * time.Second); err != nil {
					t.Error(err)
				}
				time.Sleep(18*time.Minute + 20*time.Second)
				var mined atomic.Bool
				mined.Store(function == "")
				p.source = func(s sweep.Source) sweep.Source { return minedClock{s, function, &mined} }
				if function != "" {
					r, err := p.sweep(50 * time.Second)
					wantMistake(t, r, err)
					if n := len(p.stopped()); n < 7 || !mined.Load() {
						t.Errorf("%s, file %v: %d of 8 are stopped, set off: %v", function, file, n, mined.Load())
					}
					time.Sleep(time.Minute)
				}
				if _, err := p.sweep(50 * time.Second); err != nil || len(p.stopped()) != 8 {
					t.Errorf("%s: error %v, %d of 8 are stopped", function, err, len(p.stopped()))
				}
			})
		}
	}
}

func wantMistake(t *testing.T, r *result.Report, err error) {
	t.Helper()
	if codeOf(err) != result.CodeSweep || !strings.HasSuffix(err.Error(), ": stepped on a mine. Please report it") || r.Complete || len(r.Incomplete) != 1 {
		t.Errorf("error %v, complete %v, incomplete %v", err, r.Complete, r.Incomplete)
	}
}

func TestAMistakeInTellingWhatIsWithheld(t *testing.T) {
	text := eventPolicy("limits: {maxShare: 100%, maxStops: 3}", "name: old, maxRuntime: 10s")
	accident(t, map[string]int{"a": 4, "c": 4}, text, func(t *testing.T, p *process) {
		p.decided = func(d result.Decision) {
			if d.Execution == "a-002" {
				panic("stepped on a mine")
			}
		}
		r, err := p.sweep(50 * time.Second)
		wantMistake(t, r, err)
		if r.Withheld == nil || r.Withheld.Condemned != 8 || len(r.Decisions) < 7 {
			t.Errorf("withheld %+v, %d decisions", r.Withheld, len(r.Decisions))
		}
		p.wantStopped()
	})
}
