package deploy

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every file that a person can deploy.
var files = []string{"s.yaml", "deploy/state.yaml", "deploy/emergency.yaml", "deploy/recorder.yaml", "deploy/fleet/production-shanghai.yaml", fleetFile}

// What s.yaml stands for, property by property.
func shipped() map[string]any {
	return map[string]any{
		"region":         "cn-hangzhou",
		"functionName":   "flowreaper",
		"description":    "Stops CloudFlow executions by policy",
		"role":           "flowreaper-plan",
		"runtime":        "go1",
		"handler":        "flowreaper-function",
		"code":           "./dist/function",
		"cpu":            0.05,
		"memorySize":     128.0,
		"diskSize":       512.0,
		"timeout":        60.0,
		"internetAccess": true,
		"environmentVariables": map[string]any{
			"FLOWREAPER_MODE":   "plan",
			"FLOWREAPER_POLICY": "policy.yaml",
		},
		"logConfig":         "auto",
		"concurrencyConfig": map[string]any{"reservedConcurrency": 1.0},
		"asyncInvokeConfig": map[string]any{
			"qualifier":                 "LATEST",
			"maxAsyncRetryAttempts":     0.0,
			"maxAsyncEventAgeInSeconds": 60.0,
			"destinationConfig":         failuresIn("cn-hangzhou"),
		},
		"triggers": []any{map[string]any{
			"triggerName":   "every-minute",
			"triggerType":   "timer",
			"description":   "One sweep a minute",
			"qualifier":     "LATEST",
			"triggerConfig": map[string]any{"cronExpression": "10 * * * * *", "enable": true, "payload": "sweep"},
		}},
	}
}

func failuresIn(region string) map[string]any {
	return map[string]any{"onFailure": map[string]any{"destination": "acs:mns:" + region + "::/queues/flowreaper-failed/messages"}}
}

// withState is shipped as deploy/state.yaml extends it, in a region.
func withState(code, bucket, region string) map[string]any {
	props := shipped()
	props["region"] = region
	props["asyncInvokeConfig"].(map[string]any)["destinationConfig"] = failuresIn(region)
	props["code"] = code
	props["environmentVariables"].(map[string]any)["FLOWREAPER_STATE"] = "/mnt/state/flowreaper.state"
	props["ossMountConfig"] = map[string]any{"mountPoints": []any{map[string]any{
		"bucketName": bucket,
		"bucketPath": "/",
		"endpoint":   "https://oss-" + region + "-internal.aliyuncs.com",
		"mountDir":   "/mnt/state",
		"readOnly":   false,
	}}}
	return props
}

// onEvent is deploy/state.yaml's function as deploy/emergency.yaml changes it.
func onEvent() map[string]any {
	props := withState("../dist/function", "example-flowreaper-state", "cn-hangzhou")
	props["functionName"] = "flowreaper-emergency"
	props["description"] = "Stops CloudFlow executions when an event says so"
	props["cpu"], props["memorySize"], props["timeout"] = 0.5, 512.0, 120.0
	async := props["asyncInvokeConfig"].(map[string]any)
	async["maxAsyncRetryAttempts"], async["maxAsyncEventAgeInSeconds"] = 3.0, 900.0
	props["triggers"] = []any{map[string]any{
		"triggerName": "alarm",
		"triggerType": "eventbridge",
		"description": "An alarm on the default bus",
		"qualifier":   "LATEST",
		"triggerConfig": map[string]any{
			"triggerEnable":          true,
			"asyncInvocationType":    true,
			"eventRuleFilterPattern": `{"data":{"alertState":["ALERT","ALARM"]}}`,
			"eventSourceConfig":      map[string]any{"eventSourceType": "Default", "eventSourceParameters": map[string]any{}},
			"eventSinkConfig":        map[string]any{"deliveryOption": map[string]any{"mode": "event-driven", "eventSchema": "CloudEvents"}},
			"runOptions": map[string]any{"mode": "event-driven", "errorsTolerance": "ALL",
				"retryStrategy": map[string]any{"PushRetryStrategy": "BACKOFF_RETRY"}},
		},
	}}
	return props
}

// recording is deploy/recorder.yaml's function. It reads, whatever the others may do.
func recording() map[string]any {
	props := withState("../dist/recorder", "example-flowreaper-state", "cn-hangzhou")
	props["functionName"], props["handler"], props["role"] = "flowreaper-recorder", "flowreaper-recorder", "flowreaper-plan"
	props["description"] = "Records CloudFlow executions"
	props["cpu"], props["memorySize"], props["timeout"] = 0.15, 512.0, 21600.0
	props["environmentVariables"] = map[string]any{
		"FLOWREAPER_MODE": "plan", "FLOWREAPER_POLICY": "policy.yaml", // of s.yaml, and of no use here
		"FLOWREAPER_HISTORY": "/mnt/state/history", "FLOWREAPER_SINCE": "30d",
		"FLOWREAPER_WITH_INPUT": "off", "FLOWREAPER_REDACT": "*password*,*secret*,*token*",
		"FLOWREAPER_RATES": "ListFlows=0.5/2,ListExecutions=0.5/2,DescribeExecution=1/5,GetExecutionHistory=1/5",
	}
	async := props["asyncInvokeConfig"].(map[string]any)
	async["maxAsyncRetryAttempts"], async["maxAsyncEventAgeInSeconds"] = 2.0, 21600.0
	props["triggers"] = []any{map[string]any{
		"triggerName":   "every-day",
		"triggerType":   "timer",
		"description":   "One recording a day",
		"qualifier":     "LATEST",
		"triggerConfig": map[string]any{"cronExpression": "0 30 18 * * *", "enable": true, "payload": "record"},
	}}
	return props
}

