package soak

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/schema/schematest"
)

// day is a scenario under way. It lives in a synctest bubble.
type day struct {
	scenario
	t          *testing.T
	wire       *wire
	policy     *policy.Policy
	state      string // the state file; "" none
	begun, end time.Time

	quota  *cloudflow.Quota // of the process under way
	memory *sweep.Memory

	sweeps    int
	failed    map[result.Code]int // sweeps that failed, by why
	undone    int                 // sweeps that weren't complete
	undecided int
	swept     func(*result.Report, error) // told of every sweep, unless nil
}

// simulate runs a scenario and returns what it came to.
func simulate(t *testing.T, s scenario, swept func(*result.Report, error)) (r tally) {
	t.Helper()
	s = s.withDefaults()
	state := ""
	if s.file {
		state = filepath.Join(t.TempDir(), "state")
	}
	machine := time.Now()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t, s, state)
		d.swept = swept
		if s.naive {
			d.poll()
		} else {
			d.run()
		}
		r = d.result()
	})
	r.wall = time.Since(machine)
	return r
}

func newDay(t *testing.T, s scenario, state string) *day {
	t.Helper()
	server, err := emulator.New(s.account(), emulator.Options{Latency: s.latency})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("policy.yaml", []byte(s.policy()))
	if err != nil {
		t.Fatal(err)
	}
	d := &day{scenario: s, t: t, wire: newWire(server), policy: p, state: state, failed: map[result.Code]int{}}
	time.Sleep(warmUp)
	d.begun = time.Now()
	d.end = d.begun.Add(s.span)
	return d
}

// run sweeps at second 10 of every minute, in a process that starts anew now
// and then.
func (d *day) run() {
	d.start()
	started := d.begun
	for at := d.begun.Add(second); at.Before(d.end); at = at.Add(tick) {
		time.Sleep(time.Until(at))
		if d.restart > 0 && at.Sub(started) >= d.restart {
			d.start()
			started = at
		}
		d.sweep()
	}
	time.Sleep(time.Until(d.end))
}

// start starts a process, as function.go has it.
func (d *day) start() {
	var err error
	if d.quota, err = cloudflow.NewQuota(nil); err != nil {
		d.t.Fatal(err)
	}
	d.memory, err = sweep.NewMemory(sweep.MemoryOptions{
		File: d.state, Account: "1", Region: "cn-hangzhou", Tick: tick, Quota: d.quota,
	})
	if err != nil {
		d.t.Errorf("at %v: %v", time.Now(), err)
	}
}

// sweep is one invocation, as function.go has it.
func (d *day) sweep() (*result.Report, error) {
	d.wire.forget()
	client := d.wire.client(d.t, d.quota)
	defer client.Close()
	now := time.Now()
	report, err := sweep.Run(d.t.Context(), sweep.Options{
		Policy: d.policy, Source: client, Stopper: client, Mode: policy.ModeEnforce,
		Memory: d.memory, Quota: d.quota,
		Until: now.Add(tick - sweep.Grace - 2*time.Second),
		Event: &policy.Event{Kind: "timer", Subject: "every-minute", Time: now},
	})
	conforms(d.t, report)
	d.sweeps++
	if err != nil {
		d.failed[codeOf(err)]++
	}
	if !report.Complete {
		d.undone++
	}
	d.undecided += len(report.Undecided)
	if d.swept != nil {
		d.swept(report, err)
	}
	return report, err
}

// conforms holds a report to its schema; of long lists the beginning, since there are
// days of sweeps.
func conforms(t testing.TB, r *result.Report) {
	t.Helper()
	short := *r
	short.Decisions = r.Decisions[:min(10, len(r.Decisions))]
	schematest.Report(t, short)
}

func codeOf(err error) result.Code {
	var swept *result.Error
	if errors.As(err, &swept) {
		return swept.Code
	}
	return ""
}
