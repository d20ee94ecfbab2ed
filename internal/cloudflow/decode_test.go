package cloudflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestFlows(t *testing.T) {
	const body = `{"RequestId":"r","NextToken":"","Flows":[
		{"Name":"etl","Id":"id-1","Description":"d","Definition":"version: v1\n","Type":"FDL","RoleArn":"acs:ram::1:role/r","ExecutionMode":"Express",
		 "CreatedTime":"2019-01-01T01:01:01.001Z","LastModifiedTime":"2019-01-02T01:01:01.001+08:00","ResourceGroupId":"rg",
		 "Environment":{"Variables":[{"Name":"FLOWREAPER","Value":"off","Description":"x"},{"Name":"EMPTY","Value":""}]}},
		{"Name":"b","Environment":null},{"Name":"c","Environment":{}},{"Name":"d","Environment":{"Variables":null}}]}`
	want := []Flow{
		{Name: "etl", ID: "id-1", Description: "d", RoleARN: "acs:ram::1:role/r", ExecutionMode: "Express",
			CreatedTime:      time.Date(2019, 1, 1, 1, 1, 1, 1e6, time.UTC),
			LastModifiedTime: time.Date(2019, 1, 1, 17, 1, 1, 1e6, time.UTC),
			ResourceGroupID:  "rg", Environment: map[string]string{"FLOWREAPER": "off", "EMPTY": ""}},
		{Name: "b", Absent: flowFields}, {Name: "c", Absent: allBut("Environment")}, {Name: "d", Absent: allBut("Environment")},
	}
	for page, err := range once(t, script(says(200, body))).ListFlows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, page.Items); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// allBut are the fields that a flow may leave out, but for some.
func allBut(fields ...string) []string {
	return slices.DeleteFunc(slices.Clone(flowFields), func(name string) bool { return slices.Contains(fields, name) })
}

// A flow that was described has no more than its answer says, but for its
// definition, which every flow has.
func TestWhatDescribeFlowLeavesOutThereIsNoneOf(t *testing.T) {
	for _, test := range []struct {
		body string
		want []string
	}{
		{`{"Name":"a"}`, []string{"Definition"}},
		{`{"Name":"a","Definition":null,"Environment":null}`, []string{"Definition"}},
		{`{"Name":"a","Definition":""}`, []string{}},
	} {
		got, err := once(t, script(says(200, test.body))).DescribeFlow(t.Context(), "a")
		if diff := cmp.Diff(test.want, got.Absent, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.body, err, diff)
		}
	}
}

// Of a variable that is given twice, or half, nobody can say what it is.
func TestEnvironmentsInDoubt(t *testing.T) {
	for variables, want := range map[string]string{
		`{"Name":"A","Value":"1"},{"Name":"B","Value":"1"}`:                             "",
		`{"Name":"A","Value":""},{"Value":"","Name":""}`:                                "",
		`{"Name":"A","Value":"off"},{"Name":"B","Value":""},{"Name":"A","Value":""}`:    `the variable "A" is given twice`,
		`{"Name":"A","Value":"off"},{"Name":"A","Value":"off"},{"Name":"C","Value":""}`: `the variable "A" is given twice`,
		`{"Name":"A"}`:                            `the variable "A" has no value`,
		`{"Name":"A","Value":null}`:               `the variable "A" has no value`,
		`{"Value":"off"},{"Name":"B","Value":""}`: `a variable has no name`,
		`{}`: `a variable has no name`,
	} {
		body := `{"Name":"a","Environment":{"Variables":[` + variables + `]}}`
		flow, err := once(t, script(says(200, body))).DescribeFlow(t.Context(), "a")
		if err != nil || flow.EnvironmentDoubt != want {
			t.Errorf("flow, %s: %q, %v", variables, flow.EnvironmentDoubt, err)
		}
		execution, err := once(t, script(says(200, body))).DescribeExecution(t.Context(), "f", "a", 0)
		if err != nil || execution.EnvironmentDoubt != want {
			t.Errorf("execution, %s: %q, %v", variables, execution.EnvironmentDoubt, err)
		}
	}
}

