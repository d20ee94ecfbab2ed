package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
	"github.com/flowreaper/flowreaper/schema"
)

// TestCurrent: the committed schemas are what the types say now.
func TestCurrent(t *testing.T) {
	want, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	for file, committed := range map[string]string{"policy.schema.json": schema.Policy, "policytest.schema.json": schema.PolicyTest, "fleet.schema.json": schema.Fleet, "report.schema.json": schema.Report, "audit.schema.json": schema.Audit} {
		if diff := cmp.Diff(string(want[file]), committed); diff != "" {
			t.Errorf("%s is not current; run go generate ./schema\n%s", file, diff)
		}
	}
}

// compile compiles a committed schema.
func compile(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check validates YAML as an editor does.
func check(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// policyFiles are the policies of the repository, and testFiles their tests.
func policyFiles(t *testing.T) (policies, tests []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		switch {
		case isPolicy.Match(text):
			policies = append(policies, path)
		case isTest.Match(text):
			tests = append(tests, path)
		}
		return err
	})
	if err != nil || len(policies) < 4 || len(tests) == 0 {
		t.Fatalf("%d policies and %d tests found, %v", len(policies), len(tests), err)
	}
	return policies, tests
}

var (
	isPolicy = regexp.MustCompile(`(?m)^rules:`)
	isTest   = regexp.MustCompile(`(?m)^cases:`)

	// A project that is made from the application has no schema beside it. What a
	// release wrote, and what the next one's files are made from, keep their bytes:
	// their hashes stand in the plans and in the state.
	leavesTheRepository = regexp.MustCompile(`^\.\./\.\./(deploy/application/src|testdata/(freeze|release-[0-9a-f]+))/`)
)

// TestExamples: every policy and every policy test of the repository is right
// by its schema, and begins by naming it to editors, but for those that are read elsewhere.
func TestExamples(t *testing.T) {
	policies, tests := policyFiles(t)
	for name, files := range map[string][]string{"policy.schema.json": policies, "policytest.schema.json": tests} {
		committed := map[string]string{"policy.schema.json": schema.Policy, "policytest.schema.json": schema.PolicyTest}[name]
		compiled := compile(t, committed)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(t, compiled, string(text)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if leavesTheRepository.MatchString(filepath.ToSlash(file)) {
				continue
			}
			first, _, _ := strings.Cut(string(text), "\n")
			relative, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
			if got := filepath.Join(filepath.Dir(file), relative); !ok || got != filepath.Join("../../schema", name) {
				t.Errorf("%s begins with %q, which leads to %s", file, first, got)
			}
		}
	}
}

// TestFleet: a fleet that the reader takes is right by the schema, and mistakes are marked.
func TestFleet(t *testing.T) {
	compiled := compile(t, schema.Fleet)
	const right = "version: 1\ndefaults: {policy: p.yaml, region: cn-hangzhou}\ngroups: [{name: prod, role: r}]\nplaces:\n  - {name: a, group: prod, account: 1968132000123456, externalId: x}\n"
	if err := check(t, compiled, right); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a name":         strings.Replace(right, "name: a", "name: A", 1),
		"no account":     strings.Replace(right, "account: 1968132000123456, ", "", 1),
		"an unknown key": strings.Replace(right, "externalId", "external", 1),
		"no places":      "version: 1\nplaces: []\n",
		"a group's name": strings.Replace(right, "{name: prod, ", "{", 1),
		"an account":     strings.Replace(right, "1968132000123456", "x", 1),
	} {
		if check(t, compiled, text) == nil {
			t.Errorf("%s: not marked", name)
		}
		read := func(string) ([]byte, error) { return []byte("version: 1\nrules: [{name: r, maxRuntime: 2h}]\n"), nil }
		if _, err := fleet.Parse("fleet.yaml", []byte(text), read); err == nil {
			t.Errorf("%s: the reader takes it", name)
		}
	}
}

