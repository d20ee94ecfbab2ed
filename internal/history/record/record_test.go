package record_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/record"
)

// These tests record an emulated account with the real client, in memory, where
// quotas cost no time.

const week = 7 * 24 * time.Hour

// cloud is an emulated account and what it is called with.
type cloud struct {
	*emulator.Server
	client *cloudflow.Client
}

func emulate(t *testing.T, a *account.Account) cloud {
	t.Helper()
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloudflow.New(cloudflow.Options{
		Endpoint: "http://127.0.0.1:1", HTTPClient: server,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return cloud{server, c}
}

// record records a week into a folder.
func (c cloud) record(t *testing.T, dir string, change ...func(*record.Options)) *record.Result {
	t.Helper()
	o := record.Options{Source: c.client, Dir: dir, Since: week, Flowreaper: "test"}
	for _, f := range change {
		f(&o)
	}
	r, err := record.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// folder is what a folder holds.
type folder struct {
	*history.Coverage
	flows map[string]*history.Flow // by name
}

func (f folder) execution(t *testing.T, flow, name string) history.Execution {
	t.Helper()
	if f.flows[flow] != nil {
		for _, e := range f.flows[flow].Executions {
			if e.Name == name {
				return e
			}
		}
	}
	t.Fatalf("%s of %s is not there", name, flow)
	return history.Execution{}
}

func read(t *testing.T, dir string) folder {
	t.Helper()
	h, err := history.Open(dir, history.Options{Input: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	all := folder{h.Coverage, map[string]*history.Flow{}}
	rows := 0
	for f, err := range h.Flows() {
		if err != nil {
			t.Fatal(err)
		}
		all.flows[f.Name] = f
		rows += len(f.Executions)
	}
	if int64(rows) != h.Rows() {
		t.Fatal("an execution is there twice: ", h.Rows(), " rows of ", rows, " executions")
	}
	return all
}

// holds compares a folder with what really happened.
func (c cloud) holds(t *testing.T, dir string, complete bool) {
	all := read(t, dir)
	for _, covered := range all.Flows {
		rows := map[string]history.Execution{}
		if f := all.flows[covered.Name]; f != nil {
			if len(f.Odd) > 0 {
				t.Fatal(f.Odd)
			}
			if missing := f.Missing(); len(missing) > len(covered.Gaps) {
				t.Fatal(missing)
			}
			for _, e := range f.Executions {
				rows[e.Name] = e
			}
		}
		for truth := range c.Executions(covered.Name) {
			row, there := rows[truth.Name]
			delete(rows, truth.Name)
			inside := !truth.StartedTime.Before(covered.From) && truth.StartedTime.Before(covered.To)
			for _, gap := range covered.Gaps {
				inside = inside && (truth.StartedTime.Before(gap.From) || !truth.StartedTime.Before(gap.To))
			}
			if inside != there {
				t.Fatalf("%s of %s, started %s: recorded %v, covered %+v", truth.Name, covered.Name, truth.StartedTime, there, covered)
			}
			if there {
				c.same(t, truth.Status, truth.StartedTime, truth.StoppedTime, row)
			}
			if there && complete && row.Live() && c.Now().Sub(row.SeenTime) > 3*time.Minute {
				t.Fatalf("%s of %s was seen last at %s: it was not asked for again", truth.Name, covered.Name, row.SeenTime)
			}
		}
		if len(rows) > 0 {
			t.Fatalf("%s has what never was: %v", covered.Name, rows)
		}
	}
}

// same compares a row with what it is of. The clock that it was seen by may be off by
// half a second.
func (c cloud) same(t *testing.T, status string, started, stopped time.Time, row history.Execution) {
	switch {
	case !row.StartedTime.Equal(started.Truncate(time.Millisecond)):
		t.Fatalf("%s started %s, not %s", row.Name, row.StartedTime, started)
	case row.Live() && !stopped.IsZero() && stopped.Before(row.SeenTime.Add(-time.Second)):
		t.Fatalf("%s was seen live at %s, and had stopped at %s", row.Name, row.SeenTime, stopped)
	case !row.Live() && (row.Status != status || !row.StoppedTime.Equal(stopped.Truncate(time.Millisecond))):
		t.Fatalf("%s %s at %s, not %s at %s", row.Name, row.Status, row.StoppedTime, status, stopped)
	}
}

// Whatever goes wrong, and whenever it is run, the folder says what happened, and what
// it doesn't know. FLOWREAPER_SOAK_CHECKS says how many models are tried, and
// FLOWREAPER_SOAK_SEED the first one's seed.
func TestRecordModel(t *testing.T) {
	number := func(name string, otherwise uint64) uint64 {
		if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
			return n
		}
		return otherwise
	}
	first := number("FLOWREAPER_SOAK_SEED", 0)
	for i := range number("FLOWREAPER_SOAK_CHECKS", 20) {
		seed := first + i
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { liveThrough(t, drawn{rand.New(rand.NewPCG(seed, 0))}) })
		})
	}
}

// drawn is what chance has.
type drawn struct{ *rand.Rand }

func (d drawn) duration(least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least))).Truncate(time.Millisecond)
}