// A row that leaves its environment out says nothing of it; an execution that
// was described has none then.
func TestAnEnvironmentThatIsLeftOut(t *testing.T) {
	for row, want := range map[string]bool{
		`{"Name":"a"}`: true, `{"Name":"a","Environment":null}`: true, `{"Name":"a","Environment":{}}`: false, `{"Name":"a","Environment":{"Variables":[]}}`: false,
	} {
		for page, err := range once(t, script(says(200, `{"Executions":[`+row+`]}`))).ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}) {
			if err != nil || page.Items[0].EnvironmentAbsent != want {
				t.Errorf("%s: %+v, %v", row, page.Items, err)
			}
		}
		if e, err := once(t, script(says(200, row))).DescribeExecution(t.Context(), "f", "a", 0); err != nil || e.EnvironmentAbsent {
			t.Errorf("%s, described: %+v, %v", row, e, err)
		}
	}
}

// The answer of the StopExecution reference's own example.
func TestAStopsAnswer(t *testing.T) {
	const body = `{"Status":"Running","StoppedTime":"2019-01-01T01:01:02.001Z","RequestId":"testRequestId","StartedTime":"2019-01-01T01:01:01.001Z",
		"FlowDefinition":"version: v1.0\ntype: flow\nname: test","Output":"{\"key\":\"value\"}","FlowName":"flow","Name":"exec","Input":"{\"key\":\"value\"}","RoleArn":"acs:ram::${accountID}:${role}"}`
	got, err := once(t, script(says(200, body))).StopExecution(t.Context(), Stop{"flow", "exec", "nill", "for test"})
	want := Execution{Name: "exec", FlowName: "flow", Status: "Running", StartedTime: time.Date(2019, 1, 1, 1, 1, 1, 1e6, time.UTC),
		StoppedTime: time.Date(2019, 1, 1, 1, 1, 2, 1e6, time.UTC), Input: `{"key":"value"}`, InputFetched: true,
		RequestID: "testRequestId"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestHistory(t *testing.T) {
	const body = `{"Events":[{"EventId":2,"ScheduleEventId":1,"Type":"StepEntered","StepName":"s","Time":"2019-01-01T01:01:01Z","EventDetail":"{}"},{"Type":"T","Time":"2019-01-01T01:01:01Z"}]}`
	want := []Event{{Type: "StepEntered", StepName: "s", Time: time.Date(2019, 1, 1, 1, 1, 1, 0, time.UTC)},
		{Type: "T", Time: time.Date(2019, 1, 1, 1, 1, 1, 0, time.UTC)}}
	for page, err := range once(t, script(says(200, body))).GetExecutionHistory(t.Context(), "f", "e") {
		if diff := cmp.Diff(want, page.Items); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	for event, want := range map[string]string{
		`{"Time":"2019-01-01T01:01:01Z"}`: "an event of a history has no Type", `{"Type":"StepEntered"}`: "an event of a history has no Time",
		`{"Type":"StepEntered","Time":""}`: "an event of a history has no Time", `{"Type":null,"Time":null}`: "an event of a history has no Time",
	} {
		c := once(t, script(says(200, `{"Events":[`+event+`]}`)))
		if err := firstError(c.GetExecutionHistory(t.Context(), "f", "e")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", event, err)
		}
	}
	for _, event := range []string{`{}`, `{"EventId":1,"Type":"StepEntered","Time":""}`} {
		c := once(t, script(says(200, `{"Events":[`+event+`]}`)))
		err := firstError(c.GetExecutionHistory(t.Context(), "f", "e"))
		if want := "GetExecutionHistory: an event of a history has no Time (HTTP 200)"; err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", event, err, want)
		}
	}
}

func TestTimes(t *testing.T) {
	moment := time.Date(2019, 1, 1, 1, 1, 1, 1e6, time.UTC)
	for text, want := range map[string]time.Time{
		`"2019-01-01T01:01:01.001Z"`:            moment,
		`"2019-01-01t01:01:01.001z"`:            moment,
		`"2019-01-01T09:01:01.001+08:00"`:       moment,
		`"2018-12-31T20:01:01.001-05:00"`:       moment,
		`"2019-01-01T09:01:01.001+0800"`:        moment,
		`"2019-01-01T01:01:01.001000000-00:00"`: moment,
		`"2019-01-01T01:01:01Z"`:                moment.Truncate(time.Second),
		`"2019-01-01T01:01:01.001999999Z"`:      moment, // cut, not rounded
		`"2019-01-01T09:01:01.0010001+08:00"`:   moment,
		`"1990-01-01T00:00:00Z"`:                time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		`"1989-12-31T23:59:59.9999Z"`:           {},
		`"1970-01-01T00:00:00Z"`:                {}, // a time that is not set, by many names
		`"1970-01-01T08:00:00+08:00"`:           {},
		`"1970-01-01T08:00:00Z"`:                {},
		`"1969-12-31T23:59:59.9999Z"`:           {},
		`"1900-01-01T00:00:00Z"`:                {},
		`"0001-01-01T08:00:00Z"`:                {},
		`"0001-01-01T00:00:00Z"`:                {},
		`"9999-12-31T23:59:59.999Z"`:            time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
		`"\u0032019-01-01T01:01:01.001Z"`:       moment,
		`""`:                                    {},
		`null`:                                  {},
	} {
		c := once(t, script(says(200, `{"Name":"a","StartedTime":`+text+`,"StoppedTime":`+text+`}`)))
		got, err := c.DescribeExecution(t.Context(), "f", "a", 0)
		if err != nil || got.StartedTime != want || got.StoppedTime != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"2019-01-01", "2019-01-01 01:01:01Z", "2019-01-01T01:01:01", "2019-13-01T01:01:01Z", "0",
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-12:00"} {
		c := once(t, script(says(200, `{"Name":"a","StartedTime":"`+text+`"}`)))
		if got, err := c.DescribeExecution(t.Context(), "f", "a", 0); err == nil {
			t.Errorf("%s was read as %v", text, got.StartedTime)
		}
	}
}

// A rule about inputs must not take an input that was not fetched for none.
func TestInputFetched(t *testing.T) {
	for _, test := range []struct {
		item     string
		metadata bool
		want     bool
	}{
		{`{"Name":"a","Input":"{}"}`, false, true},
		{`{"Name":"a","Input":""}`, false, true},
		{`{"Name":"a","Input":null}`, false, true},
		{`{"Name":"a"}`, false, false},
		{`{"Name":"a"}`, true, false},
		{`{"Name":"a","Input":""}`, true, false},
	} {
		c := once(t, script(says(200, `{"Executions":[`+test.item+`]}`)))
		for page, err := range c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f", MetadataOnly: test.metadata}) {
			if err != nil || page.Items[0].InputFetched != test.want {
				t.Errorf("%+v: %+v, %v", test, page, err)
			}
		}
	}
}

func TestNamesFromAnswersAreTakenAsTheyAre(t *testing.T) {
	for _, name := range []string{"exec:0123-abc:1", "名前", " a b ", "a/b?c#d", strings.Repeat("x", 5000), "\u2028\x7f"} {
		quoted, _ := json.Marshal(name)
		c := once(t, script(says(200, fmt.Sprintf(`{"Name":%s,"Status":"Paused"}`, quoted))))
		got, err := c.DescribeExecution(t.Context(), "f", name, 0)
		if err != nil || got.Name != name || !got.Live() {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
}

// oracle is a page as encoding/json reads it, by way of maps: struct fields
// would take names of any case. It panics where a page was misread.
func oracle(body []byte) (page listing[Execution], err error) {
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		return page, err
	}
	page.RequestID, page.next = newRedactor(testCredentials).short(textIn(members, "RequestId"), longestName), textIn(members, "NextToken")
	page.More = page.next != ""
	list, _ := members["Executions"].([]any)
	for _, item := range list {
		page.Items = append(page.Items, oracleExecution(item.(map[string]any)))
	}
	return page, nil
}

func oracleExecution(m map[string]any) Execution {
	e := Execution{Name: textIn(m, "Name"), FlowName: textIn(m, "FlowName"), Status: textIn(m, "Status"), Input: textIn(m, "Input"),
		RequestID: newRedactor(testCredentials).short(textIn(m, "RequestId"), longestName), StartedTime: timeIn(m, "StartedTime"), StoppedTime: timeIn(m, "StoppedTime")}
	_, e.InputFetched = m["Input"]
	environment, told := m["Environment"].(map[string]any)
	e.EnvironmentAbsent = !told
	variables, _ := environment["Variables"].([]any)
	for _, v := range variables {
		v := v.(map[string]any)
		name, value := textIn(v, "Name"), textIn(v, "Value")
		if e.Environment == nil {
			e.Environment = make(map[string]string)
		}
		if _, twice := e.Environment[name]; twice {
			e.EnvironmentDoubt = fmt.Sprintf("the variable %.64q is given twice", name)
		}
		if v["Value"] == nil {
			e.EnvironmentDoubt = fmt.Sprintf("the variable %.64q has no value", name)
		}
		if v["Name"] == nil {
			e.EnvironmentDoubt = "a variable has no name"
		}
		e.Environment[name] = value
	}
	return e
}

func textIn(m map[string]any, name string) string {
	if m[name] == nil {
		return ""
	}
	return m[name].(string)
}

func timeIn(m map[string]any, name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, strings.ToUpper(textIn(m, name)))
	if t.UTC().Year() < 1990 {
		return time.Time{}
	}
	return t.UTC()
}

// readPage reads a page as the client does.
func readPage(body io.Reader) (page listing[Execution], err error) {
	err = readAnswer(body, newRedactor(testCredentials), func(d *decoder) (err error) {
		page, err = readListing(d, "Executions", (*decoder).execution)
		return err
	})
	return page, err
}

// anyText is a text with everything in it that JSON escapes.
var anyText = rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z"\\/<>&\x00-\x1f]{0,40}`), rapid.Just(strings.Repeat("long \"text\" ", 100)))

