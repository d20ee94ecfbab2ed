package deploy

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const eventbridge = `        - triggerName: alarm
          triggerType: eventbridge
          triggerConfig:
            triggerEnable: true
            asyncInvocationType: true
            eventRuleFilterPattern: '{"source":["acs.cms"]}'
            eventSourceConfig: {eventSourceType: Default, eventSourceParameters: {}}
            eventSinkConfig: {deliveryOption: {mode: event-driven, eventSchema: CloudEvents}}
            runOptions: {mode: event-driven, errorsTolerance: ALL, retryStrategy: {PushRetryStrategy: BACKOFF_RETRY}}
`

// A guard of the strict schema, proven by one wrong edit of the shipped
// s.yaml that it must refuse. want is what the CLI then says of the function.
type guard struct {
	name     string
	old, new string
	want     string
}

var guards = []guard{
	{"misspelt property", "timeout: 60", "timout: 60",
		" must NOT have additional properties"},
	{"timeout missing", "      timeout: 60\n", "",
		" must have required property 'timeout'"},
	{"timeout as a text", "timeout: 60", "timeout: ${env('FLOWREAPER_NONE', '60')}",
		"/timeout must be integer"},
	{"upper-case role", "role: flowreaper-${vars.mode}", "role: FlowReaper-${vars.mode}",
		"/role must match pattern"},
	{"role auto", "role: flowreaper-${vars.mode}", "role: auto",
		"/role must NOT be valid"},
	{"five-field cron", `"10 * * * * *"`, `"* * * * *"`,
		"/triggers/0/triggerConfig/cronExpression must match pattern"},
	{"cron out of range", `"10 * * * * *"`, `"60 * * * * *"`,
		"/triggers/0/triggerConfig/cronExpression must match pattern"},
	{"a bus's configuration on a timer", "payload: sweep", "payload: sweep\n            eventRuleFilterPattern: '{}'",
		"/triggers/0/triggerConfig must NOT have additional properties"},
	{"timer without enable", "            enable: true\n", "",
		"/triggers/0/triggerConfig must have required property 'enable'"},
	{"nothing that sets it off", "      triggers:\n", "      triggers: []\n      others:\n",
		"/triggers must NOT have fewer than 1 items"},
	{"unknown kind of trigger", "triggerType: timer", "triggerType: cron",
		"/triggers/0/triggerType must be equal to one of the allowed values"},
	{"EventBridge before timer", "      triggers:\n", "      triggers:\n" + eventbridge,
		"/triggers/1/triggerType must be equal to constant"},
	{"too little memory for the CPU", "cpu: 0.05", "cpu: 0.2",
		"/memorySize must be >= 205"},
	{"too much memory for the CPU", "memorySize: 128", "memorySize: 256",
		"/memorySize must be <= 204.8"},
	{"CPU between the steps", "cpu: 0.05", "cpu: 0.07",
		"/cpu must be equal to one of the allowed values"},
	{"environment value that is no text", "FLOWREAPER_POLICY: policy.yaml", "FLOWREAPER_POLICY: 1",
		"/environmentVariables/FLOWREAPER_POLICY must be string"},
	{"misspelt setting", "FLOWREAPER_POLICY:", "FLOWREAPER_POLCY:",
		"/environmentVariables property name must be valid"},
	{"reserved setting", "FLOWREAPER_POLICY:", "FC_POLICY:",
		"/environmentVariables property name must be valid"},
	{"a setting of the recorder's", "FLOWREAPER_POLICY:", "FLOWREAPER_REDACT:",
		"/environmentVariables property name must be valid"},
	{"a policy beside a fleet", "FLOWREAPER_POLICY:", "FLOWREAPER_FLEET: fleet.yaml\n        FLOWREAPER_POLICY:",
		"/environmentVariables/FLOWREAPER_POLICY must be equal to constant"},
	{"a fleet without files for its state", "FLOWREAPER_POLICY: policy.yaml", "FLOWREAPER_FLEET: fleet.yaml",
		"/environmentVariables must have required property 'FLOWREAPER_STATE'"},
	{"a fleet's timer that names no place", "FLOWREAPER_POLICY: policy.yaml", "FLOWREAPER_FLEET: fleet.yaml",
		"/triggers/0/triggerConfig/payload must match pattern"},
	{"unknown mode", "FLOWREAPER_MODE: ${vars.mode}", "FLOWREAPER_MODE: enforcing",
		"/environmentVariables/FLOWREAPER_MODE must be equal to one of the allowed values"},
	{"no qualifier", "        qualifier: LATEST\n        maxAsync", "        maxAsync",
		"/asyncInvokeConfig must have required property 'qualifier'"},
	{"instanceConcurrency on go1", "timeout: 60", "timeout: 60\n      instanceConcurrency: 2",
		" must NOT have additional properties"},
}

