package sweep_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

const byAgeAlone = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 100, maxShare: 100%}
protect: {flows: [kept]}
rules:
  - {name: two-hours, flows: [a, b, kept], maxRuntime: 2h}
  - {name: other, flows: ["other-*"], maxRuntime: 2h}
`

// slowFlows is an account in which the flows are listed once, and from then on
// take longer than a sweep has.
func slowFlows(flows ...account.Flow) *account.Account {
	return &account.Account{Flows: flows, Faults: []account.Fault{
		{Operation: cloudflow.OpListFlows, Skip: 1, Times: 100, Kind: account.FaultSlow, Delay: account.Duration(2 * time.Minute)},
	}}
}

// A process that starts anew goes on with the flows that the file tells of
// while they are listed. Where the policy asks more of a flow than its name it
// waits: what the file says of a flow is too old to stop anything by.
func TestWhatTheFileTellsOfIsWatchedWhileFlowsAreListed(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		stops  int
	}{
		"names are enough":          {byAgeAlone, 1},
		"protect reads the flow":    {fmt.Sprintf(guarded, 100, "100%"), 0},
		"a rule reads the flow":     {strings.Replace(byAgeAlone, "maxRuntime: 2h}", `maxRuntime: 2h, when: 'flow.env["TEAM"] != "x"'}`, 1), 0},
		"a rule counts what's live": {strings.Replace(byAgeAlone, "maxRuntime: 2h}", "maxRuntime: 2h, maxConcurrent: 1}", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := slowFlows(hanging("a", 1, 115*time.Minute), hanging("kept", 1, 119*time.Minute))
			timed(t, a, test.policy, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
				if r, err := p.next(); err != nil || r.Flows.Listed != 2 {
					t.Fatalf("%v, %+v", err, r.Flows)
				}
				p.start()
				for range 6 {
					r, _ := p.next()
					if r.Complete {
						t.Error("a sweep whose listing of flows didn't end says that it was complete")
					}
					if test.stops == 0 && len(r.Decisions)+len(r.Undecided) > 0 {
						t.Errorf("judged without knowing the flow: %+v, %+v", r.Decisions, r.Undecided)
					}
				}
				if p.stops() != test.stops {
					t.Errorf("%d stops, want %d", p.stops(), test.stops)
				}
			})
		})
	}
}

// Flows that are gone by the time they are listed are forgotten, and those that
// the file doesn't know are looked at.
func TestRestoredFlowsAreThoseListedInTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	a := &account.Account{Flows: []account.Flow{hanging("a", 1, 3*time.Hour), hanging("kept", 1, time.Hour)}}
	timed(t, a, byAgeAlone, file, func(t *testing.T, p *process) {
		if _, err := p.next(); err != nil || p.stops() != 1 {
			t.Fatalf("%v, %d stops", err, p.stops())
		}
	})
	a = &account.Account{Flows: []account.Flow{hanging("b", 2, 3*time.Hour)}}
	timed(t, a, byAgeAlone, file, func(t *testing.T, p *process) {
		r, err := p.next()
		if err != nil || p.stops() != 2 || r.Flows.Seen != 1 || !r.Complete {
			t.Errorf("%v, %d stops, %+v, complete %v", err, p.stops(), r.Flows, r.Complete)
		}
	})
}

// An edited policy loses what is known of the flows that the edit is about.
func TestAnEditLosesOnlyWhatItChanged(t *testing.T) {
	for _, test := range []struct {
		edit, from, to string
		listed         int
	}{
		{"nothing", "", "", 0},
		{"the limits", "maxStops: 100", "maxStops: 99", 0},
		{"what is protected", "[kept]", "[kept, a]", 0},
		{"the mode", "mode: enforce", "mode: plan", 0},
		{"other flows' rule", `["other-*"], maxRuntime: 2h`, `["other-*"], maxRuntime: 3h`, 0},
		{"their own rule", "[a, b, kept], maxRuntime: 2h", "[a, b, kept], maxRuntime: 90m", 2},
		{"which flows have a rule", `["other-*"]`, `["other-*", a]`, 1},
	} {
		t.Run(test.edit, func(t *testing.T) {
			a := &account.Account{Flows: []account.Flow{hanging("a", 1, time.Hour), hanging("b", 1, time.Hour)}}
			timed(t, a, byAgeAlone, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
				if r, err := p.next(); err != nil || r.Flows.Listed != 2 {
					t.Fatalf("%v, %+v", err, r.Flows)
				}
				edited := strings.Replace(byAgeAlone, test.from, test.to, 1)
				if test.from != "" && edited == byAgeAlone {
					t.Fatal("not there")
				}
				p.policy = parse(t, edited)
				p.start()
				r, err := p.next()
				if err != nil || r.Flows.Listed != test.listed {
					t.Errorf("%v, %d flows were listed anew, want %d", err, r.Flows.Listed, test.listed)
				}
			})
		})
	}
}
