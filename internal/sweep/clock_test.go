package sweep_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// What a sweep found out by a clock that was off, the process knows from a time
// that may be still to come: no look is put off until then, and no stop.
func TestAClockThatWasOffPutsOffNothing(t *testing.T) {
	for _, off := range []time.Duration{24 * time.Hour, -24 * time.Hour, 3 * time.Minute, 31 * time.Second, 29 * time.Second} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("known", 30*time.Minute)}})
		o := c.options(parse(t, twoHours))
		o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
		c.offset = off
		if _, err := sweep.Run(t.Context(), o); (codeOf(err) == result.CodeClockSkew) != (off.Abs() > 30*time.Second) {
			t.Fatalf("%v: error %v", off, err)
		}
		c.offset = 0
		c.live = map[string]cloudflow.Execution{"known": running("known", 30*time.Minute), "new": running("new", -time.Minute)}
		c.executions["f"][0].Items = append(c.executions["f"][0].Items, c.live["new"])
		for minute := 1; minute <= 122; minute++ {
			c.advance(time.Minute)
			if r, err := sweep.Run(t.Context(), o); err != nil || !r.Complete {
				t.Fatalf("%v, minute %d: error %v, complete %v", off, minute, err, r.Complete)
			}
			due := 0
			if minute > 90 {
				due++
			}
			if minute > 121 {
				due++
			}
			if got := len(c.stopped()); got != due && minute != 91 && minute != 122 { // the tick that it falls due in, or the next
				t.Fatalf("%v, minute %d: %d stopped, want %d: %v", off, minute, got, due, c.stopped())
			}
			for _, name := range c.stopped() {
				delete(c.live, name)
				c.executions["f"][0].Items = []cloudflow.Execution{running("new", -time.Minute)}
			}
		}
	}
}

// A sweep by a clock that is a day ahead leaves the file alone: what it would
// write, others would not believe, and the event in force would be over.
func TestAClockThatIsOffIsNotRemembered(t *testing.T) {
	const text = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 1, maxShare: 100%}
protect: {when: 'flow.env["FLOWREAPER"] == "off"'} # so that a new process has to call
rules:
  - {name: aged, maxRuntime: 100h}
  - {name: runaway, on: [event], when: true}
`
	for want, inForce := range []bool{false, true} { // so many events are in force
		file := filepath.Join(t.TempDir(), "state")
		a := &account.Account{Flows: []account.Flow{hanging("f", 2, 3*time.Hour)}, Behaviour: account.Behaviour{MaxSkew: ago(100 * time.Hour)}}
		timed(t, a, text, file, func(t *testing.T, p *process) {
			if inForce {
				if _, err := p.happen(time.Minute, `{"stop":true}`); codeOf(err) != result.CodeWithheld {
					t.Fatal(err)
				}
			}
			if _, err := p.next(); (codeOf(err) == result.CodeWithheld) != inForce {
				t.Fatal(err)
			}
			before := slots(t, file)
			a.Behaviour.ClockOffset = ago(26 * time.Hour)
			ahead, err := emulator.New(a, emulator.Options{Latency: 6 * time.Second}) // so long that the event's lease is renewed
			if err != nil {
				t.Fatal(err)
			}
			p.server, p.http = ahead, nil
			p.start()
			if _, err := p.next(); codeOf(err) != result.CodeClockSkew {
				t.Errorf("error %v", err)
			}
			if !inForce && slots(t, file) != before {
				t.Error("the file has been written")
			}
			w, err := watch.NewFile(file).Load(watch.Options{}, time.Now())
			if err != nil || len(w.Restored()) != 1 || len(w.Emergencies.Active(time.Now())) != want {
				t.Errorf("error %v, flows %v, in force %v", err, w.Restored(), w.Emergencies.Active(time.Now()))
			}
		})
	}
}

// slots is what is in both of a file's slots.
func slots(t *testing.T, file string) string {
	t.Helper()
	text := ""
	for _, name := range []string{file, file + ".2"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	return text
}