// Guards of what only deploy/emergency.yaml says.
var eventGuards = []guard{
	{"misspelt retries", "PushRetryStrategy: BACKOFF", "pushRetryStrategy: BACKOFF",
		"/triggers/0/triggerConfig/runOptions/retryStrategy must NOT have additional properties"},
	{"no strategy of EventBridge's", "BACKOFF_RETRY", "BACKOFF",
		"/triggers/0/triggerConfig/runOptions/retryStrategy/PushRetryStrategy must be equal to one of the allowed values"},
	{"a pattern that is no JSON", `'{"data":{"alertState":["ALERT","ALARM"]}}'`, "source=acs.cms",
		"/triggers/0/triggerConfig/eventRuleFilterPattern must match pattern"},
	{"a pattern that is no text", `'{"data":{"alertState":["ALERT","ALARM"]}}'`, "{source: [acs.cms]}",
		"/triggers/0/triggerConfig/eventRuleFilterPattern must be string"},
	{"an event stream's delivery", "                mode: event-driven\n                eventSchema", "                mode: event-streaming\n                eventSchema",
		"/triggers/0/triggerConfig/eventSinkConfig/deliveryOption/mode must be equal to constant"},
	{"synchronous or not isn't said", "            asyncInvocationType: true\n", "",
		"/triggers/0/triggerConfig must have required property 'asyncInvocationType'"},
	{"a timer's configuration on a bus", "            triggerEnable: true\n", "            triggerEnable: true\n            cronExpression: '@every 1m'\n",
		"/triggers/0/triggerConfig must NOT have additional properties"},
	{"a run of more than 5 minutes", "timeout: 120", "timeout: 301",
		"/timeout must be <= 300"},
	{"more retries than there are", "maxAsyncRetryAttempts: 3", "maxAsyncRetryAttempts: 9",
		"/asyncInvokeConfig/maxAsyncRetryAttempts must be <= 8"},
}

// Guards of what only deploy/recorder.yaml says.
var recorderGuards = []guard{
	{"misspelt setting", "FLOWREAPER_REDACT:", "FLOWREAPER_REDAKT:",
		"/environmentVariables property name must be valid"},
	{"a flag that is none", `FLOWREAPER_WITH_INPUT: "off"`, "FLOWREAPER_WITH_INPUT: true",
		"/environmentVariables/FLOWREAPER_WITH_INPUT must be string"},
	{"five-field cron", `"0 30 18 * * *"`, `"30 18 * * *"`,
		"/triggers/0/triggerConfig/cronExpression must match pattern"},
}

func TestGuards(t *testing.T) {
	t.Parallel()
	for file, guards := range map[string][]guard{"s.yaml": guards, "deploy/emergency.yaml": eventGuards, "deploy/recorder.yaml": recorderGuards} {
		t.Run(file, func(t *testing.T) { t.Parallel(); refusesEach(t, file, guards) })
	}
}

// refusesEach lets s verify, once for all guards, a file that s.yaml is or that
// extends it, function by function.
func refusesEach(t *testing.T, file string, guards []guard) {
	p := newProject(t)
	p.writeResources(t, "s.yaml", make([]guard, len(guards)))
	p.writeResources(t, file, guards)
	r := p.s(t, "verify", "-t", file)
	if r.status != 1 {
		t.Errorf("s verify: status %d, want 1", r.status)
	}
	said := r.stdout + r.stderr
	for i, g := range guards {
		if want := resource(i) + "/props" + g.want; !strings.Contains(said, want) {
			t.Errorf("%s: s verify doesn't say %q", g.name, want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

// What the guards must let pass, or they would prove nothing.
var allowed = []guard{
	{name: "no edit"},
	{name: "a time zone", old: `"10 * * * * *"`, new: `"CRON_TZ=Asia/Shanghai 0 0 4 1 * *"`},
	{name: "steps, ranges and lists", old: `"10 * * * * *"`, new: `"10 0/5,30-40 8-18 ? JAN-MAR,7 MON-FRI"`},
	{name: "every", old: `"10 * * * * *"`, new: `"@every 5m"`},
	{name: "EventBridge after timer", old: "payload: sweep\n", new: "payload: sweep\n" + eventbridge},
	{name: "a setting of another's", old: "FLOWREAPER_POLICY:", new: "DINGTALK_SECRET: ''\n        FLOWREAPER_POLICY:"},
	{name: "more CPU with its memory", old: "cpu: 0.05\n      memorySize: 128", new: "cpu: 1\n      memorySize: 2048"},
	{name: "a role by its ARN", old: "role: flowreaper-${vars.mode}", new: "role: acs:ram::1234567890123456:role/reaper"},
	{name: "off", old: "FLOWREAPER_MODE: ${vars.mode}", new: "FLOWREAPER_MODE: 'off'"},
}

func TestGuardsLetPass(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.writeResources(t, "s.yaml", allowed)
	if r := p.s(t, "verify"); r.status != 0 {
		t.Errorf("s verify: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
}

func resource(i int) string { return fmt.Sprintf("case-%d", i) }

// writeResources makes a file of the copy one of many functions, each the shipped
// one with one edit: the CLI, which takes most of a second, verifies them all at
// once.
func (p project) writeResources(t *testing.T, file string, edits []guard) {
	t.Helper()
	const shipped = "\nresources:\n  flowreaper:\n"
	head, function, found := strings.Cut(string(readFile(t, filepath.Join(repository(t), file))), shipped)
	if !found {
		t.Fatalf("%s doesn't hold %q", file, shipped)
	}
	var b strings.Builder
	b.WriteString(head + "\nresources:\n")
	for i, e := range edits {
		if n := strings.Count(function, e.old); n != 1 && e.old != "" {
			t.Fatalf("%s: %q occurs %d times in %s, want once", e.name, e.old, n, file)
		}
		fmt.Fprintf(&b, "  %s:\n%s\n", resource(i), strings.Replace(function, e.old, e.new, 1))
	}
	writeFile(t, filepath.Join(p.dir, file), b.String())
}
