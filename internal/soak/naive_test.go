package soak

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// poll is what one writes in an afternoon: list what runs, flow after flow, and
// stop what is too old; then begin again. It keeps to the same quota, and is
// given the whole of every minute.
func (d *day) poll() {
	d.start()
	client := d.wire.client(d.t, d.quota)
	defer client.Close()
	for time.Now().Before(d.end) {
		for _, flow := range d.wire.Flows() {
			if !time.Now().Before(d.end) {
				return
			}
			d.pollFlow(client, flow.Name)
		}
	}
}

func (d *day) pollFlow(client *cloudflow.Client, flow string) {
	query := cloudflow.ExecutionQuery{FlowName: flow, Status: "Running", MetadataOnly: true}
	for page, err := range client.ListExecutions(d.t.Context(), query) {
		if err != nil {
			d.t.Fatal(err)
		}
		for _, e := range page.Items {
			if !mayBeStopped(flow) || !time.Now().After(d.due(e.StartedTime)) {
				continue
			}
			stop := cloudflow.Stop{FlowName: flow, ExecutionName: e.Name, Error: "TooLong", Cause: "it ran too long"}
			if _, err := client.StopExecution(d.t.Context(), stop); err != nil {
				d.t.Log(err)
			}
		}
	}
}
