package soak

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// TestSoakKilledFunction kills the built function at random points of its sweeps: of
// those that call as fast as they can, and of those that wait for their rates.
// Whatever the point, and however often in a row, the processes after it stop what
// is overdue and nothing else, and the ledger has counted every StopExecution call
// that was made, and no more than a batch too many for each kill.
func TestSoakKilledFunction(t *testing.T) {
	kills := number(t, "FLOWREAPER_SOAK_KILLS", 8, 200)
	binary := build(t, "../../function")
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	most, atKill := 0, 0
	for n := 0; n < kills; {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			v := newVictim(t, binary)
			if random.IntN(2) == 0 {
				v.rates, v.linger = waiting, 30*time.Millisecond
			}
			for range 1 + random.IntN(4) {
				v.kill(random)
				n++
				v.checkLedger()
				if random.IntN(3) == 0 {
					v.tear(random)
				}
			}
			v.finish()
			v.checkLedger()
			v.judge()
			v.tearCopies(random)
			most, atKill = max(most, v.overcount()), max(atKill, v.atKill)
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("killed %d times; at one kill the ledger counted at most %d stops too many, in one account at most %d", kills, atKill, most)
}

// victim is a deployment that is killed, and the account that it watches.
type victim struct {
	*deployment
	server *emulator.Server
	calls  atomic.Int64            // requests so far
	signal atomic.Pointer[trigger] // tells when there have been enough
	open   gauge                   // connections
	linger time.Duration           // within which after a request it is killed

	lost   int // stops that took effect before the files were last torn
	atKill int // the most that were counted and not called for, at one kill
}

type trigger struct {
	at int64
	ch chan struct{}
}

// waiting are rates by which a sweep of killAccount has to wait for most of its time.
const waiting = "ListFlows=1000/100,ListExecutions=200/10,DescribeExecution=1000/100,StopExecution=50/2"

const killPolicy = `version: 1
policy: killed
mode: enforce
protect: {flows: ["payroll-*"]}
limits: {maxStops: 10000, maxShare: 100%}
rules: [{name: two-hours, maxRuntime: 2h}]
`

func newVictim(t *testing.T, binary string) *victim {
	t.Helper()
	server, err := emulator.New(killAccount(), emulator.Options{NoQuota: true, Latency: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{server: server, linger: 3 * time.Millisecond}
	loopback := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.server.ServeHTTP(w, r)
		n := v.calls.Add(1)
		if s := v.signal.Load(); s != nil && n == s.at {
			close(s.ch)
		}
	}))
	loopback.Config.ConnState = v.count
	loopback.Start()
	t.Cleanup(loopback.Close)
	v.deployment = &deployment{
		t: t, binary: binary, endpoint: loopback.URL, policy: killPolicy,
		state: filepath.Join(t.TempDir(), "state"), tick: time.Minute, rates: unlimited(), logs: &bytes.Buffer{},
	}
	return v
}

// count counts the open connections.
func (v *victim) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		v.open.add(1)
	case http.StateClosed, http.StateHijacked:
		v.open.add(-1)
	}
}

// killAccount has 36 overdue executions among young and protected ones.
func killAccount() *account.Account {
	a := &account.Account{}
	for i := range 12 {
		name := fmt.Sprintf("job-%d", i)
		if i >= 9 {
			name = fmt.Sprintf("payroll-%d", i)
		}
		f := account.Flow{Name: name}
		for n := range 6 {
			e := account.Execution{Name: fmt.Sprintf("old-%d", n), StartedAgo: account.Duration(3*time.Hour + time.Duration(7*i+n)*time.Minute)}
			if n >= 4 {
				e = account.Execution{Name: fmt.Sprintf("young-%d", n), StartedAgo: account.Duration(time.Duration(i+n) * time.Minute)}
			}
			f.Executions = append(f.Executions, e)
		}
		a.Flows = append(a.Flows, f)
	}
	return a
}

