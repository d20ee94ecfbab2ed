package sweep_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// limited is twoHours with maxStops: n in an hour.
func limited(t *testing.T, n int) *policy.Policy {
	t.Helper()
	return parse(t, strings.Replace(twoHours, "maxStops: 100", fmt.Sprintf("maxStops: %d, per: 1h", n), 1))
}

// always is limited, with a rule that has every flow looked at in every sweep.
func always(t *testing.T, n int) *policy.Policy {
	t.Helper()
	return parse(t, fmt.Sprintf(`
version: 1
policy: test
mode: enforce
limits: {maxStops: %d, per: 1h, maxShare: 100%%}
rules: [{name: two-hours, when: 'execution.age > duration("2h") or execution.name == "x"'}]
`, n))
}

// memory is one without a file.
func memory(t interface {
	Helper()
	Fatal(...any)
}) *sweep.Memory {
	t.Helper()
	m, err := sweep.NewMemory(sweep.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// overdue is n executions that twoHours condemns, the longest running first.
func overdue(n int) []cloudflow.Execution {
	var all []cloudflow.Execution
	for i := range n {
		all = append(all, running(fmt.Sprintf("e%03d", i), 24*time.Hour-time.Duration(i)*time.Minute))
	}
	return all
}

// alive has DescribeExecution tell of executions at once, too.
func (c *cloud) alive(all []cloudflow.Execution) {
	c.live = map[string]cloudflow.Execution{}
	for _, e := range all {
		c.live[e.Name] = e
	}
}

func TestMaxStopsWithholdsAll(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(4)})
	r, err := sweep.Run(t.Context(), c.options(limited(t, 3)))
	if c.calls["StopExecution"] != 0 {
		t.Fatalf("%d StopExecution calls beyond the limit", c.calls["StopExecution"])
	}
	want := "4 condemned and 0 stops tried in the last 1h, but maxStops allows 3: nothing is stopped. " +
		"If the rules are right, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxStops in the policy; if not, correct them. See docs/withheld.md"
	if codeOf(err) != result.CodeWithheld || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if diff := cmp.Diff(&result.Withheld{Limit: "maxStops", Condemned: 4, Max: 3, Allowed: 3, Window: "1h"}, r.Withheld); diff != "" {
		t.Errorf("withheld (-want +got):\n%s", diff)
	}
	for execution, outcome := range outcomes(r) {
		if outcome != result.WithheldOutcome {
			t.Errorf("%s is %s", execution, outcome)
		}
	}
	if len(r.Decisions) != 4 || !r.Complete {
		t.Errorf("%d decisions, complete %v", len(r.Decisions), r.Complete)
	}
}

// Where the limits say trickle, the most overdue are stopped, the rest is withheld, both
// are said, and the sweep fails all the same. The next has nothing left.
func TestTheMostOverdueTrickle(t *testing.T) {
	p := parse(t, strings.Replace(twoHours, "maxStops: 100", "over: trickle, maxStops: 3, per: 1h", 1))
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(5)})
	r, recording, err := sweep.Plan(t.Context(), c.options(p))
	if codeOf(err) != result.CodeWithheld || len(recording) != 5 || len(c.stopped()) != 0 || !r.Trickles(err) {
		t.Errorf("error %v, recorded %v", err, recording)
	}
	o := c.options(p)
	o.Memory = memory(t)
	r, err = sweep.Run(t.Context(), o)
	const want = "5 condemned and 0 stops tried in the last 1h, but maxStops allows 3: the most overdue are stopped, as many as it allows, and the others are withheld. " +
		"If the rules are right, wait, let a plan that you have read pass once, with flowreaper apply --plan FILE --allow N, or raise limits.maxStops in the policy; if not, correct them. See docs/withheld.md"
	if codeOf(err) != result.CodeWithheld || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if diff := cmp.Diff(&result.Withheld{Limit: "maxStops", Condemned: 5, Max: 3, Allowed: 3, Window: "1h", Trickle: true}, r.Withheld); diff != "" {
		t.Errorf("withheld (-want +got):\n%s", diff)
	}
	told := map[string]result.Outcome{"e000": result.Stopped, "e001": result.Stopped, "e002": result.Stopped, "e003": result.WithheldOutcome, "e004": result.WithheldOutcome}
	if diff := cmp.Diff(told, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	c.advance(time.Minute)
	r, err = sweep.Run(t.Context(), o)
	if codeOf(err) != result.CodeWithheld || len(c.stopped()) != 3 || r.Withheld.Allowed != 0 || r.Withheld.Recent != 3 {
		t.Errorf("a minute later: error %v, %d stopped, %+v", err, len(c.stopped()), r.Withheld)
	}
	c.advance(2 * time.Hour)
	o.Allowed, o.Approved = true, recording
	if _, err = sweep.Run(t.Context(), o); err != nil || len(c.stopped()) < 5 {
		t.Errorf("let pass: error %v, %d stopped", err, len(c.stopped()))
	}
}

