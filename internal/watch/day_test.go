package watch

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"text/tabwriter"
	"time"
)

// Some accounts for a day, with the documented quotas: 25 starts a flow, one
// execution in a hundred hanging, nothing may run longer than two hours.
var days = []struct {
	name   string
	change func(*scenario)
}{
	{"random starts", func(*scenario) {}},
	{"starts at the full hour", func(s *scenario) { s.cron = true }},
	{"two flows of 4,000 live", func(s *scenario) { s.large = 2 }},
	{"random, restarts, a file", func(s *scenario) { s.restart = 30 * time.Minute }},
	{"full hour, restarts, a file", func(s *scenario) { s.cron, s.restart = true, 30*time.Minute }},
	{"random, restarts, no file", func(s *scenario) { s.restart, s.forgets = 30*time.Minute, true }},
	{"plan mode: nothing is stopped", func(s *scenario) { s.keep = true }},
	{"the same, two of 4,000 live", func(s *scenario) { s.keep, s.large = true, 2 }},
	{"naive poller, random starts", func(s *scenario) { s.naive = true }},
	{"naive poller, full hour", func(s *scenario) { s.naive, s.cron = true, true }},
}

func day(flows int) scenario {
	return scenario{
		flows: flows, starts: 25, hang: 0.01, median: 8 * time.Minute, leastAge: 2 * time.Hour, span: 24 * time.Hour,
	}
}

func simulate(t testing.TB, s scenario) result {
	m := newSimulation(t, s)
	if s.naive {
		m.poll()
	} else {
		m.run()
		checkInvariants(t, m.watch)
	}
	return m.result()
}

// TestDay holds the figures that the scheme promises on smaller accounts, and
// on the one with large flows for a quarter of a day; TestSoakDays prints them for
// the large ones.
func TestDay(t *testing.T) {
	for _, c := range days {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := day(600)
			c.change(&s)
			if s.large > 0 {
				s.flows, s.span = 2000, 6*time.Hour
			}
			s.check(t, simulate(t, s))
		})
	}
}

func (s scenario) check(t *testing.T, r result) {
	t.Helper()
	if r.premature != 0 {
		t.Errorf("%d executions were condemned before they were due", r.premature)
	}
	if r.throttled != 0 {
		t.Errorf("the quota throttled %d calls", r.throttled)
	}
	if s.naive {
		return // it is only there to be compared with
	}
	ticks := (s.flows + 97) / 98
	if r.fullLook > ticks {
		t.Errorf("the first full look took %d ticks, want at most %d flows / 98 = %d", r.fullLook, s.flows, ticks)
	}
	if s.forgets {
		return // what it can promise is that every flow gets its turn
	}
	if r.missed != 0 {
		t.Errorf("%d executions that were due 120 s before the end run on", r.missed)
	}
	if r.p99 > 75*time.Second {
		t.Errorf("one execution in a hundred was found %v late or later, want at most 75s", r.p99)
	}
	if most := s.mostRatio(); r.ratio > most {
		t.Errorf("ListExecutions was called %.3f times the floor, want at most %.2f", r.ratio, most)
	}
}

// mostRatio is what the design allows. For large flows that are never stopped
// it allows nothing in particular: their re-checks are lists of many pages.
func (s scenario) mostRatio() float64 {
	switch {
	case s.large > 0 && s.keep:
		return 2
	case s.large > 0:
		return 1.15
	}
	return 1.02
}

// TestSoakDays simulates the large accounts and prints a table.
func TestSoakDays(t *testing.T) {
	if os.Getenv("FLOWREAPER_SOAK") == "" {
		t.Skip("set FLOWREAPER_SOAK=1, or run make soak, to simulate days of 2,000 and 10,000 flows")
	}
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "flows\tday\tlists\t÷ floor\tdescribes\tof them early\tlate p50\tp99\tmost\toverdue\tnot stopped\tthrottled\tknown\t")
	for _, flows := range []int{2000, 10_000} {
		for _, c := range days {
			s := day(flows)
			c.change(&s)
			r := simulate(t, s)
			s.check(t, r)
			fmt.Fprintf(w, "%d\t%s\t%d\t%.3f\t%d\t%d\t%v\t%v\t%v\t%d\t%d\t%d\t%d\t\n", flows, c.name, r.lists, r.ratio, r.describes, r.early,
				r.p50.Round(time.Second), r.p99.Round(time.Second), r.most.Round(time.Second), r.overdue, r.missed, r.throttled, r.known)
		}
	}
	w.Flush()
	t.Logf("simulated days, D = 2h, a tick a minute, 2 ListExecutions/s, 5 DescribeExecution/s\n%s", table.String())
}

// TestDemandForetellsLateness overloads an account and compares.
func TestDemandForetellsLateness(t *testing.T) {
	s := day(3000)
	s.leastAge, s.span, s.hang = 20*time.Minute, 8*time.Hour, 0.05
	m := newSimulation(t, s)
	m.run()
	d, r := m.watch.Demand(), m.result()
	if !d.Tight() || d.Late < 5*time.Minute {
		t.Fatalf("3,000 flows every 20 minutes: %v", d)
	}
	if r.most > d.Late*5/4+time.Minute || r.most < d.Late/2 {
		t.Errorf("foretold %v late, the latest was %v", d.Late, r.most)
	}
}