// kill lets a process sweep and kills it at a random request of its sweep, or
// a moment after.
func (v *victim) kill(random *rand.Rand) {
	v.t.Helper()
	before, most := v.overcount(), 0
	const wholeSweep = 1 + 12 + 2*36 // ListFlows, ListExecutions; a stop and its verification
	s := &trigger{at: v.calls.Load() + 1 + random.Int64N(wholeSweep), ch: make(chan struct{})}
	v.signal.Store(s)
	rt := v.start()
	ended := make(chan error, 1)
	go func() {
		_, err := invoke(v.t.Context(), rt, time.Minute)
		ended <- err
	}()
	select {
	case <-s.ch:
		time.Sleep(time.Duration(random.Int64N(int64(v.linger))))
		kill(rt)
		<-ended
		most = batch
	case err := <-ended: // nothing was left to do
		if err != nil {
			v.t.Errorf("the sweep failed: %v\n%s", err, v.logs)
		}
		kill(rt)
	}
	v.signal.Store(nil)
	v.open.wait() // what it had sent before it died is done
	v.checkOvercount(before, most)
}

// load reads the state as a process would.
func (v *victim) load(path string) (*watch.Watch, error) {
	return watch.NewFile(path).Load(watch.Options{Account: "1", Region: "cn-hangzhou"}, time.Now())
}

func tried(w *watch.Watch) int { return w.Ledger.Since(time.Time{}) }

// overdue are the executions known to be overdue, by their names.
func overdue(w *watch.Watch) (names []string) {
	for o := range w.EachOverdue() {
		names = append(names, o.FlowName+"/"+o.Name)
	}
	slices.Sort(names)
	return names
}

// checkLedger holds the ledger against what the emulator stopped. The emulator
// is asked first: what it does meanwhile was counted before.
func (v *victim) checkLedger() {
	v.t.Helper()
	stops := v.server.Stats().Stops[v.lost:]
	counted := v.counted()
	ids := map[string]string{}
	for _, flow := range v.server.Flows() {
		ids[flow.Name] = flow.ID
	}
	for _, s := range stops {
		if !counted[stop{ids[s.Flow], s.Execution}] {
			v.t.Errorf("%s of %s was stopped, and the ledger hasn't counted it", s.Execution, s.Flow)
		}
	}
}

// stop is how the ledger names one.
type stop struct{ Flow, Execution string }

// counted reads the ledger of the state's whole slots, by what is documented of
// their form: a line that ends with the SHA-256 of what stands before it, and
// of the body.
func (v *victim) counted() map[stop]bool {
	v.t.Helper()
	counted := map[stop]bool{}
	for _, slot := range slots {
		data, err := os.ReadFile(v.state + slot)
		if err != nil {
			continue // it was never written
		}
		line, body, _ := strings.Cut(string(data), "\n")
		cut := max(0, strings.LastIndex(line, " "))
		if fmt.Sprintf(" %x", sha256.Sum256([]byte(line[:cut]+body))) != line[cut:] {
			continue
		}
		var state struct{ Ledger []stop }
		if err := json.Unmarshal([]byte(body), &state); err != nil {
			v.t.Fatal(err)
		}
		for _, s := range state.Ledger {
			counted[s] = true
		}
	}
	return counted
}

// overcount is how much more often a process that starts now finds stops
// counted than StopExecution was called.
func (v *victim) overcount() int {
	w, _ := v.load(v.state)
	return tried(w) - int(v.server.Stats().Calls[cloudflow.OpStopExecution])
}

// batch is how many stops are counted before the first of them is tried, and
// all are tried before more are counted. So who is killed leaves at most as
// many that are counted and never called for; what else is counted was called
// for, since every call that arrives was counted before.
const batch = 10

// checkOvercount holds what a process has added to the ledger against the calls
// that it made, and the ledger against all calls.
func (v *victim) checkOvercount(before, most int) {
	v.t.Helper()
	now := v.overcount()
	if more := now - before; more > most {
		v.t.Errorf("a process counted %d stops more than it called for, want at most %d", more, most)
	} else {
		v.atKill = max(v.atKill, more)
	}
	if now < 0 && v.lost == 0 {
		v.t.Errorf("the ledger counts %d stops fewer than were called for", -now)
	}
}

// tear damages slots, as no kill does: what was counted only there is lost.
// Where that is all, nothing is stopped before somebody takes the files away.
func (v *victim) tear(random *rand.Rand) {
	v.t.Helper()
	v.tearAt(v.state, random)
	v.lost = len(v.server.Stats().Stops)
	if _, err := v.load(v.state); !errors.Is(err, watch.ErrLost) {
		return
	}
	for range 2 {
		v.checkWithheld()
	}
	for _, slot := range slots {
		if err := os.Remove(v.state + slot); err != nil {
			v.t.Fatal(err)
		}
	}
}

