package sweep_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// An event in force is so for as long as its rule says now, not when the event came.
func TestHowLongAnEventIsInForceIsThePolicysToSay(t *testing.T) {
	for name, test := range map[string]struct {
		before, after time.Duration // the rule's for, until nine minutes after the event, and then
		over          time.Duration // when it is in force no more
		last          string        // the last one that is stopped: one later is seen too late
	}{
		"shortened, and over":       {6 * time.Hour, 5 * time.Minute, 9 * time.Minute, "a-07"},
		"shortened, and in force":   {6 * time.Hour, 20 * time.Minute, 20 * time.Minute, "a-18"},
		"lengthened":                {15 * time.Minute, 25 * time.Minute, 25 * time.Minute, "a-23"},
		"lengthened when it's over": {5 * time.Minute, 25 * time.Minute, 5 * time.Minute, "a-03"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			synctest.Test(t, func(t *testing.T) {
				f := account.Flow{Name: "a"}
				for i := range 40 { // one a minute, from the event on
					f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprintf("a-%02d", i), StartedIn: ago(time.Duration(i)*time.Minute + 10*time.Second)})
				}
				server, err := emulator.New(&account.Account{Flows: []account.Flow{f}}, emulator.Options{})
				if err != nil {
					t.Fatal(err)
				}
				rule := func(d time.Duration) string {
					return eventPolicy("limits: {maxShare: 100%}", fmt.Sprintf("%s, limits: none, for: %v", everything, d))
				}
				p := &process{t: t, server: server, policy: parse(t, rule(test.before)), file: file}
				p.start()
				begun := time.Now()
				if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
					t.Fatal(err)
				}
				for minute := range 40 {
					time.Sleep(time.Until(begun.Add(time.Duration(minute+1) * time.Minute)))
					if minute == 8 {
						p.policy = parse(t, rule(test.after))
						p.start()
					}
					r, err := p.sweep(50 * time.Second)
					if err != nil || len(r.Errors) > 0 {
						t.Errorf("error %v, notes %v", err, r.Errors)
					}
					if in := r.Resumable != nil; in != (time.Duration(minute+1)*time.Minute < test.over) {
						t.Errorf("after %v it is in force: %v", time.Since(begun), in)
					}
				}
				if got := p.stopped(); len(got) == 0 || got[len(got)-1] != test.last {
					t.Errorf("stopped %v, want up to %s", got, test.last)
				}
			})
		})
	}
}

// … also where a sweep began before, and sees what started when it was over.
func TestWhatStartsTooLateForAShortenedEvent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&account.Account{
			Flows: []account.Flow{{Name: "a", Executions: []account.Execution{{Name: "in-time", StartedIn: ago(12 * time.Second)}, {Name: "too-late", StartedIn: ago(25 * time.Second)}}}},
		}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("", everything+", for: 6h")), file: file}
		p.start()
		if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		time.Sleep(18 * time.Second)
		p.policy = parse(t, eventPolicy("", everything+", for: 20s"))
		p.start()
		server.AddFaults(account.Fault{Operation: "DescribeFlow", Flow: "a", Kind: "slow", Delay: ago(12 * time.Second), Times: 1})
		if r, err := p.sweep(50 * time.Second); err != nil || r.Executions.Seen != 2 {
			t.Errorf("error %v, seen %d", err, r.Executions.Seen)
		}
		p.wantStopped("in-time")
	})
}

// The limits are those of the policy as it is, too: none taken away hold, and are
// held no more where the rule says none now.
func TestLimitsOfAnEventAreThePolicysToSay(t *testing.T) {
	const limits, none = "limits: {maxStops: 1, maxShare: 100%}", everything + ", limits: none"
	for _, test := range []struct {
		before, after string
		stopped       int
		code          result.Code
	}{
		{none, everything, 0, result.CodeWithheld},
		{everything, none, 3, ""},
	} {
		accident(t, map[string]int{"a": 3}, eventPolicy(limits, test.before), func(t *testing.T, p *process) {
			p.server.AddFaults(account.Fault{Operation: "StopExecution", Kind: "error", Code: "AccessDenied", Status: 403})
			if _, err := p.happen(time.Minute, `{"stop":true}`); err == nil {
				t.Fatal("nothing was in the way")
			}
			p.server.ClearFaults()
			p.policy = parse(t, eventPolicy(limits, test.after))
			p.start()
			time.Sleep(time.Minute)
			if _, err := p.sweep(50 * time.Second); codeOf(err) != test.code || len(p.stopped()) != test.stopped {
				t.Errorf("error %v, %d stopped, want %d", err, len(p.stopped()), test.stopped)
			}
		})
	}
}

// That flows had nothing to stop by a policy says nothing of the one that came after
// it: they are looked at anew before the event is over.
func TestWhatWasQuietIsLookedAtByTheNewPolicy(t *testing.T) {
	live := map[string]int{"z-last": 1}
	for i := range 250 {
		live[fmt.Sprintf("a-%03d", i)] = 0
	}
	rule := "name: all, on: [event], flows: ['a-*', 'z-*'], for: 2h, when: event.data.stop == true"
	for policy, want := range map[string]int{"": 30, "sha256:another": 0} {
		accident(t, live, eventPolicy("", rule), func(t *testing.T, p *process) {
			if policy == "" {
				policy = p.policy.Hash
			}
			w := watch.New(watch.Options{})
			w.Emergencies.Latch(watch.Emergency{
				ID: "x", Rule: "all", Policy: policy, Event: []byte(`{"stop":true}`), Touched: time.Now(),
				Time: time.Now().Add(-10 * time.Minute), Until: time.Now().Add(110 * time.Minute), Quiet: 30, Left: 7,
			})
			if err := watch.NewFile(p.file).Save(w, time.Now()); err != nil {
				t.Fatal(err)
			}
			p.start()
			r, err := p.sweep(30 * time.Second)
			if err != nil || r.Resumable == nil || r.Complete || (r.Estimate != nil) != (want > 0) {
				t.Fatalf("error %v, report %+v", err, r)
			}
			saved, err := watch.NewFile(p.file).Load(watch.Options{}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			m := saved.Emergencies.Active(time.Now())[0]
			looked := slices.Index(p.flowIDs(), m.Next) // in their turn, one after the other; some beyond, too
			if looked < 20 || looked > r.Flows.Listed || m.Quiet != want+looked || m.Policy != p.policy.Hash {
				t.Errorf("quiet %d after %d in turn and %d in all, policy %s", m.Quiet, looked, r.Flows.Listed, m.Policy)
			}
		})
	}
}

// flowIDs are the account's, in their order.
func (p *process) flowIDs() (all []string) {
	c := client(p.t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: cloudflow.Unlimited()})
	flows, err := judge.ReadFlows(p.t.Context(), c, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range flows {
		all = append(all, f.ID)
	}
	slices.Sort(all)
	return all
}
