package deploy

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
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

	got, stopped := invoke(t, h.code(), h.Props)
	condemned.Outcome = "planned"
	expect(t, "plan", []decision{condemned, protected}, got)
	if diff := cmp.Diff([]string(nil), stopped); diff != "" {
		t.Errorf("a function that plans stopped (-want +got):\n%s", diff)
	}

	d.edit(t, "s.yaml", "\n  mode: plan\n", "\n  mode: enforce\n")
	got, stopped = invoke(t, h.code(), d.resolve(t, "s.yaml"))
	condemned.Outcome = "stopped"
	expect(t, "enforce", []decision{condemned, protected}, got)
	if diff := cmp.Diff([]string{"nightly/yesterdays"}, stopped); diff != "" {
		t.Errorf("a function that enforces stopped (-want +got):\n%s", diff)
	}
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

// invoke starts the handler in code with what props say of it, on an account of
// its own, and hands it what its trigger sends. It returns the function's answer
// and what was stopped.
func invoke(t *testing.T, code string, props map[string]any) (report, []string) {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(executions))
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(cloud)
	defer server.Close()

	var logs strings.Builder
	rt, err := fcruntime.Start(t.Context(), fcruntime.Options{
		Binary:       filepath.Join(code, props["handler"].(string)),
		Env:          append(environment(props), "FLOWREAPER_ENDPOINT="+server.URL),
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
		Event:       timerEvent(t, props),
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
	var stopped []string
	for _, stop := range cloud.Stats().Stops {
		stopped = append(stopped, stop.Flow+"/"+stop.Execution)
	}
	return r, stopped
}

// environment is the function's own, and nothing of this process's but where
// temporary files go.
func environment(props map[string]any) []string {
	env := []string{"TMPDIR=" + os.TempDir()}
	for name, value := range props["environmentVariables"].(map[string]any) {
		env = append(env, name+"="+value.(string))
	}
	return env
}

// timerEvent is what the file's trigger sends, as Function Compute puts it.
func timerEvent(t *testing.T, props map[string]any) []byte {
	t.Helper()
	trigger := props["triggers"].([]any)[0].(map[string]any)
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
