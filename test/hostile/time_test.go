package hostile

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const twoHours = `version: 1
policy: two-hours
mode: enforce
limits: {maxStops: 100, maxShare: 100%}
rules:
  - name: two-hours
    maxRuntime: 2h
`

// overdue is an account of one flow with executions of three hours.
func overdue(t *testing.T, names ...string) *wire {
	t.Parallel()
	w := serve(t)
	w.account.flows = []string{flow("etl")}
	for _, name := range names {
		w.account.rows = append(w.account.rows, row("etl", name, ago(3*time.Hour)))
	}
	return w
}

// What was withheld is known by its StartedTime, however that is written, and
// is stopped once the limits allow it.
func TestStartedTimesAsTheyCome(t *testing.T) {
	t.Parallel()
	started := time.Now().Add(-3 * time.Hour)
	for name, layout := range map[string]string{
		"nanoseconds":   "2006-01-02T15:04:05.999999999Z",
		"microseconds":  "2006-01-02T15:04:05.000007Z",
		"whole seconds": "2006-01-02T15:04:05Z",
		"an offset":     "2006-01-02T15:04:05.123456Z",
		"small letters": "2006-01-02t15:04:05.5z",
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t)
			var stops []string
			for i, name := range []string{"run-1", "run-2", "run-3", "run-4", "run-5"} {
				field := at(started.Add(time.Duration(i)*time.Second+time.Duration(i)*time.Microsecond+123), `"StartedTime":"`+layout+`"`)
				if strings.Contains(t.Name(), "offset") {
					field = strings.Replace(field, `Z"`, `+00:00"`, 1)
				}
				w.account.rows = append(w.account.rows, row("etl", name, field))
				stops = append(stops, "etl/"+name)
			}
			m := w.machine(strings.Replace(twoHours, "maxStops: 100", "maxStops: 3", 1))
			m.invoke(timer).want(1, outcomes("withheld", stops...)...)
			m.policy(twoHours)
			m.invoke(timer).want(0, outcomes("stopped", stops...)...).whole(true)
			w.stopped(stops...)
		})
	}
}

func outcomes(outcome string, executions ...string) []string {
	var all []string
	for _, e := range executions {
		all = append(all, e+" "+outcome)
	}
	return all
}

// Started years ago is old; started tomorrow is not. Before CloudFlow was nothing
// started: that is how programs write a time that they don't know.
func TestStartedTimesFarOff(t *testing.T) {
	t.Parallel()
	for started, test := range map[string]struct {
		status int
		stops  []string
	}{
		"2019-07-01T00:00:00Z":      {0, []string{"etl/run-1"}},
		"1970-01-01T00:00:00Z":      {3, nil},
		"1970-01-01T08:00:00Z":      {3, nil},
		"0001-01-01T08:00:00Z":      {3, nil},
		"9999-12-31T23:59:59.999Z":  {0, nil},
		"2300-01-01T00:00:00+08:00": {0, nil},
	} {
		t.Run(started, func(t *testing.T) {
			w := overdue(t)
			w.account.rows = []string{row("etl", "run-1", `"StartedTime":"`+started+`"`)}
			m := w.machine(twoHours)
			r := m.apply().want(test.status, outcomes("stopped", test.stops...)...)
			if test.status == 3 {
				r.says("execution.age is not known: the execution has no startedTime")
			}
			w.stopped(test.stops...)
		})
	}
}