func TestMaxStopsCountsWhatWasTriedLately(t *testing.T) {
	m, p := memory(t), always(t, 3)
	run := func(n int, at time.Duration) (*cloud, *result.Report, error) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(n)})
		c.alive(overdue(n))
		c.now = noon.Add(at)
		o := c.options(p)
		o.Memory = m
		r, err := sweep.Run(t.Context(), o)
		return c, r, err
	}
	if c, _, err := run(2, 0); err != nil || len(c.stopped()) != 2 {
		t.Fatalf("error %v, stopped %v", err, c.stopped())
	}
	c, r, err := run(2, 59*time.Minute)
	if codeOf(err) != result.CodeWithheld || len(c.stopped()) != 0 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	if diff := cmp.Diff(&result.Withheld{Limit: "maxStops", Condemned: 2, Recent: 2, Max: 3, Allowed: 1, Window: "1h"}, r.Withheld); diff != "" {
		t.Errorf("withheld (-want +got):\n%s", diff)
	}
	if c, _, err := run(1, 59*time.Minute); err != nil || len(c.stopped()) != 1 {
		t.Errorf("one more fits: error %v, stopped %v", err, c.stopped())
	}
	if c, _, err := run(2, 61*time.Minute); err != nil || len(c.stopped()) != 2 {
		t.Errorf("an hour later: error %v, stopped %v", err, c.stopped())
	}
}

// A clock that jumped for one sweep must not make the ledger forget what was
// tried: the next sweep would stop as many again.
func TestClockThatIsOffLeavesTheLedger(t *testing.T) {
	m, p := memory(t), limited(t, 2)
	run := func(n int, offset time.Duration) (*cloud, error) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(n)})
		c.alive(overdue(n))
		c.offset = offset
		o := c.options(p)
		o.Memory = m
		_, err := sweep.Run(t.Context(), o)
		return c, err
	}
	if c, err := run(2, 0); err != nil || len(c.stopped()) != 2 {
		t.Fatalf("error %v, stopped %v", err, c.stopped())
	}
	if c, err := run(1, 24*time.Hour); codeOf(err) != result.CodeClockSkew || len(c.stopped()) != 0 {
		t.Errorf("a day off: error %v, stopped %v", err, c.stopped())
	}
	if c, err := run(1, 0); codeOf(err) != result.CodeWithheld || len(c.stopped()) != 0 {
		t.Errorf("afterwards: error %v, stopped %v", err, c.stopped())
	}
}

// Sweeps that run at once, as two invocations in one process may, share one
// limit: together they never stop more.
func TestMaxStopsHoldsForSweepsAtOnce(t *testing.T) {
	m, p := memory(t), always(t, 5)
	var clouds []*cloud
	var group sync.WaitGroup
	for i := range 8 {
		a, b := running(fmt.Sprint("a", i), 3*time.Hour), running(fmt.Sprint("b", i), 3*time.Hour)
		c := newCloud(map[string][]cloudflow.Execution{"f": {a, b}})
		clouds = append(clouds, c)
		o := c.options(p)
		o.Memory = m
		group.Go(func() { _, _ = sweep.Run(context.Background(), o) })
	}
	group.Wait()
	stops := 0
	for _, c := range clouds {
		stops += len(c.stopped())
	}
	if stops != 4 {
		t.Errorf("%d stops, want the 4 that fit into 5 two at a time", stops)
	}
}

