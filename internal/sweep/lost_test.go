package sweep_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

func damageState(t *testing.T, file string) {
	t.Helper()
	claims, err := filepath.Glob(file + ".tries/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range append(claims, file, file+".2") {
		if err := os.Truncate(written, 40); err != nil {
			t.Fatal(err)
		}
	}
}

// After the ledger was lost nobody knows what was stopped: nothing is for as
// long as the limits look back. It is told in every sweep, and it ends, however
// often a process starts anew.
func TestLostLedgerWithholdsForOneWindow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	a := &account.Account{Flows: []account.Flow{hanging("first", 2, 3*time.Hour), hanging("later", 2, 2*time.Hour-2*time.Minute)}}
	timed(t, a, fmt.Sprintf(guarded, 100, "100%"), file, func(t *testing.T, p *process) {
		if _, err := p.next(); err != nil || p.stops() != 2 {
			t.Fatalf("error %v, %d stops", err, p.stops())
		}
		damageState(t, file)
		p.start()
		_, _ = p.next() // nothing is due in it
		lost := time.Now()
		for p.stops() == 2 && time.Since(lost) < 2*time.Hour {
			if int(time.Since(lost).Minutes())%7 == 3 {
				p.start()
			}
			r, err := p.next()
			if !slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return n.Code == "StateLost" }) && p.stops() == 2 {
				t.Errorf("%v after the loss the report doesn't tell of it: %+v", time.Since(lost), r.Errors)
			}
			if time.Since(lost) < 4*time.Minute || p.stops() > 2 {
				continue // none is due yet, or it is over
			}
			want := &result.Withheld{Limit: "maxStops", Condemned: 2, Max: 100, Window: "1h"}
			if diff := cmp.Diff(want, r.Withheld, cmpopts.IgnoreFields(result.Withheld{}, "Until")); codeOf(err) != result.CodeWithheld || diff != "" || r.Withheld.Until == nil {
				t.Fatalf("error %v, withheld (-want +got):\n%s", err, diff)
			}
			const text = "2 condemned, but the ledger of stops was lost, so nobody knows how many stops were tried in the last 1h: nothing is stopped until "
			if !strings.HasPrefix(err.Error(), text) || !strings.Contains(err.Error(), "flowreaper apply --plan FILE --allow N") {
				t.Errorf("error %s", err)
			}
		}
		if since := time.Since(lost); p.stops() != 4 || since < 58*time.Minute || since > 64*time.Minute {
			t.Errorf("%d stops, %v after the loss", p.stops(), since)
		}
	})
}

// A person who has read a plan passes the limits, lost or not.
func TestAllowedPassesALostLedger(t *testing.T) {
	for _, test := range []struct {
		allowed bool
		stops   int
	}{{false, 0}, {true, 2}} {
		file := filepath.Join(t.TempDir(), "state")
		for _, slot := range []string{file, file + ".2"} {
			if err := os.WriteFile(slot, []byte("torn"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Test(t, func(t *testing.T) { // what seems lost is given time
			c := newCloud(map[string][]cloudflow.Execution{"f": overdue(2)})
			o := c.options(parse(t, twoHours))
			o.Allowed = test.allowed
			var err error
			if o.Memory, err = sweep.NewMemory(sweep.MemoryOptions{File: file, Now: noon}); err == nil {
				t.Fatal("the file was believed")
			}
			if _, _ = sweep.Run(t.Context(), o); len(c.stopped()) != test.stops {
				t.Errorf("allowed %v: stopped %v", test.allowed, c.stopped())
			}
		})
	}
}

// What another process has stopped is known once the ledger is merged, which is
// when a sweep begins and when it is saved: the limits hold for both.
func TestStopsOfAnotherProcessCountOnceTheyAreKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	run := func(m *sweep.Memory, names string) (*cloud, error) {
		var executions []cloudflow.Execution
		for i := range 2 {
			executions = append(executions, running(fmt.Sprint(names, i), 3*time.Hour))
		}
		c := newCloud(map[string][]cloudflow.Execution{names: executions}) // a flow that only this one looks at
		o := c.options(limited(t, 3))
		o.Memory = m
		_, err := sweep.Run(t.Context(), o)
		return c, err
	}
	load := func() *sweep.Memory {
		m, err := sweep.NewMemory(sweep.MemoryOptions{File: file, Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	one, other := load(), load()
	if c, err := run(one, "a"); err != nil || len(c.stopped()) != 2 {
		t.Fatalf("error %v, stopped %v", err, c.stopped())
	}
	if c, err := run(other, "b"); codeOf(err) != result.CodeWithheld || len(c.stopped()) != 0 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
}

// Stops that are counted and wait for their turn are counted once when the
// limits are asked about one that is found meanwhile.
func TestStopsUnderWayCountOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	f := hanging("f", 30, 4*time.Hour)
	f.Executions = append(f.Executions, account.Execution{Name: "meanwhile", StartedAgo: ago(2*time.Hour - 64*time.Second)})
	timed(t, &account.Account{Flows: []account.Flow{f}}, fmt.Sprintf(guarded, 31, "100%"), file, func(t *testing.T, p *process) {
		r, err := p.next()
		if err != nil || p.stops() != 31 {
			t.Errorf("error %v, %d stops, %d decisions", err, p.stops(), len(r.Decisions))
		}
	})
}