// manyPlaces is deploy/fleet/s.yaml's function.
func manyPlaces() map[string]any {
	props := withState("../../dist/function", "example-flowreaper-state", "cn-hangzhou")
	props["role"], props["description"] = "flowreaper-fleet", "Stops CloudFlow executions by policy, in many places"
	variables := props["environmentVariables"].(map[string]any)
	variables["FLOWREAPER_FLEET"], variables["FLOWREAPER_POLICY"] = "fleet.yaml", ""
	props["concurrencyConfig"] = map[string]any{"reservedConcurrency": 3.0}
	var triggers []any
	for _, place := range []string{"payments", "payments-shanghai", "sandbox"} {
		triggers = append(triggers, map[string]any{
			"triggerName":   place,
			"triggerType":   "timer",
			"description":   "One sweep of " + place + " a minute",
			"qualifier":     "LATEST",
			"triggerConfig": map[string]any{"cronExpression": "10 * * * * *", "enable": true, "payload": `{"place": "` + place + `"}`},
		})
	}
	props["triggers"] = triggers
	return props
}

// resolved is what a file resolves to.
func resolved(file string) map[string]any {
	switch file {
	case "s.yaml":
		return shipped()
	case "deploy/state.yaml":
		return withState("../dist/function", "example-flowreaper-state", "cn-hangzhou")
	case "deploy/emergency.yaml":
		return onEvent()
	case "deploy/recorder.yaml":
		return recording()
	case "deploy/fleet/production-shanghai.yaml":
		return withState("../../dist/function", "example-flowreaper-state-shanghai", "cn-shanghai")
	case fleetFile:
		return manyPlaces()
	}
	return nil
}

// Each file satisfies the strict schema. That it resolves to what it says, and satisfies
// fc3's own, TestDeploy sees by what it hands over.
func TestFiles(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			if r := p.s(t, "verify", "-t", file); r.status != 0 {
				t.Errorf("s verify: status %d\n%s%s", r.status, r.stdout, r.stderr)
			}
		})
	}
}

// satisfiesFC3 holds properties to fc3's own schema, where it lies beside the project.
func satisfiesFC3(t *testing.T, props map[string]any) {
	file := filepath.Join(repository(t), "..", "shared", "fc3-schema.json")
	if _, err := os.Stat(file); err != nil {
		t.Skip("fc3's schema doesn't lie beside the project: ", err)
	}
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(props); err != nil {
		t.Error(err)
	}
	props = maps.Clone(props)
	delete(props, "handler")
	if schema.Validate(props) == nil {
		t.Error("the schema lets pass a function without a handler: is it fc3's?")
	}
}

// A file in deploy/ that no test knows would be one that nothing checks.
func TestEveryFileIsChecked(t *testing.T) {
	root := repository(t)
	known := make(map[string]bool)
	for _, file := range files {
		known[file] = true
	}
	for _, pattern := range []string{"deploy/*.yaml", "deploy/fleet/*.yaml"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			file, err := filepath.Rel(root, name)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(file) == "flow.yaml" { // CloudFlow's, not the CLI's: function/fleet_test.go reads it
				continue
			}
			policy := filepath.Base(file) == "policy.yaml" || filepath.Base(file) == "policy.test.yaml"
			if !known[filepath.ToSlash(file)] && !policy {
				t.Errorf("%s: add it to files", file)
			}
		}
	}
}

// Going to enforce is one edit, of one line; the role goes along, and so does the
// function that events set off.
func TestEnforceIsOneEdit(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.edit(t, "s.yaml", "\n  mode: plan\n", "\n  mode: enforce\n")
	for _, file := range []string{"s.yaml", "deploy/state.yaml", "deploy/emergency.yaml"} {
		enforcing := resolved(file)
		enforcing["role"] = "flowreaper-enforce"
		enforcing["environmentVariables"].(map[string]any)["FLOWREAPER_MODE"] = "enforce"
		if diff := cmp.Diff(enforcing, p.resolve(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
	recorder := resolved("deploy/recorder.yaml")
	recorder["environmentVariables"].(map[string]any)["FLOWREAPER_MODE"] = "enforce"
	if diff := cmp.Diff(recorder, p.resolve(t, "deploy/recorder.yaml")); diff != "" { // its role is not to enforce
		t.Errorf("the recorder (-want +got):\n%s", diff)
	}
}
