package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// oneEach lets so many imports a customer run, whichever flows they are of.
const oneEach = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 100000, maxShare: 100%%}
protect: {when: execution.input.keep == true}
rules: [{name: customers, flows: ["import-*"], maxConcurrent: %d, countBy: execution.input.customer, stopFirst: %s, when: execution.input.n > 3}]
`

// importOf is an execution, by the JSON that its input has of a customer.
func importOf(name, customer, n string, age time.Duration) cloudflow.Execution {
	e := running(name, age)
	e.Input = fmt.Sprintf(`{"customer":%s,"n":%s,"keep":%t}`, customer, n, strings.HasSuffix(name, "k"))
	return e
}

// What a customer has too much of is stopped, in the rule's order, over all flows; a
// customer who can't be told, and everybody where a flow's listing failed, is undecided.
func TestPropertyCountBy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flows := map[string][]cloudflow.Execution{}
		var all []imported
		for _, flow := range []string{"import-a", "import-b", "import-c", "web"} {
			flows[flow] = nil
			for i := range rapid.IntRange(0, 5).Draw(t, "live in "+flow) {
				one := imported{flow: flow, customer: rapid.SampledFrom([]string{`"acme"`, `"acme"`, `"Acme"`, `1`, `1.0`, `"1"`, `null`, `["acme"]`, `{"id":1}`, `"` + strings.Repeat("x", 300) + `"`}).Draw(t, "customer"),
					n: rapid.SampledFrom([]string{"5", "5", "5", "0", `"many"`}).Draw(t, "n")}
				name := fmt.Sprint(flow[len(flow)-1:], i, rapid.SampledFrom([]string{"", "", "", "k"}).Draw(t, "protected"))
				one.Execution = importOf(name, one.customer, one.n, time.Duration(rapid.IntRange(1, 5).Draw(t, "age"))*time.Hour)
				flows[flow], all = append(flows[flow], one.Execution), append(all, one)
			}
		}
		c := newCloud(flows)
		failing := rapid.SampledFrom([]string{"", "", "", "import-b", "web", "*"}).Draw(t, "fails")
		switch failing {
		case "*":
			c.flowsErr = apiError("ServiceUnavailable", 503, cloudflow.Retry)
		case "":
		default:
			c.listErr[failing] = apiError("ServiceUnavailable", 503, cloudflow.Retry)
		}
		most := rapid.IntRange(1, 3).Draw(t, "maxConcurrent")
		order := rapid.SampledFrom([]string{"newest", "oldest"}).Draw(t, "stopFirst")
		o := c.options(parse(t, fmt.Sprintf(oneEach, most, order)))
		o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
		want, undecided := overCustomers(all, most, order, failing)
		r, err := sweep.Run(context.Background(), o)
		if diff := cmp.Diff(want, outcomes(r)); err != nil || diff != "" {
			t.Fatalf("error %v, outcomes (-model +sweep):\n%s", err, diff)
		}
		var got []string
		for _, u := range r.Undecided {
			got = append(got, u.Execution)
		}
		slices.Sort(got)
		if diff := cmp.Diff(undecided, got); diff != "" {
			t.Fatalf("undecided (-model +sweep):\n%s\n%v", diff, r.Undecided)
		}
	})
}

type imported struct {
	cloudflow.Execution
	flow, customer, n string
}

// overCustomers is what docs/policy.md says, naively.
func overCustomers(all []imported, most int, order, failing string) (outcome map[string]result.Outcome, undecided []string) {
	outcome = map[string]result.Outcome{}
	key := func(e imported) string { return strings.ReplaceAll(e.customer, "1.0", "1") }
	sorted := slices.SortedFunc(slices.Values(all), func(a, b imported) int {
		older := a.StartedTime.Compare(b.StartedTime)
		if older == 0 {
			older = strings.Compare(a.Name, b.Name)
		}
		if order == "newest" {
			older = -older
		}
		return older
	})
	live, taken := map[string]int{}, map[string]int{}
	for _, e := range all {
		if e.flow != "web" {
			live[key(e)]++
		}
	}
	for _, e := range sorted {
		k := key(e)
		unknown := k == "null" || strings.HasPrefix(k, "{") || len(k) > 256 || failing == "import-b" || failing == "*"
		switch {
		case e.flow == "web" || e.flow == failing || e.n == "0":
		case unknown:
			undecided = append(undecided, e.Name)
		case taken[k] >= live[k]-most:
		case e.n == "5" && strings.HasSuffix(e.Name, "k"):
			taken[k]++
			outcome[e.Name] = result.ProtectedOutcome
		case e.n == "5":
			taken[k]++
			outcome[e.Name] = result.Stopped
		default:
			taken[k]++
			undecided = append(undecided, e.Name)
		}
	}
	slices.Sort(undecided)
	return outcome, undecided
}

// customers is a flow with an execution a customer, which starts that long ago.
func customers(name string, customers ...string) account.Flow {
	f := account.Flow{Name: name}
	for i, customer := range customers {
		f.Executions = append(f.Executions, account.Execution{
			Name: fmt.Sprint(customer, "-", i), StartedAgo: ago(time.Duration(len(customers)-i)*time.Hour + time.Duration(len(name))*time.Minute),
			Input: account.Payload(fmt.Sprintf(`{"customer":%q,"n":5}`, customer)),
		})
	}
	return f
}

// Over HTTP: flows are counted together from sweep to sweep, also those that begin later.
func TestOneImportACustomer(t *testing.T) {
	late := customers("import-late", "acme")
	late.Executions[0].StartedAgo, late.Executions[0].StartedIn = 0, ago(150*time.Second)
	a := &account.Account{Flows: []account.Flow{customers("import-a", "acme", "acme", "bond"), customers("import-bb", "acme", "carl"), late, customers("web", "acme", "acme")}}
	timed(t, a, fmt.Sprintf(oneEach, 1, "newest"), "", func(t *testing.T, p *process) {
		r, err := p.next()
		if diff := cmp.Diff(map[string]result.Outcome{"acme-0": result.Stopped, "acme-1": result.Stopped}, outcomes(r)); err != nil || diff != "" || !r.Complete {
			t.Errorf("error %v, complete %v, outcomes (-want +got):\n%s", err, r.Complete, diff)
		}
		if got := r.Decisions[0].Reason; !strings.HasSuffix(got, `3 of customer "acme" live, at most 1, among the 2 newest`) {
			t.Errorf("reason %q", got)
		}
		if r, err = p.next(); err != nil || len(r.Decisions) > 0 {
			t.Errorf("error %v, decisions %+v", err, r.Decisions)
		}
		if r, err = p.next(); err != nil || len(r.Decisions) != 1 || r.Decisions[0].Flow != "import-late" || r.Calls.ListExecutions != 6 {
			t.Errorf("error %v, decisions %+v, %d lists", err, r.Decisions, r.Calls.ListExecutions)
		}
	})
}

// What counts and isn't looked at is not known: the rule is undecided.
func TestAFlowThatCountsAndIsLeftOut(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{
		"import-a": {importOf("a", `"acme"`, "5", time.Hour), importOf("b", `"acme"`, "5", 2*time.Hour)}, "import-b": nil, "web": nil,
	})
	for flow, undecided := range map[string]int{"import-a": 2, "import-*": 0} {
		o := c.options(parse(t, fmt.Sprintf(oneEach, 1, "newest")))
		o.Flow = func(name string) bool { return name == flow || flow == "import-*" && name != "web" }
		r, err := sweep.Run(t.Context(), o)
		if err != nil || len(r.Undecided) != undecided || (len(c.stopped()) == 0) != (undecided > 0) {
			t.Errorf("--flow %s: error %v, undecided %v, stopped %v", flow, err, r.Undecided, c.stopped())
		}
		if want := "maxConcurrent: the flow import-b counts too, and no complete list of its executions came"; undecided > 0 && r.Undecided[0].Error != want {
			t.Errorf("undecided since %q", r.Undecided[0].Error)
		}
		c.stops = nil
	}
}

// Rows that leave out by what they are counted are asked for it, whatever comes of them.
func TestInputsThatRowsLeaveOut(t *testing.T) {
	sparse := importOf("sparse", `"acme"`, "0", time.Hour)
	whole := sparse
	sparse.Input, sparse.InputFetched = "", false
	c := newCloud(map[string][]cloudflow.Execution{"import-a": {importOf("a", `"acme"`, "5", 2*time.Hour)}, "import-b": {sparse}})
	for _, known := range []bool{false, true} {
		c.live, c.liveErr = map[string]cloudflow.Execution{"sparse": whole}, map[string]error{}
		if !known {
			c.liveErr["sparse"] = apiError("ServiceUnavailable", 503, cloudflow.Retry)
		}
		text := strings.Replace(fmt.Sprintf(oneEach, 1, "newest"), "execution.input.n > 3", `execution.name == "a"`, 1)
		r, err := sweep.Run(t.Context(), c.options(parse(t, text)))
		if err != nil || r.Complete != known || slices.Contains(c.stopped(), "a") != known {
			t.Errorf("its input is known %v: error %v, complete %v, stopped %v, undecided %v", known, err, r.Complete, c.stopped(), r.Undecided)
		}
	}
}

// Whether children count is asked of a flow whose row doesn't tell of its definition.
func TestAMapThatARowLeavesOut(t *testing.T) {
	for _, distributed := range []bool{false, true} {
		c := newCloud(map[string][]cloudflow.Execution{"import-a": {importOf("a", `"acme"`, "5", 2*time.Hour)}, "import-b": {importOf("b", `"acme"`, "0", time.Hour)}})
		for i := range c.flows[0].Items {
			c.flows[0].Items[i].Absent = []string{"Definition"}
		}
		c.onFlow = func(name string) (cloudflow.Flow, error) {
			return cloudflow.Flow{Name: name, ID: "id-" + name, DistributedMap: distributed && name == "import-b"}, nil
		}
		r, err := sweep.Run(t.Context(), c.options(parse(t, fmt.Sprintf(oneEach, 1, "newest"))))
		if err != nil || slices.Contains(c.stopped(), "a") == distributed || (len(r.Undecided) > 0) != distributed {
			t.Errorf("distributed %v: error %v, stopped %v, undecided %v", distributed, err, c.stopped(), r.Undecided)
		}
	}
}

// Six are too many when they are listed; at their turn four have ended, of two flows.
func TestACountOverFlowsIsMadeAnewInALongSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := hanging("later-a", 5, time.Hour), hanging("later-b", 5, time.Hour)
		for _, e := range []*account.Execution{&a.Executions[0], &a.Executions[1], &b.Executions[0], &b.Executions[1]} {
			e.EndsIn = new(account.Duration)
			*e.EndsIn = ago(30 * time.Second)
		}
		_, c := emulate(t, &account.Account{Flows: []account.Flow{hanging("many", 180, 100*time.Hour), a, b}})
		var stopped []string
		stopper := stopperFunc(func(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
			if s.FlowName != "many" {
				stopped = append(stopped, s.ExecutionName)
			}
			return c.StopExecution(ctx, s)
		})
		rule := `{name: later, flows: ["later-*"], maxConcurrent: 4, countBy: rule}`
		r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, fmt.Sprintf(freshPolicy, rule)), Source: c, Stopper: stopper})
		slices.Sort(stopped)
		if diff := cmp.Diff([]string{"later-a-4", "later-b-4"}, stopped); err != nil || diff != "" {
			t.Errorf("error %v, stopped (-want +got):\n%s", err, diff)
		}
		if r.Calls.ListExecutions > 16 {
			t.Errorf("%d lists: the flows were counted anew for each execution", r.Calls.ListExecutions)
		}
	})
}

// As many flows as can be listed in a sweep's time are counted.
func TestAsManyFlowsAsCanBeCounted(t *testing.T) {
	a := &account.Account{}
	for i := range 36 {
		a.Flows = append(a.Flows, customers(fmt.Sprintf("import-%02d", i), "acme"))
	}
	timed(t, a, fmt.Sprintf(oneEach, 20, "newest"), "", func(t *testing.T, p *process) {
		if r, err := p.next(); err != nil || !r.Complete || len(r.Undecided) > 0 || p.stops() != 16 {
			t.Errorf("error %v, complete %v, undecided %v, %d stops", err, r.Complete, r.Undecided, p.stops())
		}
	})
}

// More flows than can be listed in a minute are never counted in time: that is said, no
// other rule waits for it, and nothing is asked without end.
func TestMoreFlowsThanCanBeCounted(t *testing.T) {
	a := &account.Account{}
	for i := range 70 {
		a.Flows = append(a.Flows, customers(fmt.Sprintf("import-%02d", i), "acme"))
	}
	text := strings.Replace(fmt.Sprintf(oneEach, 1, "newest"), "rules: [", "rules: [{name: old, flows: [import-00, import-01], maxRuntime: 30m}, ", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		for range 3 {
			r, err := p.next()
			if err != nil || r.Complete || slices.ContainsFunc(r.Decisions, func(d result.Decision) bool { return d.Rule == "customers" }) {
				t.Errorf("error %v, complete %v, decisions %+v", err, r.Complete, r.Decisions)
			}
		}
		if p.stops() != 2 {
			t.Errorf("%d stops", p.stops())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		server, c := emulate(t, a)
		r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, text), Source: c, Stopper: c})
		if err != nil || len(server.Stats().Stops) != 2 || r.Complete || r.Calls.ListExecutions > 284 {
			t.Errorf("error %v, %d stops, complete %v, %d lists", err, len(server.Stats().Stops), r.Complete, r.Calls.ListExecutions)
		}
		const why = "the flows that are counted together with %s take longer than 1m to list: nothing is stopped on that count"
		if len(r.Incomplete) != 1 || r.Incomplete[0].Reason != fmt.Sprintf(why, r.Incomplete[0].Flow) {
			t.Errorf("incomplete %v", r.Incomplete)
		}
	})
}