func TestModesAndProtectionCountTowardsNoLimit(t *testing.T) {
	p := parse(t, `
version: 1
policy: test
mode: enforce
limits: {maxStops: 1, per: 1h}
protect: {flows: [payroll]}
rules:
  - {name: enforced, flows: [etl, payroll], maxRuntime: 2h}
  - {name: softened, flows: [web], maxRuntime: 2h, mode: plan}
`)
	c := newCloud(map[string][]cloudflow.Execution{
		"etl": {running("stop", 3*time.Hour)}, "payroll": {running("hold", 3*time.Hour)}, "web": {running("show", 3*time.Hour)},
	})
	r, err := sweep.Run(t.Context(), c.options(p))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]result.Outcome{"stop": result.Stopped, "hold": result.ProtectedOutcome, "show": result.Planned}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stop"}, c.stopped()); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
}

func TestModeIsSoftenedNeverHardened(t *testing.T) {
	plan := parse(t, "version: 1\npolicy: test\nrules: [{name: two-hours, maxRuntime: 2h}]\n")
	for _, test := range []struct {
		name   string
		policy *policy.Policy
		mode   policy.Mode
		want   policy.Mode
		stops  int
	}{
		{"enforce, unsoftened", parse(t, twoHours), "", policy.ModeEnforce, 1},
		{"enforce, softened", parse(t, twoHours), policy.ModePlan, policy.ModePlan, 0},
		{"plan, unsoftened", plan, "", policy.ModePlan, 0},
		{"plan is not hardened", plan, policy.ModeEnforce, policy.ModePlan, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
			o := c.options(test.policy)
			o.Mode = test.mode
			r, err := sweep.Run(t.Context(), o)
			if err != nil || r.Mode != test.want || len(c.stopped()) != test.stops {
				t.Errorf("error %v, mode %s, stopped %v", err, r.Mode, c.stopped())
			}
		})
	}
}

func TestOnlyTheApprovedIsStopped(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(2)})
	_, recording, err := sweep.Plan(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || len(recording) != 2 || len(c.stopped()) != 0 {
		t.Fatalf("error %v, recorded %v, stopped %v", err, recording, c.stopped())
	}
	c.executions["f"][0].Items = overdue(3)
	o := c.options(parse(t, twoHours))
	o.Approved = recording
	r, err := sweep.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]result.Outcome{"e000": result.Stopped, "e001": result.Stopped, "e002": result.Planned}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestPlanStopsNothingAndLeavesTheMemory(t *testing.T) {
	m := memory(t)
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(2)})
	o := c.options(limited(t, 2))
	o.Memory = m
	for range 2 {
		r, _, err := sweep.Plan(t.Context(), o)
		if err != nil || r.Mode != policy.ModePlan || r.Calls.StopExecution != 0 || r.Calls.DescribeExecution != 0 {
			t.Errorf("error %v, mode %s, calls %+v", err, r.Mode, r.Calls)
		}
		if diff := cmp.Diff(map[string]result.Outcome{"e000": result.Planned, "e001": result.Planned}, outcomes(r)); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	}
	if _, err := sweep.Run(t.Context(), o); err != nil {
		t.Errorf("after two plans: %v", err)
	}
}

// A person who has read such a plan may let it pass, so it must hold the stops.
func TestPlanOfMoreThanTheLimitSaysWhatItWouldStop(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
	r, recording, err := sweep.Plan(t.Context(), c.options(limited(t, 2)))
	if codeOf(err) != result.CodeWithheld || r.Withheld == nil || len(recording) != 3 || len(c.stopped()) != 0 {
		t.Errorf("error %v, withheld %v, recorded %v", err, r.Withheld, recording)
	}
}

