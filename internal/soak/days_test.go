package soak

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"text/tabwriter"
	"time"
)

// days are what the table has a line of. All are bound by the documented
// quotas; one execution in a hundred hangs, nothing may run longer than 2h.
var days = []struct {
	name   string
	change func(*scenario)
}{
	{"random starts", func(*scenario) {}},
	{"starts at the full hour", func(s *scenario) { s.cron = true }},
	{"two flows of 4,000 live", func(s *scenario) { s.large = 2 }},
	{"random, cold start every 30m, a file", func(s *scenario) { s.restart, s.file = 30*time.Minute, true }},
	{"full hour, cold start every 30m, a file", func(s *scenario) { s.cron, s.restart, s.file = true, 30*time.Minute, true }},
	{"random, cold start every 30m, no file", func(s *scenario) { s.restart = 30 * time.Minute }},
	{"naive poller, random starts", func(s *scenario) { s.naive = true }},
	{"naive poller, full hour", func(s *scenario) { s.naive, s.cron = true, true }},
}

// TestSmallDays holds every kind of day on an account that takes seconds.
func TestSmallDays(t *testing.T) {
	for _, c := range days {
		t.Run(c.name, func(t *testing.T) {
			s := scenario{flows: 120, span: 6 * time.Hour, latency: 30 * time.Millisecond}
			c.change(&s)
			switch {
			case s.large > 0:
				s.large, s.span = 1, 3*time.Hour
			case s.naive: // it calls as often as it may, whatever the account
				s.flows, s.span = 360, 65*time.Minute // what starts at the full hour falls due at one
			}
			r := simulate(t, s, nil)
			r.check(t)
			if r.lists == 0 || r.late.count == 0 {
				t.Errorf("nothing happened: %+v", r)
			}
		})
	}
}

// TestSoakDays simulates days of large accounts and prints what they came to.
// FLOWREAPER_SOAK_DAYS narrows it to the days with such names.
func TestSoakDays(t *testing.T) {
	if os.Getenv("FLOWREAPER_SOAK") == "" {
		t.Skip("set FLOWREAPER_SOAK=1, or run make soak, to simulate days of 2,000 and 10,000 flows")
	}
	only, err := regexp.Compile(os.Getenv("FLOWREAPER_SOAK_DAYS"))
	if err != nil {
		t.Fatalf("FLOWREAPER_SOAK_DAYS: %v; it is matched with names such as 2000/%s", err, days[0].name)
	}
	hours := time.Duration(number(t, "FLOWREAPER_SOAK_HOURS", 24, 24)) * time.Hour
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "flows\tday\texecutions\tlists\t÷ floor\tdescribes\tthrottled\tfirst look\tlongest gap\tstops\tlate p50/p99/max s\tbeyond the queue\tmissed\twrong\tsweeps left undone\twall\t")
	for _, flows := range []int{2000, 10_000} {
		for _, c := range days {
			name := fmt.Sprintf("%d/%s", flows, c.name)
			if !only.MatchString(name) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				s := scenario{flows: flows, span: hours}
				c.change(&s)
				r := simulate(t, s, nil)
				r.check(t)
				fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%.3f\t%d\t%d\t%v\t%v\t%d\t%v\t%v\t%d\t%d\t%d of %d\t%v\t\n",
					flows, c.name, r.executions, r.lists, r.ratio(), r.describes, r.throttled,
					r.fullLook.Round(time.Second), r.longest.Round(time.Second), r.stops, r.late, r.beyond,
					len(r.missed), len(r.wrong), r.undone, r.sweeps, r.wall.Round(time.Second))
			})
		}
	}
	w.Flush()
	fmt.Printf("Simulated days of %v: maxRuntime 2h, a tick a minute, 1 execution in 100 hangs, the documented quotas, limits %s\n%s", hours, raised, table.String())
}

// number reads a whole number from the environment. Without it, it is small in make
// test and large in make soak.
func number(t *testing.T, name string, small, large int) int {
	t.Helper()
	text := os.Getenv(name)
	switch {
	case text == "" && os.Getenv("FLOWREAPER_SOAK") != "":
		return large
	case text == "":
		return small
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: set it to a whole number from 1", name, text)
	}
	return n
}