// junk is a member that nobody asked for.
func junk() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(anyText, func(s string) any { return s }),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return f }),
		rapid.Map(rapid.SliceOfN(anyText, 0, 3), func(s []string) any { return s }),
		rapid.Map(rapid.MapOfN(anyText, anyText, 0, 3), func(m map[string]string) any { return map[string]any{"deep": m} }),
		rapid.Just[any](nil), rapid.Just[any](true))
}

func TestReadsWhatEncodingJSONReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []map[string]any
		for range rapid.IntRange(0, 5).Draw(t, "executions") {
			item := map[string]any{"Name": "x" + anyText.Draw(t, "name"), "FlowName": anyText.Draw(t, "flow"), "Status": rapid.SampledFrom([]string{"Running", "Stopped", ""}).Draw(t, "status"),
				"StartedTime": time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "time")).In(time.FixedZone("", rapid.IntRange(-14, 14).Draw(t, "zone")*3600)).Format(time.RFC3339Nano),
				"Output":      anyText.Draw(t, "output"), "FlowDefinition": anyText.Draw(t, "definition"), "Other": junk().Draw(t, "other")}
			if rapid.Bool().Draw(t, "has input") {
				item["Input"] = anyText.Draw(t, "input")
			}
			if rapid.Bool().Draw(t, "has environment") {
				item["Environment"] = map[string]any{"Variables": []any{map[string]any{"Name": anyText.Draw(t, "key"), "Value": anyText.Draw(t, "value"), "x": junk().Draw(t, "x")}}, "y": junk().Draw(t, "y")}
			}
			list = append(list, item)
		}
		body, err := json.Marshal(map[string]any{"RequestId": anyText.Draw(t, "id"), "NextToken": anyText.Draw(t, "token"), "Executions": list, "Other": junk().Draw(t, "top")})
		if err != nil {
			t.Fatal(err)
		}
		// Whatever the network cuts the body into.
		got, err := readPage(slowly{strings.NewReader(string(body)), rapid.IntRange(1, 5000).Draw(t, "chunk")})
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		agree(t, body, got)
	})
}

