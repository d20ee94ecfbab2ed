package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// imports are two flows with executions of some customers, as JSON has them: the first is
// the oldest, and each an hour younger than the one before.
func imports(a, b []string) (flows []*Flow, rows [][]*Execution) {
	hours := len(a) + len(b)
	for i, customers := range [][]string{a, b} {
		flow, own := &Flow{Name: "import-" + "ab"[i:i+1]}, []*Execution{}
		for _, customer := range customers {
			own = append(own, &Execution{
				Name: fmt.Sprintf("%s%d", "ab"[i:i+1], len(own)), Status: "Running", StartedTime: testNow.Add(-time.Duration(hours) * time.Hour),
				Input: JSONInput(`{"customer":` + customer + `}`),
			})
			hours--
		}
		flow.Live = NewLive(testNow, own)
		flows, rows = append(flows, flow), append(rows, own)
	}
	return flows, rows
}

func TestCountBy(t *testing.T) {
	const customer = "countBy: execution.input.customer"
	four := []string{`"acme"`, `"bond"`, `"acme"`, `"acme"`}
	tests := []struct {
		name   string
		rule   []string
		a, b   []string
		change func(flows []*Flow, rows [][]*Execution)
		want   string
	}{
		{"all of the rule", []string{"maxConcurrent: 6", "countBy: rule"}, four, four, nil, "b2 b3"},
		{"each flow by itself", []string{"maxConcurrent: 2", "countBy: flow"}, four, four, nil, "a2 a3 b2 b3"},
		{"by customer", []string{"maxConcurrent: 4", customer}, four, four, nil, "b2 b3"},
		{"the oldest first", []string{"maxConcurrent: 4", customer, "stopFirst: oldest"}, four, four, nil, "a0 a2"},
		{"no other flows", []string{"flows: [import-a]", "maxConcurrent: 2", customer}, four, four, nil, "a3"},
		{"flows by a condition", []string{`when: flow.name == "import-b"`, "maxConcurrent: 2", customer}, four, four, nil, "b3"},
		{"those that meet the other conditions", []string{"maxRuntime: 90m", "maxConcurrent: 5", customer}, four, four, nil, "b2"},
		{"as many as may", []string{"maxConcurrent: 6", customer}, four, four, nil, ""},
		{"by several things", []string{"maxConcurrent: 1", `countBy: "[flow.name, execution.input.customer]"`}, four, []string{`"acme"`}, nil, "a2 a3"},
		{"a number and its text", []string{"maxConcurrent: 1", customer}, []string{`1`, `"1"`, `1.0`}, []string{`true`, `"true"`, `1e0`}, nil, "a2 b2"},
		{"numbers that a float would not tell apart", []string{"maxConcurrent: 1", customer}, []string{`9007199254740993`, `9007199254740992`}, []string{`9007199254740992.0`}, nil, "b0"},
		{"numbers that nothing would tell apart", []string{"maxConcurrent: 1", customer}, []string{`12345678901234567890`, `1.2345678901234567e19`}, []string{`12345678901234567891`}, nil, "a0? a1? b0?"},
		{"garbled texts", []string{"maxConcurrent: 1", customer}, []string{`"\ud800"`, "\"ab\xbc\xd2\""}, []string{`"\udc00"`, `"�"`}, nil, "a0? a1? b0? b1?"},
		{"in another case", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"Acme"`}, []string{`"ACME"`, `"acme "`}, nil, ""},
		{"quotes in a text", []string{"maxConcurrent: 1", customer}, []string{`"a"`, `"\"a\""`}, []string{`"\\\"a\\\""`}, nil, ""},
		{"no key", []string{"maxConcurrent: 1", customer}, []string{`null`, `null`}, []string{`"acme"`, `"acme"`}, nil, "a0? a1? b1"},
		{"no such key", []string{"maxConcurrent: 1", "countBy: execution.input.tenant"}, four, nil, nil, "a0? a1? a2? a3?"},
		{"lists", []string{"maxConcurrent: 1", customer}, []string{`["a, b"]`, `["a", "b"]`}, []string{`["a", "b"]`, `"[\"a\", \"b\"]"`}, nil, "b0"},
		{"no text", []string{"maxConcurrent: 1", customer}, []string{`["acme", null]`, `{"a":1}`}, []string{`["acme", []]`}, nil, "a0? a1? b0?"},
		{"the longest text", []string{"maxConcurrent: 1", customer}, []string{`"` + strings.Repeat("é", 256) + `"`, `"` + strings.Repeat("é", 256) + `"`}, []string{`"` + strings.Repeat("é", 257) + `"`}, nil, "a1 b0?"},
		{"an incomplete listing", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(flows []*Flow, _ [][]*Execution) { flows[1].Live = nil }, "a0? a1? b0?"},
		{"an incomplete listing of another rule's flow", []string{"flows: [import-a]", "maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, nil, func(flows []*Flow, _ [][]*Execution) { flows[1].Live = nil }, "a1"},
		{"an incomplete listing of a flow that may be one", []string{`when: flow.env.STAGE == "test"`, "maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, nil, func(flows []*Flow, _ [][]*Execution) {
			flows[0].Env, flows[1].EnvDoubt, flows[1].Live = map[string]string{"STAGE": "test"}, "it is given twice", nil
		}, "a0? a1?"},
		{"an input that was not fetched", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(_ []*Flow, rows [][]*Execution) { rows[1][0].Input = Input{} }, "a1 b0?"},
		{"an input that isn't JSON", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme`}, nil, "a1 b0?"},
		{"a distributed Map", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(flows []*Flow, _ [][]*Execution) { flows[1].DistributedMap = true }, "a0? a1? b0?"},
		{"a distributed Map whose children count", []string{"maxConcurrent: 1", customer, "mapChildren: count"}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(flows []*Flow, _ [][]*Execution) { flows[1].DistributedMap = true }, "a1 b0"},
		{"an Express flow", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(flows []*Flow, _ [][]*Execution) { flows[1].ExecutionMode = "Express" }, "a1"},
		{"without a startedTime it may be the newest", []string{"maxConcurrent: 1", customer}, []string{`"acme"`, `"acme"`}, []string{`"acme"`}, func(_ []*Flow, rows [][]*Execution) { rows[0][0].StartedTime = time.Time{} }, "a0? b0"},
		{"one name in two flows", []string{"maxConcurrent: 1", customer}, []string{`"acme"`}, []string{`"acme"`}, func(_ []*Flow, rows [][]*Execution) {
			rows[0][0].Name, rows[0][0].StartedTime = rows[1][0].Name, rows[1][0].StartedTime
		}, "b0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, oneRule(test.rule...))
			flows, rows := imports(test.a, test.b)
			if test.change != nil {
				test.change(flows, rows)
			}
			NewTogether(testNow, flows, "")
			got := condemned(p, flows[0], rows[0])
			if flows[1].executionMode() == "Standard" {
				got = strings.TrimSpace(got + " " + condemned(p, flows[1], rows[1]))
			}
			if got != test.want {
				t.Errorf("condemned are %q, want %q", got, test.want)
			}
		})
	}
}

