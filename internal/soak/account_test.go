package soak

import (
	"fmt"
	"path"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

const (
	tick   = time.Minute
	second = 10 * time.Second // at which second of the minute the timer fires

	// warmUp is how long the account lives before flowreaper does, so that
	// there are executions of every age when it begins.
	warmUp = 3 * time.Hour
)

// scenario is an account, a policy for it, and what happens to the process
// that watches it.
type scenario struct {
	flows  int           // one start an hour each
	cron   bool          // all at the full hour
	large  int           // flows besides them that have 4,000 live executions
	span   time.Duration // how long it is watched
	limit  time.Duration // the policy's maxRuntime; 2h when 0
	limits string        // the policy's; none to speak of when ""

	restart time.Duration // how often the process starts anew; 0: never
	file    bool          // it keeps a state file
	naive   bool          // a naive poller, not flowreaper

	latency   time.Duration // of each of CloudFlow's answers
	behaviour account.Behaviour
	faults    []account.Fault
}

// raised are limits that nothing here reaches: what is measured is the looking
// and the stopping, not the holding back.
const raised = "{maxStops: 100000, maxShare: 100%}"

func (s scenario) withDefaults() scenario {
	if s.limit == 0 {
		s.limit = 2 * time.Hour
	}
	if s.limits == "" {
		s.limits = raised
	}
	return s
}

// account has one execution in a hundred hang, as have the flows that may not
// be touched: one in fifty.
func (s scenario) account() *account.Account {
	at := account.AtRandom
	if s.cron {
		at = account.AtHour
	}
	kept := s.flows / 50
	like := account.Generate{
		Ended: 1, Every: account.Duration(time.Hour), At: at,
		Median: account.Duration(8 * time.Minute), Hang: 0.01,
	}
	a := &account.Account{Behaviour: s.behaviour, Faults: s.faults}
	add := func(prefix string, flows int, seed uint64) {
		if flows == 0 {
			return
		}
		g := like
		g.Prefix, g.Flows, g.Seed = prefix, flows, seed
		a.Generate = append(a.Generate, g)
	}
	add("load-", s.flows-kept, 1)
	add("payroll-", kept, 2)
	if s.large > 0 {
		a.Generate = append(a.Generate, account.Generate{
			Prefix: "large-", Flows: s.large, Seed: 3, Hang: 0.01,
			// 3,600 starts an hour that take 1.13 hours on average.
			Every: account.Duration(time.Second), Median: account.Duration(time.Hour),
		})
	}
	return a
}

func (s scenario) policy() string {
	return fmt.Sprintf(`version: 1
policy: soak
mode: enforce
protect: {flows: ["payroll-*"]}
limits: %s
rules: [{name: max-runtime, maxRuntime: %v}]
`, s.limits, s.limit)
}

// The judge below is told nothing of policies: whether an execution may be
// stopped, and when it should be, is said here a second time.

func mayBeStopped(flow string) bool {
	kept, _ := path.Match("payroll-*", flow)
	return !kept
}

func (s scenario) due(started time.Time) time.Time { return started.Add(s.limit) }