// checkWithheld lets a process sweep that must not stop anything.
func (v *victim) checkWithheld() {
	v.t.Helper()
	const overdue = 36
	stopped := len(v.server.Stats().Stops)
	rt := v.start()
	_, err := invoke(v.t.Context(), rt, time.Minute)
	kill(rt)
	if now := len(v.server.Stats().Stops); now != stopped {
		v.t.Errorf("%d were stopped by a process that knows of no stop before", now-stopped)
	}
	if stopped < overdue && (err == nil || !strings.Contains(err.Error(), "FlowReaperWithheld")) {
		v.t.Errorf("the sweep after the ledger was lost: %v\n%s", err, v.logs)
	}
}

// tearCopies does so to copies of the state, often enough for every part of it
// to be hit.
func (v *victim) tearCopies(random *rand.Rand) {
	v.t.Helper()
	var group sync.WaitGroup // what seems lost is given time
	for range 100 {
		path := filepath.Join(v.t.TempDir(), "state")
		for _, slot := range slots {
			if data, err := os.ReadFile(v.state + slot); err == nil {
				v.write(path+slot, data)
			}
		}
		its := rand.New(rand.NewPCG(random.Uint64(), 0))
		group.Go(func() { v.tearAt(path, its) })
	}
	group.Wait()
}

// slots are what the names of the state's two files end with.
var slots = [2]string{"", ".2"}

// tearAt damages one of the two slots, or both. Nothing may be read from one
// that is damaged.
func (v *victim) tearAt(path string, random *rand.Rand) {
	v.t.Helper()
	hit := 1 + random.IntN(3)                             // a bit a slot
	whole := filepath.Join(v.t.TempDir(), "what is left") // the other slot alone, and the claims
	if err := os.CopyFS(whole+".tries", os.DirFS(path+".tries")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.t.Fatal(err)
	}
	damaged := false
	for i, slot := range slots {
		data, err := os.ReadFile(path + slot)
		switch {
		case err != nil: // it was never written
		case hit&(1<<i) == 0:
			v.write(whole+slot, data)
		default:
			v.write(path+slot, damage(data, random))
			damaged = true
		}
	}
	w, err := v.load(path)
	left, _ := v.load(whole)
	if damaged && err == nil {
		v.t.Error("a torn slot was believed")
	}
	if tried(w) != tried(left) || w.Live() != left.Live() || !slices.Equal(overdue(w), overdue(left)) {
		v.t.Errorf("with a torn slot %d stops and %d executions run, without it %d and %d", tried(w), w.Live(), tried(left), left.Live())
	}
}

func (v *victim) write(path string, data []byte) {
	v.t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// damage cuts a slot short or flips one of its bits.
func damage(data []byte, random *rand.Rand) []byte {
	if len(data) == 0 {
		return []byte{0}
	}
	at := random.IntN(len(data))
	if random.IntN(2) == 0 {
		return data[:at]
	}
	data[at] ^= 1 << random.IntN(8)
	return data
}

// finish lets a process do what is left.
func (v *victim) finish() {
	v.t.Helper()
	before := v.overcount()
	rt := v.start()
	answer, err := invoke(v.t.Context(), rt, time.Minute)
	if err != nil {
		v.t.Fatalf("the last sweep failed: %v\n%s", err, v.logs)
	}
	var report result.Report
	if err := json.Unmarshal(answer.Body, &report); err != nil || !report.Complete {
		v.t.Errorf("the last sweep: %v, %s", err, answer.Body)
	}
	kill(rt)
	v.checkOvercount(before, 0)
}

// kill ends the process at once, as a crash does, and waits for its end.
func kill(rt *fcruntime.Runtime) {
	if p, err := os.FindProcess(rt.PID()); err == nil {
		_ = p.Kill() // fails only when it has ended
	}
	rt.Close()
}

// judge asks the emulator what was stopped.
func (v *victim) judge() {
	v.t.Helper()
	for _, flow := range v.server.Flows() {
		for e := range v.server.Executions(flow.Name) {
			wanted := mayBeStopped(flow.Name) && time.Since(e.StartedTime) > 2*time.Hour
			if stopped := e.Status == account.Stopped; stopped != wanted {
				v.t.Errorf("%s of %s is %s, stopping it is right: %v", e.Name, flow.Name, e.Status, wanted)
			}
		}
	}
	if v.t.Failed() {
		v.t.Logf("the processes' log:\n%s", v.logs)
	}
}
