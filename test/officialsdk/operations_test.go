package officialsdk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/fnf"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

const referenceAccount = `
flows:
  - name: flow
    description: the reference's
    definition: "version: v1\ntype: flow\n"
    roleArn: acs:ram::123456789012:role/flow
    executions:
      - {name: exec, startedAgo: 3h, input: {priority: low}}
`

// The example of the StopExecution reference: flow, exec, "for test", "nill".
func TestStopExecutionAsInTheReference(t *testing.T) {
	w := newWorld(t, referenceAccount, emulator.Options{})
	request := fnf.CreateStopExecutionRequest()
	request.FlowName, request.ExecutionName = "flow", "exec"
	request.Cause, request.Error = "for test", "nill"
	answer, err := w.StopExecution(request)
	if err != nil {
		t.Fatal(err)
	}

	if answer.RequestId == "" {
		t.Error("the answer has no RequestId")
	}
	apiTime(t, "StartedTime", answer.StartedTime)
	stopped := apiTime(t, "StoppedTime", answer.StoppedTime)
	// This SDK has no field for RoleArn: it stands in the raw body.
	got := map[string]string{
		"Name": answer.Name, "FlowName": answer.FlowName, "Status": answer.Status,
		"Input": answer.Input, "Output": answer.Output, "FlowDefinition": answer.FlowDefinition,
		"RoleArn": rawField(t, answer.GetHttpContentString(), "RoleArn"),
	}
	want := map[string]string{
		"Name": "exec", "FlowName": "flow", "Status": "Running",
		"Input": `{"priority":"low"}`, "Output": "", "FlowDefinition": "version: v1\ntype: flow\n",
		"RoleArn": "acs:ram::123456789012:role/flow",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("StopExecution's answer (-want +got):\n%s", diff)
	}

	described := describe(t, w, "flow", "exec")
	if described.Status != "Stopped" || !apiTime(t, "StoppedTime", described.StoppedTime).Equal(stopped) {
		t.Errorf("DescribeExecution says %s at %s, want Stopped at %s", described.Status, described.StoppedTime, answer.StoppedTime)
	}
	stops := w.emulator.Stats().Stops
	if len(stops) != 1 || stops[0].Error != "nill" || stops[0].Cause != "for test" {
		t.Errorf("the emulator recorded %+v", stops)
	}
}

