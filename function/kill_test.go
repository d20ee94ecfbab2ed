package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// killing is the function's binary, killed again and again, on an emulated
// account.
type killing struct {
	*testing.T
	server *emulator.Server
	binary string
	env    []string
	state  string
	random *rand.Rand
}

// newKilling makes an account with enough to stop for so many kills.
func newKilling(t *testing.T, kills int) *killing {
	server, err := emulator.New(&account.Account{Generate: []account.Generate{
		{Flows: 20, Prefix: "f-", Live: 30 + kills, MaxAge: account.Duration(3 * time.Hour), Seed: 1},
	}}, emulator.Options{NoQuota: true, Latency: 3 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	policyFile := filepath.Join(t.TempDir(), "policy.yaml")
	const policyText = "version: 1\npolicy: test\nmode: enforce\nlimits: {maxStops: 100000, maxShare: 100%}\nrules: [{name: two-hours, maxRuntime: 2h}]\n"
	if err := os.WriteFile(policyFile, []byte(policyText), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killing{T: t, server: server, binary: build(t), state: filepath.Join(t.TempDir(), "state"), random: rand.New(rand.NewPCG(seed, 0))}
	k.env = []string{
		"FLOWREAPER_POLICY=" + policyFile, "FLOWREAPER_ENDPOINT=" + loopback.URL, "FLOWREAPER_STATE=" + k.state,
		"FLOWREAPER_RATES=ListFlows=1000/100,ListExecutions=200/10,DescribeExecution=1000/100,StopExecution=50/2",
	}
	return k
}

// sweep starts a process and has it sweep once; it is killed after so long, if
// it still runs.
func (k *killing) sweep(killAfter time.Duration) error {
	k.Helper()
	rt, err := fcruntime.Start(k.Context(), fcruntime.Options{Binary: k.binary, Env: k.env, Region: "cn-hangzhou", AccountID: "1"})
	if err != nil {
		k.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Ready(k.Context()); err != nil {
		k.Fatal(err)
	}
	if killAfter > 0 {
		timer := time.AfterFunc(killAfter, rt.Kill)
		defer timer.Stop()
	}
	ctx, cancel := context.WithTimeout(k.Context(), time.Minute)
	defer cancel()
	_, err = rt.Invoke(ctx, fcruntime.Invocation{
		Event: timerEvent(k.T), Timeout: time.Minute,
		Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	return err
}

// check holds the state file against what really happened.
func (k *killing) check(when string) {
	k.Helper()
	w, err := watch.NewFile(k.state).Load(watch.Options{Account: "1", Region: "cn-hangzhou"}, time.Now())
	stops := k.server.Stats().Stops
	if counted := w.Ledger.Since(time.Time{}); counted < len(stops) {
		k.Fatalf("%s: the ledger counts %d stops, and there were %d (%v)", when, counted, len(stops), err)
	}
	for _, s := range stops {
		if age := s.At.Sub(s.StartedTime); age <= 2*time.Hour {
			k.Fatalf("%s: %s of %s was stopped at %v", when, s.Execution, s.Flow, age)
		}
	}
}

func (k *killing) overdue() (running int) {
	for _, flow := range k.server.Flows() {
		for e := range k.server.Executions(flow.Name) {
			if e.Status == "Running" && time.Since(e.StartedTime) > 2*time.Hour+5*time.Second {
				running++
			}
		}
	}
	return running
}

// Whenever its process is killed, the function stops what is overdue in the
// end, nothing else, and never counts too few stops. make soak kills it 200
// times.
func TestKilledAtRandomPoints(t *testing.T) {
	kills := 8
	if n, err := strconv.Atoi(os.Getenv("FLOWREAPER_KILLS")); err == nil {
		kills = n
	}
	k := newKilling(t, kills)
	if k.overdue() < 100 {
		t.Fatal("there is too little to stop")
	}
	killed := 0
	for i := range kills {
		if err := k.sweep(time.Duration(1 + k.random.IntN(1500*int(time.Millisecond)))); err != nil {
			killed++
		}
		k.check(fmt.Sprintf("after kill %d", i+1))
	}
	t.Logf("%d of %d were killed while they swept; %d stopped, %d are left", killed, kills, len(k.server.Stats().Stops), k.overdue())
	for range 5 {
		if err := k.sweep(0); err != nil {
			t.Fatal(err)
		}
		k.check("at the end")
	}
	if left := k.overdue(); left > 0 {
		t.Errorf("%d overdue executions run still", left)
	}
}