// TestPolicyMistakes: what an editor shall mark, each in a policy that is right
// but for it. The reader must refuse it, too.
func TestPolicyMistakes(t *testing.T) {
	compiled := compile(t, schema.Policy)
	right := "version: 1\npricing: {perTransition: 1}\nrules:\n  - {name: r, when: true}\n"
	if err := check(t, compiled, right); err != nil {
		t.Fatal(err)
	}
	if err := check(t, compiled, "version: 1\nextends: base.yaml\n"); err != nil {
		t.Fatal(err)
	}
	channels := "notify: [{name: a, kind: dingtalk, urlEnv: A, secretEnv: B, on: [stopped, planned], language: zh, template: x}, {name: b, kind: slack, urlEnv: B, at: all}, {name: c, kind: wecom, urlEnv: C, at: {stopped: [all]}}, {name: d, kind: webhook, urlEnv: D, body: {a: [x]}}]\n"
	for _, notify := range []string{"[]", "a", "[a]"} {
		if err := check(t, compiled, strings.Replace(right, "when: true", "when: true, notify: "+notify, 1)+channels); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(keys string) string {
		return strings.Replace(right, "when: true", keys, 1)
	}
	top := func(keys string) string { return right + keys + "\n" }
	for name, text := range map[string]string{
		"no version":                "rules: [{name: r, when: true}]",
		"another version":           "version: 2\nrules: [{name: r, when: true}]",
		"no rules":                  "version: 1",
		"an empty list of rules":    "version: 1\nrules: []",
		"rules that are a mapping":  "version: 1\nrules: {name: r}",
		"an unknown key":            top("polcy: a"),
		"two bases":                 top("extends: [a.yaml, b.yaml]"),
		"a base without a name":     top(`extends: ""`),
		"an unknown mode":           top("mode: dry-run"),
		"a blank name":              top(`policy: " "`),
		"a var that is a mapping":   top("vars: {a: {b: 1}}"),
		"a var without a name":      top(`vars: {"1a": 1}`),
		"an empty protect":          top("protect: {}"),
		"protect.flow":              top("protect: {flow: [a]}"),
		"protect without a list":    top("protect: {flows: {a: b}}"),
		"limits that are none":      top("limits: none"),
		"negative limits":           top("limits: {maxStops: -1}"),
		"a share without %":         top("limits: {maxShare: 0.5}"),
		"a share above 100%":        top("limits: {maxShare: 101%}"),
		"per without a unit":        top("limits: {per: 60}"),
		"another over":              top("limits: {over: ignore}"),
		"half a floor":              top("limits: {floor: 1.5}"),
		"no rule's name":            "version: 1\nrules: [{when: true}]",
		"a capital in a name":       strings.Replace(right, "name: r", "name: R", 1),
		"no condition":              rule("description: a"),
		"an unknown key in a rule":  rule("maxRuntme: 2h"),
		"a glob of other tools":     rule(`flows: ["etl-{a,b}"]`),
		"a regular expression":      rule(`flows: ["etl-.*"]`),
		"a glob of executions":      rule(`flows: ["etl:*"]`),
		"a minus for an exclusion":  rule(`flows: ["*", "-etl-*"]`),
		"a fence of no time":        top("protect: {window: []}"),
		"a fence that is none":      top(`protect: {flows: ["payroll.*"]}`),
		"a price of no flow":        strings.Replace(right, "{perTransition: 1}", `{perMinute: [{flows: ["etl.*"], price: 1}]}`, 1),
		"no flows":                  rule("flows: []"),
		"maxRuntime without a unit": rule("maxRuntime: 90"),
		"maxRuntime in words":       rule("maxRuntime: 2 hours"),
		"maxRuntime that is code":   rule("maxRuntime: vars.a + vars.b"),
		"a when that is a number":   rule("when: 5"),
		"a when that is a list":     rule("when: [a]"),
		"an empty window":           rule("window: {}"),
		"no windows":                rule("window: []"),
		"hours of a day of 25":      rule(`window: {hours: "09:00-25:00"}`),
		"hours without minutes":     rule(`window: {hours: "9-18"}`),
		"a calendar of no days":     top("calendars: {a: {}}"),
		"calendars as a list":       top("calendars: [a]"),
		"a calendar's folder":       top("calendars: {a: {file: ../holidays.ics}}"),
		"a calendar elsewhere":      top("calendars: {a: {file: /etc/holidays.ics}}"),
		"a calendar by backslashes": top(`calendars: {a: {file: 'hr\holidays.ics'}}`),
		"a calendar of the network": top("calendars: {a: {file: https://example.com/holidays.ics}}"),
		"a date in another form":    top("calendars: {a: {days: [2027/01/01]}}"),
		"a date for a calendar":     rule(`window: {days: Mon, except: []}`),
		"endBy without a time":      rule("endBy: {days: Mon}"),
		"endBy at half a time":      rule("endBy: {time: 8}"),
		"endBy beyond the day":      rule(`endBy: {time: "24:00"}`),
		"days of no month":          rule(`window: {monthDays: "0..32"}`),
		"days of the month by -":    rule(`window: {monthDays: "4-27"}`),
		"monthDays as a list":       rule(`window: {monthDays: [1, 2]}`),
		"an unknown key in window":  rule(`window: {hour: "09:00-18:00"}`),
		"another trigger":           rule("when: true, on: [alarm]"),
		"a mode that is wrong":      rule("when: true, mode: enforced"),
		"maxCost as a text":         rule("maxCost: 5 CNY"),
		"a negative maxCost":        rule("maxCost: -5"),
		"maxConcurrent 0":           rule("maxConcurrent: 0"),
		"another order":             rule("maxConcurrent: 1, stopFirst: last"),
		"countBy without":           rule("when: true, countBy: rule"),
		"countBy as a list":         rule("maxConcurrent: 1, countBy: [flow]"),
		"an empty countBy":          rule(`maxConcurrent: 1, countBy: ""`),
		"mapChildren without":       rule("when: true, mapChildren: count"),
		"mapChildren: ignore":       rule("maxConcurrent: 1, mapChildren: ignore"),
		"an empty error":            rule(`when: true, error: ""`),
		"an error too long":         rule("when: true, error: " + strings.Repeat("x", 129)),
		"limits on a timer":         rule("when: true, limits: none"),
		"limits on both":            rule("when: true, on: [event, timer], limits: none"),
		"limits in a rule":          rule("when: true, on: [event], limits: {maxStops: 1}"),
		"a warning of no unit":      rule("when: true, warnBefore: 30"),
		"for on a timer":            rule("when: true, on: timer, for: 30m"),
		"no price":                  strings.Replace(right, "{perTransition: 1}", "{currency: CNY}", 1),
		"a negative price":          strings.Replace(right, "{perTransition: 1}", "{perTransition: -1}", 1),
		"notify in a word":          top("notify: oncall"),
		"no channels":               top("notify: []"),
		"a channel without a kind":  top("notify: [{name: a, urlEnv: A}]"),
		"another kind":              top("notify: [{name: a, kind: pager, urlEnv: A}]"),
		"a channel without a URL":   top("notify: [{name: a, kind: webhook}]"),
		"a channel with two URLs":   top(`notify: [{name: a, kind: webhook, urlEnv: A, url: "https://a.example/"}]`),
		"a URL of another scheme":   top(`notify: [{name: a, kind: webhook, url: "ftp://a.example/"}]`),
		"a URL for a variable":      top(`notify: [{name: a, kind: webhook, urlEnv: "https://a.example/"}]`),
		"a secret":                  top("notify: [{name: a, kind: webhook, urlEnv: A, secret: x}]"),
		"other news":                top("notify: [{name: a, kind: webhook, urlEnv: A, on: [plan]}]"),
		"nobody to mention":         top("notify: [{name: a, kind: wecom, urlEnv: A, at: []}]"),
		"mentioned of other news":   top("notify: [{name: a, kind: wecom, urlEnv: A, at: {plan: [all]}}]"),
		"a number to mention":       top("notify: [{name: a, kind: wecom, urlEnv: A, at: [13800000000]}]"),
		"a body that is a number":   top("notify: [{name: a, kind: webhook, urlEnv: A, body: 5}]"),
		"another language":          top("notify: [{name: a, kind: webhook, urlEnv: A, language: de}]"),
		"a rule's channel, blank":   rule(`when: true, notify: [""]`),
		"a price without an amount": strings.Replace(right, "{perTransition: 1}", "{perMinute: [{flows: [a]}]}", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if check(t, compiled, text) == nil {
				t.Errorf("the schema accepts\n%s", text)
			}
			if _, err := policy.Parse("p.yaml", []byte(text)); err == nil {
				t.Errorf("the reader accepts\n%s", text)
			}
		})
	}
}