// What is said of an execution, with the values that were seen.
func TestCountByIsExplained(t *testing.T) {
	for _, test := range []struct {
		rule, want string
	}{
		{"maxConcurrent: 1, countBy: execution.input.customer", `3 of customer "acme" live, at most 1, among the 2 newest`},
		{"maxConcurrent: 2, countBy: execution.input.customer", `3 of customer "acme" live, at most 2, the newest`},
		{"maxConcurrent: 2, countBy: execution.input.customer, stopFirst: oldest", `3 of customer "acme" live, at most 2, not among the oldest`},
		{"maxConcurrent: 3, countBy: execution.input.customer", `3 of customer "acme" live, at most 3`},
		{"maxConcurrent: 3, countBy: rule", `4 live in 2 flows, at most 3, the newest`},
		{"maxConcurrent: 3, countBy: upper(execution.input.customer)", `3 of upper(execution.input.customer) "ACME" live, at most 3`},
		{"maxConcurrent: 3, countBy: execution.input.tenant", `live (unknown) by execution.input.tenant, at most 3`},
	} {
		flows, rows := imports([]string{`"acme"`, `"acme"`}, []string{`"bond"`, `"acme"`})
		NewTogether(testNow, flows, "")
		p := mustParse(t, "version: 1\nrules: [{name: r, "+test.rule+"}]\n")
		e := p.Explain(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flows[1], Execution: rows[1][1]})
		conditions := e.Rules[0].Conditions
		if got := conditions[len(conditions)-1].Seen; got != test.want {
			t.Errorf("%s: %s, want %s", test.rule, got, test.want)
		}
	}
}

