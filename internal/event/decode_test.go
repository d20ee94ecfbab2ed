package event_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/event"
)

const expected = `expected a timer event, a CloudEvents 1.0 object, a CloudMonitor alert as JSON or form, ` +
	`another JSON object, or an array of these; to sweep by hand send {"kind":"manual"}`

func TestDecodeErrors(t *testing.T) {
	const aTime = `expected a time such as "2023-12-26T07:49:00Z"`
	deep := strings.Repeat(`{"a":`, event.MaxDepth+1) + "1" + strings.Repeat("}", event.MaxDepth+1)
	tests := []struct{ name, body, want string }{
		{"empty", "", "the body is empty; " + expected},
		{"blank", " \r\n\t", "the body is empty; " + expected},
		{"null", "null", "the body is null; " + expected},
		{"a truth value", "true", "the body is the truth value true; " + expected},
		{"a number", "12", "the body is the number 12; " + expected},
		{"a text", `"stop"`, `the body is the text "stop"; ` + expected},
		{"a text that holds a number", `"5"`, `the body is the text "5"; ` + expected},
		{"a text in a text", `"\"{}\""`, `the body is the text "\"{}\""; ` + expected},
		{"plain text", "stop everything", "line 1, column 1: not JSON: invalid character 's' at start of value"},
		{"a form of something else", "a=1&b=2", `neither JSON nor the form of an alert: "a=1&b=2"; ` + expected},
		{"half an object", `{"a":`, "line 1, column 6: not JSON: unexpected EOF"},
		{"half a text", `{"a":"b`, "line 1, column 8: not JSON: unexpected EOF"},
		{"no comma", "{\n  \"a\": 1\n  \"b\": 2\n}", `line 3, column 3: not JSON: invalid character '"' after object value (expecting ',' or '}')`},
		{"a comma too many", `{"a":1,}`, "line 1, column 7: not JSON: invalid character ',' at start of value"},
		{"one object after another", `{"a":1} {"b":2}`, "line 1, column 9: more follows the first value; expected one JSON value: put several events into an array"},
		{"garbage after it", `{"停":1}x`, "line 1, column 8: more follows the first value; expected one JSON value: put several events into an array"},
		{"a key twice", `{"kind":"manual","kind":"timer"}`, `line 1, column 18: the key "/kind" is given twice; expected each key once`},
		{"a key twice, by escapes", `{"data":{"a b":1,"a\u0020b":2}}`, `line 1, column 18: the key "/data/a b" is given twice; expected each key once`},
		{"not UTF-8", "{\"a\":\n\"\xff\"}", "line 2, column 2: not UTF-8; expected JSON in UTF-8"},
		{"too deep", deep, "line 1, column 321: objects and arrays nested more than 64 deep"},
		{"a number too large", `{"a":1e999}`, "line 1, column 10: the number 1e999 is too large"},
		{"an empty array", "[]", "the array is empty; " + expected},
		{"wrong elements", `[{"a":1},5,"x",[{}],"[1]"]`, "element 2 of 5: the number 5; expected an object, or a text that holds one\n" +
			"event refused: element 3 of 5, line 1, column 1: not JSON: invalid character 'x' at start of value\n" +
			"event refused: element 4 of 5: an array; expected an object, or a text that holds one\n" +
			"event refused: element 5 of 5: an array; expected an object, or a text that holds one"},
		{"a timer in an array", `[{"triggerTime":"2026-08-02T01:00:00Z","triggerName":"t","payload":""}]`,
			"element 1 of 1: a timer event in an array; it comes alone; expected a CloudEvent, an alert or a custom event"},
		{"a manual one in an event stream", `["{\"kind\":\"manual\"}"]`,
			"element 1 of 1: a manual event in an array; it comes alone; expected a CloudEvent, an alert or a custom event"},

		{"timer, no time", `{"triggerTime":null,"triggerName":"t"}`, "triggerTime is null; expected a text that isn't empty"},
		{"timer, time a number", `{"triggerTime":5,"triggerName":"t"}`, "triggerTime is the number 5; expected a text that isn't empty"},
		{"timer, no time to read", `{"triggerTime":"today","triggerName":"t"}`, `triggerTime is the text "today"; ` + aTime},
		{"timer, name a number", `{"triggerTime":"2026-08-02T01:00:00Z","triggerName":1.5}`, "triggerName is the number 1.5; expected a text that isn't empty"},
		{"CloudEvents 0.3", `{"specversion":"0.3","id":"1","source":"s","type":"t"}`, `specversion is the text "0.3"; expected "1.0"`},
		{"CloudEvent, a number's version", `{"specversion":1.0,"id":"1","source":"s","type":"t"}`, "specversion is the number 1; expected a text that isn't empty"},
		{"CloudEvent, no id", `{"specversion":"1.0","source":"s","type":"t"}`, "id is missing; expected a text that isn't empty"},
		{"CloudEvent, an empty type", `{"specversion":"1.0","id":"1","source":"s","type":""}`, `type is the text ""; expected a text that isn't empty`},
		{"CloudEvent, a source that is an object", `{"specversion":"1.0","id":"1","source":{},"type":"t"}`, "source is an object; expected a text that isn't empty"},
		{"CloudEvent, subject", `{"specversion":"1.0","id":"1","source":"s","type":"t","subject":[]}`, "subject is an array; expected a text"},
		{"CloudEvent, time", `{"specversion":"1.0","id":"1","source":"s","type":"t","time":1590592527490}`, "time is the number 1590592527490; " + aTime},
		{"CloudEvent around an alert, its timestamp", `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"alertName":"a","alertState":"OK","timestamp":"soon"}}`,
			`data.timestamp is the text "soon"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"alert, state", `{"alertName":"a","alertState":false}`, "alertState is the truth value false; expected a text that isn't empty"},
		{"alert, name", `{"alertName":"","alertState":"ALERT"}`, `alertName is the text ""; expected a text that isn't empty`},
		{"alert, timestamp", `{"alertName":"a","alertState":"ALERT","timestamp":-1}`, "timestamp is the number -1; " + aTime + ", or seconds or milliseconds since 1970"},
		{"form, a field twice", "alertName=a&alertState=OK&alertState=ALERT", `the form's field "alertState" is given twice; expected each field once`},
		{"form, not UTF-8", "alertName=%ff&alertState=OK", `the form's field "alertName" is not UTF-8; expected a form in UTF-8`},
		{"form, timestamp", "alertName=a&alertState=OK&timestamp=99999999999999999999", `timestamp is the text "99999999999999999999"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"custom, time", `{"time":"14:30"}`, `time is the text "14:30"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"manual, time", `{"kind":"manual","time":true}`, "time is the truth value true; " + aTime + ", or seconds or milliseconds since 1970"},
		{"a time before the calendar", `{"time":"0000-01-01T00:00:00+08:00"}`, `time is the text "0000-01-01T00:00:00+08:00"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"a time without a zone", `{"time":"2026-08-02T09:00:00.250"}`, `time is the text "2026-08-02T09:00:00.250"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"form, a time without a zone", "alertName=a&alertState=OK&timestamp=2026-08-02+09:00:00", `timestamp is the text "2026-08-02 09:00:00"; ` + aTime + ", or seconds or milliseconds since 1970"},
		{"what comes from elsewhere is clipped and escaped", `{"time":"` + strings.Repeat("停", 100) + `"}`,
			`time is the text "` + strings.Repeat("停", 40) + `"…; ` + aTime + ", or seconds or milliseconds since 1970"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			events, err := event.Decode([]byte(test.body))
			if err == nil {
				t.Fatalf("understood as %+v", events)
			}
			if diff := cmp.Diff("event refused: "+test.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDecodeBounds(t *testing.T) {
	tests := []struct {
		name string
		body []byte
		want string // "": understood
	}{
		{"32 MB", slices.Repeat([]byte("["), 32<<20),
			"event refused: the body is 33554432 bytes long; at most 1048576 are read; send less, or give the event stream smaller batches"},
		{"as long as may be", []byte(`{"a":"` + strings.Repeat("x", event.MaxBytes-8) + `"}`), ""},
		{"deep, within bounds of length", slices.Repeat([]byte("["), event.MaxBytes),
			"event refused: line 1, column 65: objects and arrays nested more than 64 deep"},
		{"as deep as may be", []byte(strings.Repeat(`{"a":`, event.MaxDepth) + "1" + strings.Repeat("}", event.MaxDepth)), ""},
		{"as many as may be", []byte("[" + strings.Repeat("{},", event.MaxEvents-1) + "{}]"), ""},
		{"too many", []byte("[" + strings.Repeat("{},", event.MaxEvents) + "{}]"),
			"event refused: the array holds 1001 events; at most 1000 are read; give the event stream smaller batches"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := event.Decode(test.body)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A bad neighbour in a batch can't silence an alarm, and is named all the same.
func TestDecodeKeepsWhatItUnderstood(t *testing.T) {
	body := `[{"specversion":"0.1"},{"alertName":"bill","alertState":"ALERT"}` + strings.Repeat(",7", 20) + "]"
	events, err := event.Decode([]byte(body))
	if len(events) != 1 || events[0].Subject != "bill" {
		t.Errorf("events %+v", events)
	}
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 11 || lines[10] != "… and 11 more elements were refused" {
		t.Errorf("%d lines: %s", len(lines), err)
	}
}

// An object is what its shape says, not what it calls itself.
func TestDecodeKinds(t *testing.T) {
	cloudEvent := func(data string) string {
		return `{"specversion":"1.0","id":"1","source":"s","type":"t","data":` + data + `}`
	}
	tests := []struct{ name, body, want string }{
		{"nothing known", `{}`, "custom"},
		{"the console's test event", `{"key1":"value1","key2":"value2","key3":"value3"}`, "custom"},
		{"calls itself a timer", `{"kind":"timer"}`, "custom"},
		{"calls itself an alarm", `{"kind":"alarm","alertState":"ALERT"}`, "custom"},
		{"half a timer", `{"triggerName":"t"}`, "custom"},
		{"a CloudEvent whose data claims to be manual", cloudEvent(`{"kind":"manual"}`), "cloudevent"},
		{"a CloudEvent whose data is a timer's", cloudEvent(`{"triggerTime":"2026-08-02T01:00:00Z","triggerName":"t"}`), "cloudevent"},
		{"a CloudEvent whose data is an alert", cloudEvent(`{"alertName":"a","alertState":"OK"}`), "alarm"},
		{"a CloudEvent whose data is nearly an alert", cloudEvent(`{"alertName":"a","alertState":1}`), "cloudevent"},
		{"a CloudEvent whose data is text", cloudEvent(`"{\"alertName\":\"a\",\"alertState\":\"OK\"}"`), "cloudevent"},
		{"a CloudEvent without data", cloudEvent("null"), "cloudevent"},
		{"a form that claims to be a CloudEvent", "specversion=1.0&id=1&source=s&type=t&alertName=a&alertState=OK", "alarm"},
		{"blank space around it", " \n{\"kind\":\"manual\"}\n", "manual"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			events, err := event.Decode([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := events[0].Kind; got != test.want {
				t.Errorf("its kind is %s, want %s", got, test.want)
			}
			if events[0].Data == nil {
				t.Error("its data is nil")
			}
		})
	}
}

// An offset without a colon is read wherever an event names its time.
func TestOffsetsWithoutAColon(t *testing.T) {
	want := time.Date(2022, 10, 17, 3, 20, 45, 984e6, time.UTC)
	const at = "2022-10-17T11:20:45.984+0800"
	for name, body := range map[string]string{
		"a timer":                  `{"triggerTime":"` + at + `","triggerName":"t","payload":""}`,
		"a CloudEvent":             `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"` + at + `"}`,
		"an alert in a CloudEvent": `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"alertName":"a","alertState":"OK","timestamp":"` + at + `"}}`,
		"an alert":                 `{"alertName":"a","alertState":"OK","timestamp":"` + at + `"}`,
		"a form":                   "alertName=a&alertState=OK&timestamp=" + strings.ReplaceAll(at, "+", "%2B"),
		"a form that escapes none": "alertName=a&alertState=OK&timestamp=" + at,
		"a custom event":           `{"time":"` + at + `"}`,
		"a manual one":             `{"kind":"manual","time":"` + at + `"}`,
	} {
		events, err := event.Decode([]byte(body))
		if err != nil || !events[0].HasTime || events[0].Time != want {
			t.Errorf("%s: %+v, error %v", name, events, err)
			continue
		}
		sameAgain(t, events[0])
	}
}

func TestDecodeTimes(t *testing.T) {
	moment := time.Date(2026, 8, 2, 1, 0, 0, 0, time.UTC)
	tests := []struct {
		time string
		want time.Time
		none bool
	}{
		{time: `"2026-08-02T01:00:00Z"`, want: moment},
		{time: `"2026-08-02T09:00:00.25+08:00"`, want: moment.Add(250 * time.Millisecond)},
		{time: `"2026-08-02T09:00:00.250+0800"`, want: moment.Add(250 * time.Millisecond)},
		{time: `"2026-08-02T09:00:00.000PRC"`, want: moment},
		{time: `"2026-08-02T09:00:00Asia/Shanghai"`, want: moment},
		{time: `1785632400`, want: moment},
		{time: `"1785632400"`, want: moment},
		{time: `1785632400000`, want: moment},
		{time: `"0001-01-01T00:00:00Z"`, want: time.Time{}}, // a time all the same: the oldest
		{time: `0`, want: time.Unix(0, 0).UTC()},
		{time: `null`, none: true},
		{time: `""`, none: true},
	}
	for _, test := range tests {
		t.Run(test.time, func(t *testing.T) {
			events, err := event.Decode(fmt.Appendf(nil, `{"time":%s}`, test.time))
			if err != nil {
				t.Fatal(err)
			}
			got := events[0]
			if got.HasTime == test.none || got.Time != test.want {
				t.Errorf("%v, HasTime %t; want %v", got.Time, got.HasTime, test.want)
			}
		})
	}
}

// A CloudEvent's own time counts before the one of the alert in it.
func TestDecodeAlertTimeInCloudEvent(t *testing.T) {
	events, err := event.Decode([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t",
		"data":{"alertName":"a","alertState":"ALERT","timestamp":"1785632400"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := events[0]; !got.HasTime || !got.Time.Equal(now) {
		t.Errorf("%v, HasTime %t; want %v", got.Time, got.HasTime, now)
	}
}

func TestDecodeDimensions(t *testing.T) {
	type object = map[string]any
	tests := []struct {
		text string
		want any
	}{
		{"{flowName=etl, userId=12}", object{"flowName": "etl", "userId": "12"}},
		{"{address=http://a:9000/?b=c, device=/mnt}", object{"address": "http://a:9000/?b=c", "device": "/mnt"}},
		{"{name=one, two, port=80}", object{"name": "one, two", "port": "80"}},
		{`[{"userId":"12"}]`, []any{object{"userId": "12"}}},
		{`{"userId":"12"}`, object{"userId": "12"}},
		{"{a=1, a=2}", "{a=1, a=2}"},
		{"{}", object{}},
		{"{nothing}", "{nothing}"},
		{"5", "5"},
		{"", ""},
		{"{=1}", "{=1}"},
		{"{a=" + strings.Repeat(", ", 300_000) + "}", object{"a": strings.Repeat(", ", 300_000)}}, // in no more than linear time
		{strings.Repeat("[", 1000), strings.Repeat("[", 1000)},
	}
	for _, test := range tests {
		t.Run(test.text[:min(len(test.text), 40)], func(t *testing.T) {
			text, err := json.Marshal(test.text)
			if err != nil {
				t.Fatal(err)
			}
			events, err := event.Decode(fmt.Appendf(nil, `{"alertName":"a","alertState":"ALERT","dimensions":%s}`, text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, events[0].Data["dimensions"]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
