package doctor

import (
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// guarded is a run on an account of one flow with one live execution.
func guarded(t *testing.T) (*examiner, *emulator.Server) {
	t.Helper()
	server, err := emulator.New(&account.Account{Flows: []account.Flow{{
		Name: "payroll", Executions: []account.Execution{{Name: "salaries", StartedAgo: 1}}}}}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	x, closeAll, err := newExaminer(Options{
		Region: "cn-hangzhou", HTTPClient: server,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeAll)
	if x.client, err = x.once(func(*cloudflow.Options) {}); err != nil {
		t.Fatal(err)
	}
	return x, server
}

// TestGuardKeepsAwayFromTheAccount tries every change that the API has, by
// every client of a run, on a flow that is not the run's.
func TestGuardKeepsAwayFromTheAccount(t *testing.T) {
	for _, call := range []cloudflow.RawCall{
		{Operation: "StopExecution", Method: "POST", Params: map[string]string{"FlowName": "payroll", "ExecutionName": "salaries"}},
		{Operation: "StopExecution", Method: "POST", Params: map[string]string{"FlowName": "payroll", "Name": "flowreaper-canary-1", "ExecutionName": "salaries"}},
		{Operation: "StartExecution", Method: "POST", Params: map[string]string{"FlowName": "payroll"}},
		{Operation: "DeleteFlow", Method: "POST", Params: map[string]string{"Name": "payroll"}},
		{Operation: "DeleteFlow", Method: "POST", Params: map[string]string{}},
		{Operation: "CreateFlow", Method: "POST", Params: map[string]string{"Name": "flowreaper-canary-2", "Type": "FDL", "Definition": "x", "Description": "x"}},
		{Operation: "UpdateFlow", Method: "POST", Params: map[string]string{"Name": "payroll"}},
		{Operation: "UpdateFlow", Method: "POST", Params: map[string]string{"Name": "flowreaper-canary-1"}},
		{Operation: "StopExecution", Params: map[string]string{"FlowName": "payroll", "ExecutionName": "salaries"}},
		{Operation: "ReportTaskFailed", Method: "POST", Params: map[string]string{"TaskToken": "x"}},
		{Operation: "ListFlows", Params: map[string]string{"Action": "StopExecution", "FlowName": "payroll", "ExecutionName": "salaries"}},
	} {
		x, server := guarded(t)
		x.guard.mayCreate("flowreaper-canary-1")
		x.guard.own("flowreaper-canary-1")
		_, err := cloudflow.Raw(t.Context(), x.client, call)
		if err == nil || !strings.Contains(err.Error(), "doctor's guard refused the request, nothing was sent") {
			t.Errorf("%s %v: error %v", call.Operation, call.Params, err)
		}
		if calls := server.Stats().Calls; len(calls) > 0 {
			t.Errorf("%s %v reached the account: %v", call.Operation, call.Params, calls)
		}
		if _, err := x.client.StopExecution(t.Context(), cloudflow.Stop{FlowName: "payroll", ExecutionName: "salaries"}); err == nil {
			t.Error("the client's own StopExecution passed")
		}
		if e, err := server.Execution("payroll", "salaries"); err != nil || !e.Live() {
			t.Errorf("%s: the execution is %+v, %v", call.Operation, e, err)
		}
	}
}

func TestGuardLetsPass(t *testing.T) {
	const own = "flowreaper-canary-1"
	create := func(g *guard) { g.mayCreate(own) }
	created := func(g *guard) { g.mayCreate(own); g.own(own) }
	for _, test := range []struct {
		name  string
		state func(*guard)
		asked asked
		want  bool
	}{
		{"reading any flow", func(*guard) {}, asked{[]string{"ListExecutions"}, []string{"payroll"}}, true},
		{"an action named twice alike", func(*guard) {}, asked{[]string{"ListFlows", "ListFlows"}, nil}, true},
		{"no action", func(*guard) {}, asked{}, false},
		{"two actions", created, asked{[]string{"ListFlows", "StopExecution"}, []string{own}}, false},
		{"creating a free name", create, asked{[]string{"CreateFlow"}, []string{own}}, true},
		{"creating another", create, asked{[]string{"CreateFlow"}, []string{"flowreaper-canary-2"}}, false},
		{"deleting before it is created", create, asked{[]string{"DeleteFlow"}, []string{own}}, false},
		{"owning what may not be created", func(g *guard) { g.own(own) }, asked{[]string{"DeleteFlow"}, []string{own}}, false},
		{"starting", created, asked{[]string{"StartExecution"}, []string{own}}, true},
		{"stopping", created, asked{[]string{"StopExecution"}, []string{own}}, true},
		{"deleting", created, asked{[]string{"DeleteFlow"}, []string{own}}, true},
		{"its own and another", created, asked{[]string{"DeleteFlow"}, []string{own, "payroll"}}, false},
		{"what was disowned", func(g *guard) { created(g); g.disown(own) }, asked{[]string{"DeleteFlow"}, []string{own}}, false},
	} {
		g := newGuard(nil)
		test.state(g)
		if err := g.check(test.asked); (err == nil) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestGuardReadsWhereServersLook covers all places that name an operation or a
// flow.
func TestGuardReadsWhereServersLook(t *testing.T) {
	r, err := http.NewRequest("POST", "https://example.com/?Action=A&FlowName=f1&FlowName=f2", strings.NewReader("Action=B&Name=f3"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header["x-acs-action"] = []string{"C"}
	r.Header.Set("X-Acs-Action", "D")
	got, err := readAsked(r)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.actions)
	want := asked{actions: []string{"A", "B", "C", "D"}, flows: []string{"f1", "f2", "f3"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(asked{})); diff != "" {
		t.Error(diff)
	}
	body := make([]byte, 64)
	if n, _ := r.Body.Read(body); string(body[:n]) != "Action=B&Name=f3" {
		t.Errorf("the body is not put back: %q", body[:n])
	}
}

// TestCanaryRefusesATakenName: whoever has the flow, it stays as it is.
func TestCanaryRefusesATakenName(t *testing.T) {
	x, server := guarded(t)
	c := x.newCanary("x", "Standard")
	c.name = "payroll"
	err := c.create(t.Context())
	if err == nil || err.Error() != `a flow named "payroll" exists; it is not touched` {
		t.Errorf("error %v", err)
	}
	c.clean(t.Context())
	if diff := cmp.Diff(map[string]int{"DescribeFlow": 1}, server.Stats().Calls); diff != "" {
		t.Error(diff)
	}
}

// TestCleaningSparesAStranger: between creation and deletion the name went to
// somebody else's flow.
func TestCleaningSparesAStranger(t *testing.T) {
	x, server := guarded(t)
	c := x.newCanary("x", "Standard")
	c.name, c.made = "payroll", true
	x.guard.mayCreate(c.name)
	x.guard.own(c.name)
	c.clean(t.Context())
	if diff := cmp.Diff(map[string]int{"DescribeFlow": 1}, server.Stats().Calls); diff != "" {
		t.Error(diff)
	}
	if len(x.report.Notes) != 1 {
		t.Errorf("notes %q", x.report.Notes)
	}
}

// TestNothingDeployedCanCreateFlows: what the function is made of must not
// import doctor.
func TestNothingDeployedCanCreateFlows(t *testing.T) {
	const module = "github.com/flowreaper/flowreaper/"
	deployed := []string{module + "internal/sweep", module + "internal/cloudflow", module + "policy"}
	if out, err := exec.Command("go", "list", module+"function", module+"deploy/recorder").Output(); err == nil {
		deployed = append(deployed, strings.Fields(string(out))...)
	}
	out, err := exec.Command("go", append([]string{"list", "-deps"}, deployed...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), module+"internal/doctor") {
		t.Errorf("%q import doctor", deployed)
	}
}
