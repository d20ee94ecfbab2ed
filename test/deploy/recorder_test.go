package deploy

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/flowreaper/flowreaper/internal/history"
)

// records starts the recorder that was handed over as Function Compute does, and lets
// its trigger fire: what it records lies in the bucket, and nothing was stopped.
func records(t *testing.T, h handedOver) {
	c := newCloud(t, []byte(executions))
	props := maps.Clone(h.Props)
	variables := maps.Clone(props["environmentVariables"].(map[string]any))
	variables["FLOWREAPER_RATES"] = "ListFlows=100/100,ListExecutions=100/100,DescribeExecution=100/100" // nobody waits for the quota here
	props["environmentVariables"] = variables
	for range 2 {
		if r := c.invoke(t, h.code(), props, timerEvent(t, props)); !r.Complete {
			t.Errorf("%+v", r)
		}
	}
	past, err := history.Open(filepath.Join(c.bucket, "history"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	if n := len(past.Coverage.Recordings); past.Rows() != 3 || n != 2 || past.Coverage.Region != "cn-hangzhou" {
		t.Errorf("%d rows of %d recordings in %s", past.Rows(), n, past.Coverage.Region)
	}
	c.expectStopped(t)
}