func TestPolicyTestMistakes(t *testing.T) {
	compiled := compile(t, schema.PolicyTest)
	right := `version: 1
policy: p.yaml
now: 2026-03-04T12:00:00Z
cases:
  - name: a
    event: {kind: alarm, data: {alertState: ALERT}}
    flows: [{name: f, executions: [{name: e, startedAgo: 1h, input: [1], want: {decision: stop, due: never}}]}]
`
	older := strings.Replace(right, "startedAgo: 1h", "startedAgo: 1h, environment: {A: b}, history: {lastEventAgo: 1h}", 1)
	for _, text := range []string{right, older, strings.NewReplacer("environment", "env", "lastEventAgo", "idle").Replace(older)} {
		if err := check(t, compiled, text); err != nil {
			t.Fatal(err)
		}
		if _, err := policytest.Parse("t.yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range [][2]string{
		{"version: 1", "version: 2"}, {"policy: p.yaml", ""}, {"policy: p.yaml", "policy: 1"}, {"cases:", "case:"},
		{"kind: alarm", "kind: event"}, {"startedAgo: 1h", "startedAgo: 1"}, {"startedAgo: 1h", "startdAgo: 1h"},
		{"decision: stop", "decision: kill"}, {"decision: stop, ", ""}, {"due: never", "due: 5"}, {"name: e, ", ""}, {"name: f, ", ""},
		{"name: e,", "name: e, status: RUNNING,"}, {"input: [1]", `input: '{"a": 1}'`}, {"input: [1]", "input: '[1] '"}, {"name: f,", "name: f-*,"},
		{"decision: stop,", `decision: stop, rule: "",`}, {"name: a", `name: ""`},
		{"flows: [{", "flows: {a: {"}, {"want: {decision: stop, due: never}", "want: stop"},
	} {
		text := strings.Replace(right, change[0], change[1], 1)
		text = strings.Replace(text, "}}]}]\n", map[bool]string{true: "}}]}}\n", false: "}}]}]\n"}[strings.Contains(text, "flows: {a")], 1)
		t.Run(change[1], func(t *testing.T) {
			if check(t, compiled, text) == nil {
				t.Errorf("the schema accepts\n%s", text)
			}
			if _, err := policytest.Parse("t.yaml", []byte(text)); err == nil {
				t.Errorf("the reader accepts\n%s", text)
			}
		})
	}
}

// TestKeys: the schema's keys are those that the reader knows, no more and no
// less. The reader lists them in its errors.
func TestKeys(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal([]byte(schema.Policy), &root); err != nil {
		t.Fatal(err)
	}
	rule := at(root, "rules", "items")
	window := at(rule, "window")["anyOf"].([]any)[0].(map[string]any)
	for _, level := range []struct {
		schema map[string]any
		policy string // with zzzz where an unknown key stands
	}{
		{root, "zzzz: 1"},
		{at(root, "protect"), "version: 1\nprotect: {zzzz: 1}\nrules: [{name: a, when: true}]"},
		{at(root, "limits"), "version: 1\nlimits: {zzzz: 1}\nrules: [{name: a, when: true}]"},
		{at(root, "pricing"), "version: 1\npricing: {zzzz: 1}\nrules: [{name: a, when: true}]"},
		{at(root, "pricing", "perMinute", "items"), "version: 1\npricing: {perMinute: [{zzzz: 1}]}\nrules: [{name: a, when: true}]"},
		{at(root, "notify", "items"), "version: 1\nnotify: [{zzzz: 1}]\nrules: [{name: a, when: true}]"},
		{rule, "version: 1\nrules: [{name: a, when: true, zzzz: 1}]"},
		{window, "version: 1\nrules: [{name: a, window: {zzzz: 1}}]"},
	} {
		_, err := policy.Parse("p.yaml", []byte(level.policy))
		known := regexp.MustCompile(`unknown key "zzzz"; there are: (.*)`).FindStringSubmatch(err.Error())
		if known == nil {
			t.Fatalf("%v", err)
		}
		want := strings.Split(known[1], ", ")
		slices.Sort(want)
		var got []string
		for key := range level.schema["properties"].(map[string]any) {
			got = append(got, key)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", level.policy, diff)
		}
	}
}

// at follows properties, and items where the key is that.
func at(s map[string]any, path ...string) map[string]any {
	for _, key := range path {
		if key != "items" {
			s = s["properties"].(map[string]any)
		}
		s = s[key].(map[string]any)
	}
	return s
}

// TestDescriptions: every key says what it is for.
func TestDescriptions(t *testing.T) {
	for _, text := range []string{schema.Policy, schema.PolicyTest} {
		var root any
		if err := json.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		described(t, root)
	}
}

func described(t *testing.T, node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			described(t, item)
		}
	case map[string]any:
		properties, _ := node["properties"].(map[string]any)
		for key, property := range properties {
			if text, _ := property.(map[string]any)["description"].(string); text == "" && node["additionalProperties"] != nil {
				t.Errorf("%s has no description", key)
			}
		}
		for _, child := range node {
			described(t, child)
		}
	}
}
