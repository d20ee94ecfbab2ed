package account

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const whole = `
behaviour: {order: newest, startedTimeBounds: exclusive, listLag: 1s, stopDelay: 2s, describeAfterStop: running, express: refused,
            acs3: refuse, retention: 2160h, maxSkew: 15m, clockOffset: -5m, pageCursor: offset}
flows:
  - name: etl-nightly
    executionMode: Standard
    description: text
    environment: {FLOWREAPER: "off"}
    executions:
      - {name: run-1, startedAgo: 3h, input: {priority: low, shards: [1, 2]}}
      - {name: run-2, startedAgo: 5h, endedAgo: 4h}
      - {name: run-3, startedAgo: 10m, endsIn: 5s, endStatus: Failed, inputText: '{"as": "text"}', env: {A: b}}
      - {name: run-4, startedIn: 30s, input: a text}
generate:
  - {flows: 1000, prefix: load-, live: 3, ended: 100, maxAge: 6h, every: 30m, median: 8m, hang: 1%, seed: 1}
faults:
  - {operation: StopExecution, flow: etl-nightly, execution: run-1, skip: 1, times: 2, kind: error, status: 503, code: Busy, delay: 1.5s}
`

func TestParse(t *testing.T) {
	got, err := Parse("account.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	const hour, minute, second = Duration(time.Hour), Duration(time.Minute), Duration(time.Second)
	want := &Account{
		Behaviour: Behaviour{
			Order: "newest", StartedTimeBounds: "exclusive", ListLag: second, StopDelay: 2 * second,
			DescribeAfterStop: "running", Express: "refused", ACS3: "refuse",
			Retention: 2160 * hour, MaxSkew: 15 * minute, ClockOffset: -5 * minute, PageCursor: "offset",
		},
		Flows: []Flow{{
			Name: "etl-nightly", ExecutionMode: "Standard", Description: "text", Environment: map[string]string{"FLOWREAPER": "off"},
			Executions: []Execution{
				{Name: "run-1", StartedAgo: 3 * hour, Input: `{"priority":"low","shards":[1,2]}`},
				{Name: "run-2", StartedAgo: 5 * hour, EndedAgo: new(4 * hour)},
				{Name: "run-3", StartedAgo: 10 * minute, EndsIn: new(5 * second), EndStatus: "Failed", InputText: new(`{"as": "text"}`), Env: map[string]string{"A": "b"}},
				{Name: "run-4", StartedIn: 30 * second, Input: "a text"},
			},
		}},
		Generate: []Generate{{
			Flows: 1000, Prefix: "load-", Live: 3, Ended: 100, MaxAge: 6 * hour, Every: 30 * minute, Median: 8 * minute, Hang: 0.01, Seed: 1,
		}},
		Faults: []Fault{{
			Operation: "StopExecution", Flow: "etl-nightly", Execution: "run-1", Skip: 1, Times: 2,
			Kind: "error", Status: 503, Code: "Busy", Delay: second * 3 / 2,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "a.yaml: the file is empty"},
		{"# nothing\n", "a.yaml: the file is empty"},
		{"flows: []\n---\nflows: []\n", "a.yaml: the file holds more than one YAML document; --- may only begin it"},
		{"faults: []\n", "a.yaml:1:1: an account needs flows: or generate:\n    faults: []\n    ^"},
		{"flow: []\n", "a.yaml:1:1: unknown field \"flow\"\n    flow: []\n    ^"},
		{"flows:\n\t- name: a\n", "a.yaml:2:1: found character '\t' that cannot start any token\n    \t- name: a\n    ^"},
		{"flows: [{name: a, executions: [{name: x, strtedAgo: 3h}]}]\n", "a.yaml:1:42: unknown field \"strtedAgo\"\n    flows: [{name: a, executions: [{name: x, strtedAgo: 3h}]}]\n                                             ^"},
		{"behaviour: {order: rndom}\nflows: []\n", "a.yaml:1:20: \"rndom\" is none of random, newest, oldest\n    behaviour: {order: rndom}\n                       ^"},
		{"behaviour: {listLag: -1s}\nflows: []\n", "a.yaml:1:22: the duration must not be negative\n    behaviour: {listLag: -1s}\n                         ^"},
	} {
		checkRefused(t, test.text, test.want)
	}
}

// Each line stands as the only flow, execution, generate or fault of an
// account; the error must name that place.
func TestParseRefusesItems(t *testing.T) {
	for _, test := range []struct{ list, item, at, want string }{
		{"flows", "{name: 1a}", "1a", `"1a" is not a flow's name: 1 to 128 letters, digits, _ and -, and no digit or - at its start`},
		{"flows", "{description: d}", "{", `"" is not a flow's name: 1 to 128 letters, digits, _ and -, and no digit or - at its start`},
		{"flows", "{name: a, executionMode: Expres}", "Expres", `"Expres" is none of Standard, Express`},
		{"executions", "{startedAgo: 1h}", "{", "an execution needs a name"},
		{"executions", "{name: x, status: Runing}", "Runing", `"Runing" is none of Starting, Running, Stopped, Succeeded, Failed, TimedOut`},
		{"executions", "{name: x, startedAgo: 3hours}", "3hours", `"3hours" is not a duration: write 3h`},
		{"executions", "{name: x, startedAgo: 90}", "90", `"90" is not a duration: it has no unit; of seconds write 90s`},
		{"executions", "{name: x, startedAgo: -1h}", "-1h", "the duration must not be negative"},
		{"executions", "{name: x, startedAgo: 999999999w}", "999999999w", `the duration 999999999w is too long: the longest is 106751d23h47m16s`},
		{"executions", "{name: x, startedAgo: 1h, startedIn: 1m}", "1m", "startedAgo and startedIn exclude each other"},
		{"executions", "{name: x, startedAgo: 1h, endedAgo: 2h}", "2h", "an execution can't end before it starts: endedAgo must not exceed startedAgo"},
		{"executions", "{name: x, startedIn: 1h, endsIn: 2m}", "2m", "an execution can't end before it starts: endsIn must not be less than startedIn"},
		{"executions", "{name: x, startedAgo: 2h, endedAgo: 1h, endsIn: 2m}", "2m", "endedAgo and endsIn exclude each other"},
		{"executions", "{name: x, startedAgo: 2h, endedAgo: 1h, status: Running}", "Running", "an execution with endedAgo is over, and can't be Running"},
		{"executions", "{name: x, status: Failed, endsIn: 1h}", "Failed", "an execution that is Failed is over; say endStatus for how it will end"},
		{"executions", "{name: x, status: Failed, endStatus: Stopped}", "Stopped", "status says Failed, endStatus Stopped"},
		{"flows", "{name: a, environment: {A: b}, env: {A: c}}", "{A: c}", "env and environment are one: give one of them"},
		{"executions", "{name: x, environment: {A: b}, env: {A: c}}", "{A: c}", "env and environment are one: give one of them"},
		{"executions", "{name: x, input: {a: 1}, inputText: x}", "x}", "input and inputText exclude each other"},
		{"executions", `{name: x, input: '{"a": 1}'}`, "'{", "this text reads as JSON: take its quotes away, so that it is what it says; an execution's raw text is its inputText"},
		{"executions", `{name: x, input: ' [1] '}`, "' [", "this text reads as JSON: take its quotes away, so that it is what it says; an execution's raw text is its inputText"},
		{"executions", `{name: x, output: "{}"}`, `"{}"`, "this text reads as JSON: take its quotes away, so that it is what it says; an execution's raw text is its inputText"},
		{"generate", "{flows: 2, prefix: a-, environment: {A: b}, env: {A: c}}", "{A: c}", "env and environment are one: give one of them"},
		{"generate", "{prefix: a-}", "{", "0 is not from 1 to 100000"},
		{"generate", "{prefix: a-, flows: 1, live: 1000001}", "1000001", "1000001 is not from 0 to 1000000"},
		{"generate", "{flows: 2}", "{", `"0" is not a flow's name: 1 to 128 letters, digits, _ and -, and no digit or - at its start`},
		{"generate", "{flows: 2, prefix: a-, hang: 1%}", "1%", "hang is a share of the new starts, and there are none without every"},
		{"generate", "{flows: 2, prefix: a-, every: 1h, hang: 101%}", "101%", `"101%" is not a share such as 1%, from 0% to 100%`},
		{"generate", "{flows: 2, prefix: a-, every: 1h, hang: 1}", "1}", `"1" is not a share such as 1%, from 0% to 100%`},
		{"generate", "{flows: 2, prefix: a-, every: 10ms}", "10ms", "every must be at least 1s"},
		{"generate", "{flows: 2, prefix: a-, at: hour}", "hour", "at says when the new starts fall, and there are none without every"},
		{"generate", "{flows: 2, prefix: a-, input: {a: 1}, inputSize: 9}", "9", "input and inputSize exclude each other"},
		{"faults", "{operation: StopExecution}", "{", "a fault needs a kind: error, resetBefore, resetAfter, slow, torn, html502, empty503"},
		{"faults", "{kind: eror}", "eror", `"eror" is none of error, resetBefore, resetAfter, slow, torn, html502, empty503`},
		{"faults", "{operation: StopExec, kind: torn}", "StopExec", `"StopExec" is none of ListFlows, DescribeFlow, CreateFlow, DeleteFlow, ListExecutions, DescribeExecution, GetExecutionHistory, StartExecution, StopExecution, DescribeRegions, AssumeRole`},
		{"faults", "{kind: torn, code: X}", "X", "code belongs to the kind error"},
		{"faults", "{kind: html502, status: 500}", "500", "status belongs to the kind error"},
		{"faults", "{kind: error, status: 200}", "200", "the status of an error is from 400 to 599"},
		{"faults", "{kind: slow}", "{", "a slow answer needs a delay"},
		{"faults", "{kind: torn, times: -1}", "-1", "-1 is less than 0"},
	} {
		prefix, suffix := "flows: []\n"+test.list+":\n  - ", "\n"
		switch test.list {
		case "flows":
			prefix = "flows:\n  - "
		case "executions":
			prefix = "flows:\n  - name: f\n    executions:\n      - "
		}
		text := prefix + test.item + suffix
		lines := strings.Split(text, "\n")
		line := lines[len(lines)-2]
		column := strings.Index(line, test.at)
		place := "a.yaml:" + strconv.Itoa(len(lines)-1) + ":" + strconv.Itoa(column+1)
		checkRefused(t, text, place+": "+test.want+"\n    "+line+"\n    "+strings.Repeat(" ", column)+"^")
	}
}

func TestParseRefusesNamesUsedTwice(t *testing.T) {
	checkRefused(t, "flows:\n  - name: a\n  - name: a\n", "a.yaml:3:11: two flows are named \"a\"\n      - name: a\n              ^")
	checkRefused(t, "flows:\n  - name: a-1\ngenerate:\n  - {flows: 2, prefix: a-}\n",
		"a.yaml:4:24: two flows are named \"a-1\"\n      - {flows: 2, prefix: a-}\n                           ^")
	checkRefused(t, "flows:\n  - name: a\n    executions:\n      - name: x\n      - name: x\n",
		"a.yaml:5:15: flow a has two executions named \"x\"\n          - name: x\n                  ^")
}

func checkRefused(t *testing.T, text, want string) {
	t.Helper()
	_, err := Parse("a.yaml", []byte(text))
	if err == nil {
		t.Errorf("%q is accepted, want %s", text, want)
		return
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

func TestParseFaults(t *testing.T) {
	got, err := ParseFaults("faults", []byte(`[{"operation":"ListFlows","skip":1,"times":2,"kind":"slow","delay":"2s"}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Fault{{Operation: "ListFlows", Skip: 1, Times: 2, Kind: FaultSlow, Delay: Duration(2 * time.Second)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = ParseFaults("faults", []byte(`[{"kind":"slw"}]`))
	const wanted = "faults:1:10: \"slw\" is none of error, resetBefore, resetAfter, slow, torn, html502, empty503\n    [{\"kind\":\"slw\"}]\n             ^"
	if err == nil || err.Error() != wanted {
		t.Errorf("got %v\nwant %s", err, wanted)
	}
}

// TestInputs: an input is what YAML says, and a text stands as it is, as in tests
// of policies.
func TestInputs(t *testing.T) {
	for item, want := range map[string]string{
		"input: {a: [1, x], b: null}":      `{"a":[1,"x"],"b":null}`,
		"input: a text":                    `a text`,
		`input: "5"`:                       "5",
		`input: "{"`:                       "{",
		"input: null":                      "",
		"input: &all {a: 1}, output: *all": `{"a":1}`,
		"inputText: not JSON":              "not JSON",
		`inputText: '{"a": 1}'`:            `{"a": 1}`,
		`inputText: ""`:                    "",
		"input: '', env: {A: b}":           "",
		"input: ' '":                       " ",
	} {
		a, err := Parse("a.yaml", []byte("flows: [{name: f, executions: [{name: x, "+item+"}]}]\n"))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := a.Flows[0].Executions[0].RawInput(); got != want {
			t.Errorf("%s: %s, want %s", item, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "2d": 48 * time.Hour,
		"1w": 168 * time.Hour, "250ms": 250 * time.Millisecond, "-5m": -5 * time.Minute,
	} {
		a, err := Parse("a", []byte("behaviour: {clockOffset: "+text+"}\nflows: []"))
		if err != nil || time.Duration(a.Behaviour.ClockOffset) != want {
			t.Errorf("%s is read as %+v, %v; want %v", text, a, err, want)
		}
	}
}

func TestCheckOfAccountsMadeByHand(t *testing.T) {
	err := (&Account{Flows: []Flow{{Name: "a", Executions: []Execution{{Name: "x", Status: "Idle"}}}}}).Check()
	const want = `flows[0].executions[0].status: "Idle" is none of Starting, Running, Stopped, Succeeded, Failed, TimedOut`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestShippedAccounts(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/accounts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no accounts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(file, text); err != nil {
			t.Error(err)
		}
	}
}

// Whatever is read, Parse answers with an account that passes its own check,
// or with an error that names the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("flows: [{name: a, executions: [{name: x, input: *y}]}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := Parse("a.yaml", text)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "a.yaml:"):
			t.Errorf("an error without its file: %v", err)
		case err == nil && a.Check() != nil:
			t.Errorf("parsed, but: %v", a.Check())
		}
	})
}

// The accounts in the documentation can be copied.
func TestDocumentedAccounts(t *testing.T) {
	text, err := os.ReadFile("../../../docs/emulator.md")
	if err != nil {
		t.Fatal(err)
	}
	fences := strings.Split(string(text), "```yaml\n")[1:]
	if len(fences) < 2 {
		t.Fatalf("%d accounts in the documentation, want 2", len(fences))
	}
	for _, fence := range fences {
		example, _, _ := strings.Cut(fence, "```")
		if _, err := Parse("docs/emulator.md", []byte(example)); err != nil {
			t.Error(err)
		}
	}
}