func TestClockThatIsOffStopsNothing(t *testing.T) {
	for _, test := range []struct {
		offset time.Duration
		noDate bool
		want   string
	}{
		{offset: 30 * time.Second},
		{offset: -30 * time.Second},
		{offset: 31 * time.Second, want: "this machine's clock is 31s behind CloudFlow's, more than 30s: nothing is stopped. Set it, with NTP for instance"},
		{offset: -5 * time.Minute, want: "this machine's clock is 5m ahead of CloudFlow's, more than 30s: nothing is stopped. Set it, with NTP for instance"},
		{noDate: true, want: "no answer carried a Date header, so this machine's clock can't be checked: nothing is stopped"},
	} {
		t.Run(fmt.Sprint(test.offset, test.noDate), func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
			c.offset, c.noDate = test.offset, test.noDate
			r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
			if test.want == "" {
				if err != nil || len(c.stopped()) != 1 {
					t.Errorf("error %v, stopped %v", err, c.stopped())
				}
				return
			}
			if len(c.stopped()) != 0 || r.Complete || outcomes(r)["e000"] != result.WithheldOutcome {
				t.Errorf("stopped %v, complete %v, outcomes %v", c.stopped(), r.Complete, outcomes(r))
			}
			if codeOf(err) != result.CodeClockSkew || err.Error() != test.want || r.Errors[0].Code != "ClockSkew" {
				t.Errorf("error %q, want %q, errors %v", err, test.want, r.Errors)
			}
		})
	}
}

func TestClockSkewIsToldWhenNothingIsCondemned(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": nil})
	c.offset = time.Minute
	if r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours))); codeOf(err) != result.CodeClockSkew || r.Complete {
		t.Errorf("error %v, complete %v", err, r.Complete)
	}
}

// Ages are by CloudFlow's clock, and two seconds are left for its imprecision.
func TestNothingIsCondemnedBeforeDue(t *testing.T) {
	for _, test := range []struct {
		age    time.Duration // by CloudFlow's clock
		offset time.Duration
		stops  int
	}{
		{2*time.Hour + 2*time.Second, 0, 0},
		{2*time.Hour + 2*time.Second + time.Millisecond, 0, 1},
		{2*time.Hour + 2*time.Second, -20 * time.Second, 0},
		{2*time.Hour + 2*time.Second + time.Millisecond, 20 * time.Second, 1},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("e", test.age)}})
		c.offset, c.now = test.offset, noon.Add(-test.offset)
		if _, err := sweep.Run(t.Context(), c.options(parse(t, twoHours))); err != nil || len(c.stopped()) != test.stops {
			t.Errorf("age %v, offset %v: error %v, stopped %v", test.age, test.offset, err, c.stopped())
		}
	}
}

// A stop's turn may come long after the listing: what no rule condemns any more
// by then is spared, and its reservation is given back.
func TestEachIsJudgedAgainAtItsTurn(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 4*time.Minute), running("second", 3*time.Minute)}})
	c.onStop = func(context.Context, string) error { c.advance(5 * time.Minute); return nil }
	m := memory(t)
	o := c.options(parse(t, `
version: 1
policy: test
mode: enforce
limits: {maxStops: 2, per: 1h, maxShare: 100%}
rules: [{name: young, when: execution.age < duration("5m")}]
`))
	o.Memory = m
	r, err := sweep.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]result.Outcome{"first": result.Stopped}, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if r.Executions.Condemned != 1 || len(c.stopped()) != 1 {
		t.Errorf("%+v, stopped %v", r.Executions, c.stopped())
	}
	again := newCloud(map[string][]cloudflow.Execution{"f": {running("third", 0)}})
	o.Source, o.Stopper, o.Now = again, again, again.clock
	if _, err := sweep.Run(t.Context(), o); err != nil {
		t.Errorf("the spared one still counts: %v", err)
	}
}

func TestClockGoingOffHalfWayStopsTheStopping(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
	c.onStop = func(context.Context, string) error { c.offset = time.Hour; return nil }
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if codeOf(err) != result.CodeClockSkew || len(c.stopped()) != 1 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	want := map[string]result.Outcome{"e000": result.Stopped, "e001": result.WithheldOutcome, "e002": result.WithheldOutcome}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}