func describe(t *testing.T, w *world, flow, execution string) *fnf.DescribeExecutionResponse {
	t.Helper()
	request := fnf.CreateDescribeExecutionRequest()
	request.FlowName, request.ExecutionName = flow, execution
	answer, err := w.DescribeExecution(request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestFlowsFromCreationToDeletion(t *testing.T) {
	w := newWorld(t, "flows: []", emulator.Options{})
	create := fnf.CreateCreateFlowRequest()
	create.Name, create.Description, create.Type = "canary", "made by a test", "FDL"
	create.Definition, create.RoleArn, create.ExecutionMode = "version: v1\ntype: flow\n", "acs:ram::1:role/x", "Standard"
	created, err := w.CreateFlow(create)
	if err != nil {
		t.Fatal(err)
	}

	describeFlow := fnf.CreateDescribeFlowRequest()
	describeFlow.Name = "canary"
	described, err := w.DescribeFlow(describeFlow)
	if err != nil {
		t.Fatal(err)
	}
	want := fnf.DescribeFlowResponse{
		BaseResponse: described.BaseResponse, RequestId: described.RequestId, Id: created.Id, Type: "FDL",
		Name: "canary", Description: "made by a test", Definition: "version: v1\ntype: flow\n", RoleArn: "acs:ram::1:role/x",
		ExecutionMode: "Standard", CreatedTime: created.CreatedTime, LastModifiedTime: created.CreatedTime,
	}
	if *described != want || created.Id == "" || described.RequestId == "" {
		t.Errorf("DescribeFlow says %+v, want %+v", *described, want)
	}

	remove := fnf.CreateDeleteFlowRequest()
	remove.Name = "canary"
	if _, err := w.DeleteFlow(remove); err != nil {
		t.Fatal(err)
	}
	_, err = w.DescribeFlow(describeFlow)
	if got, want := problemOf(t, err), (problem{404, "FlowNotExists", "Flow canary does not exist."}); got != want {
		t.Errorf("after its deletion: %+v, want %+v", got, want)
	}
}

func TestStartedExecutionsRunUntilStopped(t *testing.T) {
	w := newWorld(t, "flows: [{name: flow}]", emulator.Options{})
	start := fnf.CreateStartExecutionRequest()
	start.FlowName, start.ExecutionName, start.Input = "flow", "mine", `{"n":1}`
	first, err := w.StartExecution(start)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.StartExecution(start)
	if err != nil {
		t.Fatal(err)
	}
	if first.Status != "Running" || first.StoppedTime != "" || first.Input != `{"n":1}` || again.StartedTime != first.StartedTime {
		t.Errorf("started %+v, then %+v", first, again)
	}

	stop := fnf.CreateStopExecutionRequest()
	stop.FlowName, stop.ExecutionName = "flow", "mine"
	if _, err := w.StopExecution(stop); err != nil {
		t.Fatal(err)
	}
	_, err = w.StartExecution(start)
	want := problem{400, "ExecutionAlreadyExists", "Execution 'mine' for flow 'flow' already exists."}
	if got := problemOf(t, err); got != want {
		t.Errorf("the name of an ended execution: %+v, want %+v", got, want)
	}
}

func TestListsComeInPages(t *testing.T) {
	w := newWorld(t, "generate: [{flows: 25, prefix: load-, live: 250, seed: 1}]", emulator.Options{NoQuota: true})
	flows := map[string]bool{}
	request := fnf.CreateListFlowsRequest()
	request.Limit = requests.NewInteger(10)
	pages := 0
	for more := true; more; pages++ {
		answer, err := w.ListFlows(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range answer.Flows {
			flows[f.Name] = true
		}
		request.NextToken, more = answer.NextToken, answer.NextToken != ""
	}
	if len(flows) != 25 || pages != 3 {
		t.Errorf("%d flows in %d pages, want 25 in 3", len(flows), pages)
	}

	executions, pages := listAll(t, w, "load-7")
	if len(executions) != 250 || pages != 3 {
		t.Errorf("%d executions in %d pages, want 250 in 3", len(executions), pages)
	}
}

func listAll(t *testing.T, w *world, flow string) (executions map[string]bool, pages int) {
	t.Helper()
	executions = map[string]bool{}
	request := fnf.CreateListExecutionsRequest()
	request.FlowName, request.Limit, request.Status = flow, requests.NewInteger(99), "Running"
	request.ExecutionNamePrefix = "live-"
	request.StartedTimeEnd = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for more := true; more; pages++ {
		answer, err := w.ListExecutions(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.Executions {
			executions[e.Name] = true
			if e.StoppedTime != "" || e.FlowName != flow || e.Status != "Running" {
				t.Errorf("a running execution came as %+v", e)
			}
		}
		request.NextToken, more = answer.NextToken, answer.NextToken != ""
	}
	return executions, pages
}

func TestHistoryComesInPages(t *testing.T) {
	w := newWorld(t, "flows: [{name: flow, executions: [{name: a, startedAgo: 1h, endedAgo: 0s, steps: 30}]}]", emulator.Options{})
	var types []string
	request := fnf.CreateGetExecutionHistoryRequest()
	request.FlowName, request.ExecutionName, request.Limit = "flow", "a", requests.NewInteger(100)
	for more := true; more; {
		answer, err := w.GetExecutionHistory(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.Events {
			types = append(types, fmt.Sprint(e.EventId, e.Type))
		}
		request.NextToken, more = answer.NextToken, answer.NextToken != ""
	}
	if len(types) != 152 || types[0] != "1ExecutionStarted" || types[151] != "152ExecutionSucceeded" {
		t.Errorf("%d events, from %s to %s", len(types), types[0], types[len(types)-1])
	}
}

func TestRegions(t *testing.T) {
	w := newWorld(t, "flows: []", emulator.Options{})
	request := requests.NewCommonRequest()
	request.Method, request.Domain, request.Scheme = "POST", w.address, "http"
	request.Version, request.ApiName = "2019-03-15", "DescribeRegions"
	request.FormParams["AcceptLanguage"] = "en-US"
	answer, err := w.ProcessCommonRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"RegionId":"cn-hangzhou","RegionEndpoint":"cn-hangzhou.fnf.aliyuncs.com","LocalName":"cn-hangzhou"}`
	if got := answer.GetHttpContentString(); !strings.Contains(got, `"Regions":{"Region":[`+want) {
		t.Errorf("DescribeRegions answers %s", got)
	}
}
