package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/policy"
)

// timerEvent is the sample that stands in testdata for all of us.
func timerEvent(t *testing.T) []byte {
	t.Helper()
	sample, err := os.ReadFile("../testdata/events/timer.json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(sample, []byte("{{now}}"), []byte(time.Now().UTC().Format(time.RFC3339)))
}

func TestTimerEvent(t *testing.T) {
	at := time.Date(2023, 12, 26, 7, 49, 0, 0, time.UTC)
	for _, test := range []struct {
		name, body string
		want       *policy.Event
	}{
		{"as the documentation has it", `{"triggerTime":"2023-12-26T07:49:00Z","triggerName":"every-minute","payload":""}`, &policy.Event{
			Kind: "timer", Subject: "every-minute", Time: at,
			Data: map[string]any{"triggerTime": "2023-12-26T07:49:00Z", "triggerName": "every-minute", "payload": ""},
		}},
		{"an offset, and no payload", `{"triggerName":"t","triggerTime":"2023-12-26T15:49:00+08:00"}`, &policy.Event{
			Kind: "timer", Subject: "t", Time: at,
			Data: map[string]any{"triggerTime": "2023-12-26T15:49:00+08:00", "triggerName": "t"},
		}},
		{"a key nobody knew of", `{"triggerTime":"2023-12-26T07:49:00Z","triggerName":"t","payload":"p","new":1}`, &policy.Event{
			Kind: "timer", Subject: "t", Time: at,
			Data: map[string]any{"triggerTime": "2023-12-26T07:49:00Z", "triggerName": "t", "payload": "p", "new": 1.0},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodeTimer([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"nothing", "", "it is empty"},
		{"white space", " \n", "it is empty"},
		{"no JSON", "sweep!", "it is not JSON: invalid character 's' looking for beginning of value"},
		{"half of it", `{"triggerTime":"2023-12-26T07:49`, "it is not JSON: unexpected EOF"},
		{"null", "null", "it is null"},
		{"an array", "[]", "it is no object but array"},
		{"a text", `"timer"`, "it is no object but string"},
		{"two objects", `{} {}`, "something follows the object"},
		{"an empty object", `{}`, "its triggerTime is no text"},
		{"a CloudEvent", `{"specversion":"1.0","id":"1","source":"acs.cms","type":"t","data":{}}`, "its triggerTime is no text"},
		{"keys in another case", `{"TriggerTime":"2023-12-26T07:49:00Z","TriggerName":"t","Payload":""}`, "its triggerTime is no text"},
		{"a time that is a number", `{"triggerTime":1703576940,"triggerName":"t","payload":""}`, "its triggerTime is no text"},
		{"a time that is none", `{"triggerTime":"today","triggerName":"t","payload":""}`, `its triggerTime "today" is no time`},
		{"a placeholder", `{"triggerTime":"{{now}}","triggerName":"t","payload":""}`, `its triggerTime "{{now}}" is no time`},
		{"no name", `{"triggerTime":"2023-12-26T07:49:00Z","payload":""}`, "its triggerName is no text"},
		{"a payload that is an object", `{"triggerTime":"2023-12-26T07:49:00Z","triggerName":"t","payload":{}}`, "its payload is no text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := decodeTimer([]byte(test.body))
			if want := "the event is refused: " + test.want + "; " + expectedEvent; err == nil || err.Error() != want {
				t.Errorf("error %v\nwant  %s", err, want)
			}
		})
	}
}

func FuzzTimerEvent(f *testing.F) {
	f.Add([]byte(`{"triggerTime":"2023-12-26T07:49:00Z","triggerName":"t","payload":""}`))
	f.Add([]byte(strings.Repeat("[", 20_000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := decodeTimer(body)
		if (event == nil) == (err == nil) {
			t.Errorf("event %v, error %v: want one of both", event, err)
		}
	})
}
