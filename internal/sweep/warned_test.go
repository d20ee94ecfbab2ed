package sweep_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

const warning = `
version: 1
policy: test
mode: enforce
notify: [{name: oncall, kind: webhook, url: "http://localhost/"}]
rules:
  - name: two-hours
    maxRuntime: 2h
    warnBefore: 30m
`

// heard sweeps for some minutes, with a channel that takes every warning unless it is
// deaf, and returns when each execution was warned of and, last, decided how.
func (p *process) heard(minutes int, deaf func(minute int) bool) (warned map[string][]time.Time, last map[string]result.Decision) {
	p.t.Helper()
	warned, last = map[string][]time.Time{}, map[string]result.Decision{}
	for minute := range minutes {
		r, err := p.next()
		if err != nil {
			p.t.Fatal(err)
		}
		for _, d := range r.Decisions {
			last[d.Execution] = d
		}
		if deaf(minute) {
			continue
		}
		for _, w := range r.Warnings {
			warned[w.Execution] = append(warned[w.Execution], time.Now())
		}
		if err := p.memory.Warned(r.Warnings, time.Now()); err != nil {
			p.t.Fatal(err)
		}
	}
	return warned, last
}

func never(int) bool { return false }

// Where the channel works people are warned half an hour ahead, once, and the stop comes
// when it is due, to the minute of the sweeps.
func TestWarnedAhead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	for _, file := range []string{"", file} {
		timed(t, &account.Account{Flows: []account.Flow{hanging("f", 3, 80*time.Minute)}}, warning, file, func(t *testing.T, p *process) {
			began := time.Now()
			warned, last := p.heard(50, never)
			for i, name := range []string{"f-0", "f-1", "f-2"} {
				due := began.Add(40*time.Minute + time.Duration(i)*time.Minute)
				d := last[name]
				if len(warned[name]) != 1 || due.Sub(warned[name][0]) < 30*time.Minute || due.Sub(warned[name][0]) > 33*time.Minute {
					t.Errorf("%s is due at %v, and warned of at %v", name, due, warned[name])
				}
				if d.Outcome != result.Stopped || !d.DueTime.Equal(due) || d.LateSeconds > 65 {
					t.Errorf("%s: %s, due %v, want %v, %v s late", name, d.Outcome, d.DueTime, due, d.LateSeconds)
				}
			}
		})
	}
}

// What no channel has taken is not stopped, however overdue, and the report says why;
// once one has, it is stopped half an hour later.
func TestNotWarned(t *testing.T) {
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 5*time.Hour)}}, warning, "", func(t *testing.T, p *process) {
		_, last := p.heard(20, func(int) bool { return true })
		const nobody = "it must be warned of 30m before, and no channel has taken the warning yet"
		if d := last["f-0"]; d.Outcome != result.NotWarned || d.Message != nobody || p.stops() != 0 {
			t.Errorf("%+v", d)
		}
		warned, last := p.heard(20, never)
		if len(warned["f-0"]) != 1 || p.stops() != 0 {
			t.Fatalf("warned %v, %d stops", warned, p.stops())
		}
		from := warned["f-0"][0].Add(30 * time.Minute)
		if d := last["f-0"]; d.Message != "it is stopped from "+from.UTC().Format(time.RFC3339)+" on, 30m after its warning" {
			t.Errorf("%+v", d)
		}
		again, last := p.heard(int(time.Until(from).Minutes())+3, never)
		if d := last["f-0"]; len(again) > 0 || d.Outcome != result.Stopped || d.DueTime.Sub(from).Abs() > time.Second || d.LateSeconds > 65 {
			t.Errorf("warned again %v, %+v, from %v", again, d, from)
		}
	})
}

// A process that comes after another knows the warnings by the file, and without one
// warns again; so does one with an edited rule.
func TestWarningsOutliveTheProcess(t *testing.T) {
	const edited = "maxRuntime: 90m"
	for name, test := range map[string]struct {
		file, edit string
		want       int
	}{
		"a file": {"state", "", 1}, "none": {"", "", 2}, "an edited rule": {"state", edited, 2},
	} {
		file := ""
		if test.file != "" {
			file = filepath.Join(t.TempDir(), test.file)
		}
		timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 85*time.Minute)}}, warning, file, func(t *testing.T, p *process) {
			warned, _ := p.heard(10, never)
			p.start()
			if test.edit != "" {
				p.policy = parse(t, strings.Replace(warning, "maxRuntime: 2h", test.edit, 1))
			}
			again, _ := p.heard(10, never)
			if n := len(warned["f-0"]) + len(again["f-0"]); n != test.want || p.stops() != 0 {
				t.Errorf("%s: warned %d times, want %d; %d stops", name, n, test.want, p.stops())
			}
			if _, last := p.heard(40, never); last["f-0"].Outcome != result.Stopped {
				t.Errorf("%s: %+v", name, last["f-0"])
			}
		})
	}
}

// Of two rules the one that doesn't warn stops what it condemns; what the other has not
// warned of counts towards no limit; and a sweep that nothing follows warns nobody, and
// stops nothing that must be warned of.
func TestWhoNeedNotWarn(t *testing.T) {
	both := strings.Replace(warning, "rules:", "limits: {maxStops: 1}\nrules:", 1) + "  - {name: three-hours, maxRuntime: 3h}\n"
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 4*time.Hour), hanging("g", 5, 150*time.Minute)}}, both, "", func(t *testing.T, p *process) {
		r, err := p.next()
		if err != nil || p.stops() != 1 || len(r.Warnings) != 5 || outcomes(r)["f-0"] != result.Stopped || outcomes(r)["g-0"] != result.NotWarned {
			t.Errorf("error %v, %d stops, warnings %+v, %v", err, p.stops(), r.Warnings, outcomes(r))
		}
	})
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
	r, err := sweep.Run(t.Context(), c.options(parse(t, warning)))
	const message = "it must be warned of 30m before, and only the function's sweeps on timers warn; flowreaper stop stops it at once"
	if err != nil || len(c.stopped()) > 0 || len(r.Warnings) > 0 || r.Decisions[0].Outcome != result.NotWarned || r.Decisions[0].Message != message {
		t.Errorf("error %v, stopped %v, %+v", err, c.stopped(), r)
	}
	if left := r.Shortfall(); left == nil || left.Error() != "done in part: 1 not warned of; see the report" {
		t.Errorf("%v", left)
	}
}