// slowly reads n bytes at a time.
type slowly struct {
	io.Reader
	n int
}

func (s slowly) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), s.n)]) }

// agree holds a page that was read against what encoding/json reads.
func agree(t interface{ Fatalf(string, ...any) }, body []byte, got listing[Execution]) {
	want, err := oracle(body)
	if err != nil {
		t.Fatalf("encoding/json refuses what was read: %v\n%s", err, body)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(listing[Execution]{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("(-encoding/json +ours):\n%s\n%s", diff, body)
	}
}

// FuzzPage feeds any bytes: nothing panics, what isn't JSON is refused, and
// what is read is what encoding/json reads.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		`{"Executions":[{"Name":"a","Input":"{}","StartedTime":"2019-01-01T01:01:01.001Z","Environment":{"Variables":[{"Name":"a","Value":"b"}]}}],"NextToken":"t"}`,
		`{"Executions":null}`, `{"RequestId":"r"}`, `{"Executions":[{"Name":"\ud83d\ude00\u0000"}]}`, `[]`, `{"x":{"y":[1,2.5e3,{"z":null}]},"Executions":[]}`,
		`{"Executions":[{"Name":"0","Environment":{"Variables":[{}]}},{"Name":"1","Environment":{"Variables":[{"Name":"a","Value":null},{"Name":"a","Value":""},{"Value":""}]}},{"Name":"2","Environment":null}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if page, err := readPage(strings.NewReader(string(body))); err == nil {
			agree(t, body, page)
		}
	})
}

// endless is an answer that never ends, made as it is read: start, and then
// item for ever.
type endless struct {
	start, item string
	sent        int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	if e.sent < len(e.start) {
		n = copy(p, e.start[e.sent:])
	}
	for n < len(p) {
		n += copy(p[n:], e.item[(e.sent+n-len(e.start))%len(e.item):])
	}
	e.sent += n
	return n, nil
}

func (*endless) Close() error { return nil }

// patient reads what is long on a machine that is slow.
func patient(o *Options) { o.CallTimeout = time.Hour }

func TestAnAnswerWithoutEndIsGivenUp(t *testing.T) {
	body := &endless{start: `{"Executions":[],"FlowDefinition":["`, item: `x","`}
	c := once(t, serve(func(*http.Request) (*http.Response, error) {
		a := answer(200, "")
		a.Body = body
		return a, nil
	}), patient)
	_, err := c.DescribeExecution(t.Context(), "f", "e", 0)
	const want = "DescribeExecution: the answer is longer than 32 MiB (HTTP 200)"
	if e, ok := errors.AsType[*Error](err); !ok || e.Error() != want || e.Class != Operation {
		t.Errorf("%v\nwant %s", err, want)
	}
	if body.sent > maxBody+64<<10 {
		t.Errorf("read %d bytes", body.sent)
	}
}

func TestAPageTooLongIsAskedForSmaller(t *testing.T) {
	var asked []string
	c := once(t, serve(func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		asked = append(asked, q.Get("Limit")+q.Get("NextToken"))
		limit, _ := strconv.Atoi(q.Get("Limit"))
		items := strings.Repeat(`,{"Name":"a","Output":"`+strings.Repeat("x", 1<<20)+`"}`, limit)
		next := map[string]string{"": "t"}[q.Get("NextToken")]
		return answer(200, `{"NextToken":"`+next+`","Executions":[`+items[1:]+`]}`), nil
	}), patient)
	got, _, err := names(c, t)
	if diff := cmp.Diff([]string{"99", "49", "24", "24t"}, asked); diff != "" || err != nil || len(got) != 48 {
		t.Errorf("%d executions, %v, limits (-want +got):\n%s", len(got), err, diff)
	}
}

func TestAListWithoutEndIsGivenUp(t *testing.T) {
	body := &endless{start: `{"Executions":[{"Name":"a"}`, item: `,{"Name":"a"}`}
	c := once(t, serve(func(*http.Request) (*http.Response, error) {
		a := answer(200, "")
		a.Body = body
		return a, nil
	}), patient)
	err := firstError(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}))
	const want = "ListExecutions: the answer has more than 1000 Executions (HTTP 200)"
	if err == nil || err.Error() != want || body.sent > 64<<10 {
		t.Errorf("%v after %d bytes\nwant %s", err, body.sent, want)
	}
}