// By a clock that can't be checked, or is off, nothing is stopped.
func TestDates(t *testing.T) {
	t.Parallel()
	is := func(date string) func() string { return func() string { return date } }
	in := func(d time.Duration) func() string {
		return func() string { return time.Now().UTC().Add(d).Format(http.TimeFormat) }
	}
	const centuries = 106_000 * 24 * time.Hour // 290 years
	for name, dates := range map[string][]func() string{
		"none":                    {is("")},
		"no date":                 {is("yesterday")},
		"Unix seconds":            {is("1764000000")},
		"32 s ahead":              {in(32 * time.Second)},
		"a year behind":           {in(-365 * 24 * time.Hour)},
		"an hour either way":      {in(time.Hour), in(-time.Hour)},
		"290 years ahead":         {in(centuries)},
		"290 years either way":    {in(centuries), in(-centuries)},
		"millennia ahead":         {is("Fri, 31 Dec 9999 23:59:59 GMT")},
		"millennia either way":    {is("Fri, 31 Dec 9999 23:59:59 GMT"), is("Sat, 01 Jan 0000 00:00:00 GMT")},
		"the epoch and far ahead": {is("Thu, 01 Jan 1970 00:00:00 GMT"), is("Wed, 01 Jan 2400 00:00:00 GMT")},
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1")
			n := -1
			w.date = func() string { n++; return dates[n%len(dates)]() }
			r := w.machine(twoHours).apply()
			if r.status != 1 && r.status != 3 || len(r.report.Decisions) > 0 && r.report.Decisions[0].Outcome != "withheld" {
				t.Errorf("status %d\n%s", r.status, r)
			}
			r.says("clock").says("nothing is stopped")
			w.stopped()
		})
	}
}

// A for that was made shorter counts for the event in force, too.
func TestAShorterFor(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.account.flows = []string{flow("etl")}
	const policy = `version: 1
policy: brake
mode: enforce
rules:
  - {name: runaway, on: [event], when: event.type == "runaway", limits: none, for: 6h}
`
	m := w.machine(policy)
	m.invoke(strings.Replace(alarm, "{{now}}", time.Now().Add(-14*time.Minute).UTC().Format(time.RFC3339), 1)).want(0)
	w.account.rows = []string{row("etl", "run-1", ago(time.Minute))}
	m.policy(strings.Replace(policy, "6h", "5m", 1))
	m.invoke(timer).want(0).whole(true)
	w.stopped()
}

// An answer without a StartedTime says nothing of the execution: neither that it
// has ended, nor that it may be stopped.
func TestNoStartedTime(t *testing.T) {
	t.Parallel()
	for name, started := range map[string]string{
		"left out": `"StoppedTime":""`, "empty": `"StartedTime":""`, "null": `"StartedTime":null`,
		"no time": `"StartedTime":"yesterday"`, "a number": `"StartedTime":1764000000000`, "no such day": `"StartedTime":"2026-02-30T00:00:00Z"`,
		"the year 0": `"StartedTime":"0000-00-00T00:00:00Z"`,
	} {
		t.Run(name+" in DescribeExecution", func(t *testing.T) {
			w := overdue(t, "run-1", "run-2", "run-3", "run-4", "run-5")
			m := w.machine(strings.Replace(twoHours, "maxStops: 100", "maxStops: 3", 1))
			m.invoke(timer).want(1, outcomes("withheld", "etl/run-1", "etl/run-2", "etl/run-3", "etl/run-4", "etl/run-5")...)
			m.policy(twoHours)
			w.on("DescribeExecution", func(c call) *answer { return say("%s", row("etl", c.Get("ExecutionName"), started)) })
			w.on("ListExecutions", func(call) *answer { return refuse(403, "AccessDenied", "The resources doesn't belong to you.") })
			m.invoke(timer).doubtful()
			w.on("ListExecutions", nil)
			w.on("DescribeExecution", nil)
			m.invoke(timer) // what was not known to have ended is not forgotten
			w.stopped("etl/run-1", "etl/run-2", "etl/run-3", "etl/run-4", "etl/run-5")
		})
		t.Run(name+" in ListExecutions", func(t *testing.T) {
			w := overdue(t, "run-1")
			w.on("ListExecutions", func(call) *answer { return page("Executions", "", row("etl", "run-2", started)) })
			w.machine(twoHours).apply().want(3).doubtful()
			w.stopped()
		})
	}
}
