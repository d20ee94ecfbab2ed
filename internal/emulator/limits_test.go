package emulator_test

import (
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/emulator"
)

// What the documentation allows, up to its bounds, and nothing beyond.
func TestParameters(t *testing.T) {
	flow, exec := []string{"FlowName", "flow"}, []string{"FlowName", "flow", "ExecutionName", "exec"}
	for _, test := range []struct {
		method, operation string
		parameters        []string
		more              []string
		want              string // code, and what Recommend says
	}{
		{"GET", "ListFlows", nil, []string{"Limit", "999"}, ""},
		{"GET", "ListFlows", nil, []string{"Limit", "1000"}, "InvalidArgument: Limit must be a number from 1 to 999, not \\\"1000\\\""},
		{"GET", "ListFlows", nil, []string{"NextToken", "x!"}, "InvalidArgument: NextToken is none of this service's"},
		{"GET", "DescribeFlow", nil, nil, "MissingRequiredParams"},
		{"GET", "ListExecutions", nil, nil, "MissingRequiredParams"},
		{"GET", "ListExecutions", flow, []string{"Limit", "99", "Status", "Starting", "StartedTimeBegin", "2019-01-01T01:01:01.001Z", "StartedTimeEnd", "2019-01-01T09:01:01+08:00"}, ""},
		{"GET", "ListExecutions", flow, []string{"Limit", "0"}, "InvalidArgument: Limit must be a number from 1 to 99"},
		{"GET", "ListExecutions", flow, []string{"Status", "Running,Starting"}, "InvalidArgument: Status must be one status"},
		{"GET", "ListExecutions", flow, []string{"StartedTimeEnd", "1554080461"}, "InvalidArgument: StartedTimeEnd must be a time"},
		{"GET", "ListExecutions", flow, []string{"MetadataOnly", "yes"}, "InvalidArgument: MetadataOnly must be true or false"},
		{"GET", "DescribeExecution", flow, nil, "MissingRequiredParams"},
		{"GET", "DescribeExecution", exec, []string{"WaitTimeSeconds", "61"}, "InvalidArgument: WaitTimeSeconds must be a number from 0 to 60"},
		{"GET", "GetExecutionHistory", exec, []string{"Limit", "999", "NextToken", "2"}, ""},
		{"GET", "GetExecutionHistory", exec, []string{"NextToken", "x"}, "InvalidArgument: NextToken must be the id of an event"},
		{"POST", "StopExecution", exec, []string{"Cause", strings.Repeat("好", 4096), "Error", strings.Repeat("e", 128)}, ""},
		{"POST", "StopExecution", exec, []string{"Cause", strings.Repeat("好", 4097)}, "InvalidArgument: Cause must have 1 to 4096 characters, not 4097"},
		{"POST", "StopExecution", exec, []string{"Cause", ""}, "InvalidArgument: Cause must have 1 to 4096 characters, not 0"},
		{"POST", "StopExecution", exec, []string{"Error", strings.Repeat("e", 129)}, "InvalidArgument: Error must have 1 to 128 characters, not 129"},
		{"POST", "StartExecution", flow, []string{"Input", "not JSON"}, "InvalidArgument: Input must be JSON text"},
		{"POST", "StartExecution", flow, []string{"ExecutionName", "a:b"}, "InvalidArgument: \\\"a:b\\\" is not an execution's name"},
		{"POST", "StartExecution", flow, nil, ""},
		{"POST", "CreateFlow", []string{"Name", "n", "Definition", "d", "Description", "d", "Type", "FDL"}, []string{"Environment", `{"Variables":[{"Name":"A","Value":"b"}]}`}, ""},
		{"POST", "CreateFlow", []string{"Name", "n", "Definition", "d", "Description", "d", "Type", "FDL"}, []string{"Environment", "A=b"}, "InvalidArgument: Environment can't be read"},
		{"POST", "CreateFlow", []string{"Name", "1", "Definition", "d", "Description", "d", "Type", "FDL"}, nil, "InvalidArgument: \\\"1\\\" is not a flow's name"},
		{"POST", "CreateFlow", []string{"Name", "n", "Definition", "d", "Description", "d", "Type", "XML"}, nil, "InvalidArgument: Type must be FDL"},
		{"POST", "DeleteFlow", []string{"Name", "none"}, nil, "FlowNotExists"},
		{"POST", "DescribeRegions", nil, nil, ""},
		{"GET", "StopExecution", exec, nil, "UnsupportedHTTPMethod"},
		{"POST", "ListFlows", nil, nil, "UnsupportedHTTPMethod"},
	} {
		c := newClient(t, newServer(t, one, emulator.Options{}), false)
		_, err := c.call(t.Context(), test.method, test.operation, append(test.parameters, test.more...))
		wantCode, hint, _ := strings.Cut(test.want, ": ")
		if code(err) != wantCode || err != nil && !strings.Contains(err.Error(), hint) {
			t.Errorf("%s %v: got %v, want %s", test.operation, test.more, err, test.want)
		}
	}
}

// Express executions that are started are named as CloudFlow's answers do.
func TestExpressNames(t *testing.T) {
	c := newClient(t, newServer(t, "flows: [{name: fast, executionMode: Express}]", emulator.Options{}), false)
	answer, err := c.post(t.Context(), "StartExecution", "FlowName", "fast", "ExecutionName", "mine")
	if err != nil || !strings.HasPrefix(answer["Name"].(string), "mine:") {
		t.Fatalf("%v, %v", answer["Name"], err)
	}
	if _, err := c.get(t.Context(), "DescribeExecution", "FlowName", "fast", "ExecutionName", answer["Name"].(string)); err != nil {
		t.Error(err)
	}
}