func TestCountByUndecided(t *testing.T) {
	const rule = "maxConcurrent: 1, countBy: execution.input.customer"
	for _, test := range []struct {
		name, customer string
		change         func(flows []*Flow)
		doubt, want    string
	}{
		{"no listing of all", `"acme"`, func(flows []*Flow) { flows[0].Live = NewLive(testNow, nil) }, "", "the list of all flows that count together was not fetched"},
		{"no listing", `"acme"`, func(flows []*Flow) { flows[0].Live = nil }, "", "the complete list of the flow's executions was not fetched"},
		{"no listing of another", `"acme"`, func(flows []*Flow) { flows[1].Live = nil }, "", "the flow import-b counts too, and no complete list of its executions came"},
		{"no definition of another", `"acme"`, func(flows []*Flow) { flows[1].Unknown = []string{"Definition"} }, "", "the flow import-b counts too, and its definition was not fetched"},
		{"a Map", `"acme"`, func(flows []*Flow) { flows[1].DistributedMap = true }, "", "the flow import-b has a distributed Map, whose children are executions too: say mapChildren: count if they shall be"},
		{"a doubt", `"acme"`, nil, "the listing of flows failed", "the listing of flows failed"},
		{"nil", `null`, nil, "", "countBy: execution.input.customer is nil: what has no key is not counted"},
		{"an object", `{"name":"acme"}`, nil, "", `countBy: execution.input.customer is {"name":"acme"}: a key is a text, a number, true or false, or a list of those`},
		{"no list of texts", `["acme", ["bond"]]`, nil, "", `countBy: execution.input.customer is a list, whose item 1 is ["bond"]: a key is a text, a number, true or false, or a list of those`},
		{"a large number", `12345678901234567890`, nil, "", `12345678901234567890 is too large a number to be told from others: write it as a text`},
		{"a large number in a list", `["acme", 12345678901234567890]`, nil, "", `countBy: execution.input.customer is a list, whose item 1 is no key: 12345678901234567890 is too large a number to be told from others: write it as a text`},
		{"a float", `1e300`, nil, "", `countBy: execution.input.customer is 1e+300, too large a number to be told from others: write it as a text`},
		{"a garbled text", `"\ud800\ud800"`, nil, "", `countBy: execution.input.customer is "��", a text with characters that came garbled, and may be another's`},
		{"too long", `"` + strings.Repeat("x", 3000) + `"`, nil, "", "countBy: execution.input.customer is \"xxxxxxxxxxxxxxxxxx…, longer than the 256 characters that a key may have"},
		{"a list too long", "[" + strings.Repeat("1,", 90000) + "1]", nil, "", "countBy: execution.input.customer is [1, 1, 1, 1, 1, 1, …, longer than the 256 characters that a key may have"},
	} {
		flows, rows := imports([]string{test.customer}, []string{`"acme"`})
		NewTogether(testNow, flows, test.doubt)
		if test.change != nil {
			test.change(flows)
		}
		v := mustParse(t, "version: 1\nrules: [{name: r, "+rule+"}]\n").Judge(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flows[0], Execution: rows[0][0]})
		got := "decided"
		if len(v.Undecided) > 0 {
			got = v.Undecided[0].Err.Error()
		}
		if diff := cmp.Diff("maxConcurrent: "+test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What is written in countBy by mistake.
func TestCountByMistakes(t *testing.T) {
	const must = "countBy must be flow, rule, or an expression such as execution.input.customer, but is the text "
	const same = "and a key stays the same while the execution runs: it may read flow, but for flow.live, execution.name and execution.input"
	for _, test := range []struct{ rule, want string }{
		{"when: true, countBy: rule", "4:36: countBy needs maxConcurrent"},
		{"maxConcurrent: 1, countBy: flows", "4:42: " + must + `"flows"; did you mean flow?`},
		{"maxConcurrent: 1, countBy: rules", "4:42: " + must + `"rules"; did you mean rule?`},
		{"maxConcurrent: 1, countBy: Rule", "4:42: " + must + `"Rule"; did you mean rule?`},
		{"maxConcurrent: 1, countBy: customer", `4:42: countBy: unknown name "customer": of the input it is execution.input.customer`},
		{"maxConcurrent: 1, countBy: input.customer", `4:42: countBy: unknown name "input"; did you mean execution.input?`},
		{"maxConcurrent: 1, countBy: execution", `4:42: countBy: execution is not a value; its fields are: age, cost, env, input, name, startedTime, status`},
		{"maxConcurrent: 1, countBy: execution.age", "4:42: countBy reads execution.age, " + same},
		{"maxConcurrent: 1, countBy: now", "4:42: countBy reads now, " + same},
		{"maxConcurrent: 1, countBy: flow.live", "4:42: countBy reads flow.live, " + same},
		{"maxConcurrent: 1, countBy: event.data.customer", "4:42: countBy reads event.data, " + same},
		{"maxConcurrent: 1, countBy: history.currentStep", "4:42: countBy reads history.currentStep, " + same},
		{"maxConcurrent: 1, countBy: flow.env", "4:42: countBy: flow.env is an object: a key is a text, a number, true or false, or a list of those"},
		{"maxConcurrent: 1, countBy: flow.createdTime", "4:42: countBy: flow.createdTime is a time: a key is a text, a number, true or false, or a list of those"},
		{"maxConcurrent: 1, countBy: '\"all\"'", `4:42: countBy: "all" is the same for all executions: write rule`},
		{"maxConcurrent: 1, countBy: [flow, rule]", `4:42: countBy is one text: write "[flow, rule]"`},
		{"maxConcurrent: 1, countBy: {customer: 1}", "4:42: countBy must be flow, rule, or what executions are counted by, such as execution.input.customer, but is a mapping"},
		{"maxConcurrent: 1, countBy: all", "4:42: " + must + `"all"; did you mean rule?`},
		{"maxConcurrent: 1, countBy: input", `4:42: countBy: unknown name "input"; did you mean execution.input?`},
		{"maxConcurrent: 1, countBy: execution.input", "4:42: countBy: execution.input is an object: a key is a text, a number, true or false, or a list of those"},
		{"maxConcurrent: 1, countBy: rule, on: [event, timer]", "4:42: countBy counts several flows in one sweep, and an event's looks at each by itself: take event out of on"},
		{"maxConcurrent: 1, countby: rule", `4:33: unknown key "countby"; did you mean "countBy"?`},
		{"maxConcurrent: 1, groupBy: rule", `4:33: unknown key "groupBy"; did you mean "countBy"?`},
	} {
		_, err := Parse("policy.yaml", []byte("version: 1\nmode: enforce\nrules:\n  - {name: r, "+test.rule+"}\n"))
		got := "no error"
		if err != nil {
			got, _, _ = strings.Cut(strings.TrimPrefix(err.Error(), "policy.yaml:"), "\n")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.rule, diff)
		}
	}
}