func TestAnEndlessErrorIsNotReadWhole(t *testing.T) {
	body := &endless{start: `{"Code":"`, item: "x"}
	c := once(t, serve(func(*http.Request) (*http.Response, error) {
		a := answer(500, "")
		a.Body = body
		return a, nil
	}), patient)
	if e := stop(t.Context(), c); e == nil || e.HTTPStatus != 500 || body.sent > maxErrorBody+64<<10 {
		t.Errorf("%v after %d bytes", e, body.sent)
	}
}

// What is dropped is never made: a page whose definitions and outputs are a
// thousand times its names costs little more than the names.
func TestDroppedFieldsAreNotAllocated(t *testing.T) {
	measure := func(body string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			if _, err := readPage(slowly{strings.NewReader(body), 4096}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / 10
	}
	lean, full := measure(pageOf(99, 100, 0)), measure(pageOf(99, 100, 20_000))
	if full > lean+128<<10 {
		t.Errorf("99 executions: %d bytes without definitions, %d with 2 MB of them", lean, full)
	}
}

// pageOf is a page of n executions with inputs and definitions of a size.
func pageOf(n, input, definition int) string {
	var items []map[string]any
	for i := range n {
		items = append(items, map[string]any{
			"Name": fmt.Sprintf("run-%d", i), "FlowName": "etl-nightly", "Status": "Running", "StartedTime": "2026-01-01T01:01:01.001Z", "StoppedTime": "",
			"Input":  `{"priority":"low","pad":"` + strings.Repeat("x", input) + `"}`,
			"Output": strings.Repeat("o", definition/10), "FlowDefinition": strings.Repeat("version: v1\n", definition/12),
		})
	}
	body, err := json.Marshal(map[string]any{"RequestId": "r", "NextToken": "t", "Executions": items})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// Of the details only those of an end that was none of the execution's own making are
// kept, whatever comes first; others hold inputs and outputs.
func TestDetailOfTheEnd(t *testing.T) {
	const at = `"Time":"2019-01-01T01:01:01Z"`
	for event, want := range map[string]string{
		`{"Type":"ExecutionStopped","EventDetail":"{\"cause\":\"c\"}",` + at + `}`: `{"cause":"c"}`,
		`{"EventDetail":"{\"cause\":\"c\"}","Type":"ExecutionStopped",` + at + `}`: `{"cause":"c"}`,
		`{"EventDetail":{"cause":"c"},"Type":"ExecutionFailed",` + at + `}`:        `{"cause":"c"}`,
		`{"Type":"ExecutionTimedOut","EventDetail":null,` + at + `}`:               ``,
		`{"Type":"ExecutionStopped",` + at + `}`:                                   ``,
		`{"EventDetail":"hush","Type":"ExecutionSucceeded",` + at + `}`:            ``,
		`{"Type":"TaskFailed","EventDetail":["hush"],` + at + `}`:                  ``,
		`{"Type":"StepEntered","EventDetail":7,` + at + `}`:                        ``,
	} {
		for page, err := range once(t, script(says(200, `{"Events":[`+event+`]}`))).GetExecutionHistory(t.Context(), "f", "e") {
			if err != nil || page.Items[0].Detail != want {
				t.Errorf("%s: %v, %q", event, err, page.Items[0].Detail)
			}
		}
	}
}
