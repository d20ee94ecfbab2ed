package emulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// What tests ask of the emulator is the truth, and no call.
func TestPeeking(t *testing.T) {
	server := newServer(t, "behaviour: {listLag: 1h, describeAfterStop: running}\nfaults: [{operation: DescribeExecution, kind: error}]"+one, emulator.Options{})
	c := newClient(t, server, false)
	if _, err := c.post(t.Context(), "StopExecution", "FlowName", "flow", "ExecutionName", "exec"); err != nil {
		t.Fatal(err)
	}
	if err := server.SetEnvironment("flow", map[string]string{"FLOWREAPER": "off"}); err != nil {
		t.Fatal(err)
	}
	e, err := server.Execution("flow", "exec")
	if err != nil || e.Status != account.Stopped {
		t.Errorf("Execution: %+v, %v", e, err)
	}
	statuses := map[string]string{}
	for e := range server.Executions("flow") {
		statuses[e.Name] = e.Status
	}
	if diff := cmp.Diff(map[string]string{"exec": "Stopped", "ends": "Running"}, statuses); diff != "" {
		t.Errorf("Executions (-want +got):\n%s", diff)
	}
	if flows := server.Flows(); len(flows) != 1 || flows[0].Environment["FLOWREAPER"] != "off" {
		t.Errorf("Flows: %+v", flows)
	}
	if diff := cmp.Diff(map[string]int{"StopExecution": 1}, server.Stats().Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := emulator.New(&account.Account{Flows: []account.Flow{{Name: "a b"}}}, emulator.Options{})
	if err == nil {
		t.Error("a flow named \"a b\" is accepted")
	}
}
