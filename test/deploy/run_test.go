package deploy

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// Of these the shipped policy condemns one.
const executions = `
flows:
  - name: nightly
    executions:
      - {name: yesterdays, startedAgo: 30h}
      - {name: todays, startedAgo: 2h}
  - name: opted-out
    environment: {FLOWREAPER: "off"}
    executions:
      - {name: yesterdays, startedAgo: 50h}
`

// report is what these tests read of a sweep's.
type report struct {
	Place   string `json:"place"`
	Trigger struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	} `json:"trigger"`
	Mode      string     `json:"mode"`
	Complete  bool       `json:"complete"`
	Decisions []decision `json:"decisions"`
}

type decision struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution"`
	Rule      string `json:"rule"`
	Outcome   string `json:"outcome"`
}

// runs starts the package that was handed over as Function Compute does, and
// lets its trigger fire: as shipped it plans, and with the one edit it stops.
func runs(t *testing.T, d deployment, h handedOver) {
	protected := decision{Flow: "opted-out", Execution: "yesterdays", Rule: "longer-than-a-day", Outcome: "protected"}
	condemned := decision{Flow: "nightly", Execution: "yesterdays", Rule: "longer-than-a-day"}

	c := newCloud(t, []byte(executions))
	condemned.Outcome = "planned"
	expect(t, "plan", []decision{condemned, protected}, c.invoke(t, h.code(), h.Props, timerEvent(t, h.Props)))
	c.expectStopped(t)

	d.edit(t, "s.yaml", "\n  mode: plan\n", "\n  mode: enforce\n")
	props := d.resolve(t, "s.yaml")
	condemned.Outcome = "stopped"
	expect(t, "enforce", []decision{condemned, protected}, c.invoke(t, h.code(), props, timerEvent(t, props)))
	c.expectStopped(t, "nightly/yesterdays")
	d.edit(t, "s.yaml", "\n  mode: enforce\n", "\n  mode: plan\n")
}

func expect(t *testing.T, mode string, decisions []decision, got report) {
	t.Helper()
	want := report{Mode: mode, Complete: true, Decisions: decisions}
	want.Trigger.Kind, want.Trigger.Name = "timer", "every-minute"
	byFlow := cmpopts.SortSlices(func(a, b decision) bool { return a.Flow < b.Flow })
	if diff := cmp.Diff(want, got, byFlow); diff != "" {
		t.Errorf("mode %s (-want +got):\n%s", mode, diff)
	}
}

// A cloud is an account, and a bucket for both functions' state file.
type cloud struct {
	*emulator.Server
	url, bucket string
}

func newCloud(t *testing.T, text []byte) cloud {
	t.Helper()
	a, err := account.Parse("account.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return cloud{c, server.URL, t.TempDir()}
}

// expectStopped compares what has been stopped in the account.
func (c cloud) expectStopped(t *testing.T, want ...string) {
	t.Helper()
	var stopped []string
	for _, stop := range c.Stats().Stops {
		stopped = append(stopped, stop.Flow+"/"+stop.Execution)
	}
	slices.Sort(stopped)
	if diff := cmp.Diff(want, stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
}

// invoke starts the handler in code with what props say of it, hands it an event
// and returns its answer.
func (c cloud) invoke(t *testing.T, code string, props map[string]any, event []byte) report {
	t.Helper()
	var logs strings.Builder
	rt, err := fcruntime.Start(t.Context(), fcruntime.Options{
		Binary:       filepath.Join(code, props["handler"].(string)),
		Env:          c.environment(props),
		Logs:         &logs,
		FunctionName: props["functionName"].(string),
		Region:       props["region"].(string),
		MemoryMB:     int(props["memorySize"].(float64)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	answer, err := rt.Invoke(t.Context(), fcruntime.Invocation{
		Event:       event,
		Timeout:     time.Duration(props["timeout"].(float64)) * time.Second,
		Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		rt.Close()
		t.Fatalf("%v\n%s", err, logs.String())
	}
	var r report
	if err := json.Unmarshal(answer.Body, &r); err != nil {
		t.Fatalf("%v\n%s", err, answer.Body)
	}
	return r
}

// environment is the function's own, and nothing of this process's but where
// temporary files go. What is mounted there lies in the bucket here.
func (c cloud) environment(props map[string]any) []string {
	env := []string{"TMPDIR=" + os.TempDir()}
	if c.url != "" { // a fleet's file has them
		env = append(env, "FLOWREAPER_ENDPOINT="+c.url)
	}
	for name, value := range props["environmentVariables"].(map[string]any) {
		env = append(env, name+"="+strings.Replace(value.(string), "/mnt/state", c.bucket, 1))
	}
	return env
}

// timerEvent is what the file's trigger sends, as Function Compute puts it.
func timerEvent(t *testing.T, props map[string]any) []byte {
	t.Helper()
	return triggerEvent(t, props["triggers"].([]any)[0].(map[string]any))
}

func triggerEvent(t *testing.T, trigger map[string]any) []byte {
	t.Helper()
	event, err := json.Marshal(map[string]any{
		"triggerTime": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
		"triggerName": trigger["triggerName"],
		"payload":     trigger["triggerConfig"].(map[string]any)["payload"],
	})
	if err != nil {
		t.Fatal(err)
	}
	return event
}