func one[T any](d drawn, of ...T) T { return of[d.IntN(len(of))] }

func (d drawn) account() *account.Account {
	a := &account.Account{Behaviour: account.Behaviour{
		Order: one(d, "random", "newest", "oldest"), StartedTimeBounds: one(d, "inclusive", "exclusive"),
		PageCursor: one(d, "key", "offset"), ListLag: account.Duration(one(d, 0, 10*time.Second)), ClockOffset: account.Duration(one(d, 0, -25*time.Second, 10*time.Minute)),
	}}
	for i := range 3 {
		a.Generate = append(a.Generate, account.Generate{
			Flows: 2, Prefix: fmt.Sprintf("f%d-", i), Seed: d.Uint64(), Live: d.IntN(20), Ended: d.IntN(300), Hang: 0.02,
			MaxAge: account.Duration(d.duration(time.Hour, 10*24*time.Hour)),
			Every:  account.Duration(d.duration(10*time.Minute, 3*time.Hour)), Median: account.Duration(d.duration(time.Minute, 5*time.Hour)),
		})
	}
	return a
}

func (d drawn) fault() account.Fault {
	return account.Fault{
		Operation: one(d, "ListExecutions", "DescribeExecution", "GetExecutionHistory", ""), Skip: d.IntN(30), Times: 1 + d.IntN(30),
		Kind: one(d, "error", "resetBefore", "torn", "html502"), Status: 403, Code: "AccessDenied",
	}
}

// liveThrough records an account again and again.
func liveThrough(t *testing.T, d drawn) {
	c := emulate(t, d.account())
	dir := filepath.Join(t.TempDir(), "history")
	for range 1 + d.IntN(5) {
		o := record.Options{Source: c.client, Dir: dir, Since: d.duration(time.Minute, 12*24*time.Hour)}
		o.Flows = one(d, nil, []string{"f0-*"}, []string{"!f1-*"})
		if d.IntN(2) == 0 {
			c.AddFaults(d.fault())
		}
		ctx, cancel := context.WithTimeout(t.Context(), d.duration(time.Second, time.Minute))
		r, err := record.Run(ctx, o)
		cancel()
		c.ClearFaults()
		if r != nil && r.Kept {
			c.holds(t, dir, false)
		}
		if r != nil && r.Complete != (err == nil && len(r.Problems) == 0) {
			t.Fatal("complete, with ", err, r.Problems)
		}
		time.Sleep(d.duration(time.Second, 4*24*time.Hour))
	}
	if r := c.record(t, dir); !r.Complete {
		t.Fatal(r.Problems)
	}
	c.holds(t, dir, true)
	for _, f := range read(t, dir).Flows {
		if len(f.Gaps) > 0 {
			t.Fatal("gaps are left: ", f.Gaps)
		}
	}
	for operation := range c.Stats().Calls {
		if !slices.Contains(record.Operations(), operation) {
			t.Errorf("it calls %s, which people don't know to allow", operation)
		}
	}
}
