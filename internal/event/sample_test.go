package event_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/policy"
)

var now = time.Date(2026, 8, 2, 1, 0, 0, 0, time.UTC)

// sample returns a file of testdata/events as `flowreaper invoke` sends it.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "events", name))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(
		"{{now}}", now.Format(time.RFC3339), "{{nowSeconds}}", "1785632400", "{{nowMillis}}", "1785632400421",
	).Replace(string(text)))
}

func TestDecodeSamples(t *testing.T) {
	type object = map[string]any
	tests := []struct {
		file string
		want []policy.Event // Data is compared where it is given
		name string
	}{
		{"timer.json", []policy.Event{{
			Kind: event.Timer, Subject: "every-minute", Time: now,
			Data: object{"triggerTime": "2026-08-02T01:00:00Z", "triggerName": "every-minute", "payload": ""},
		}}, "every-minute"},
		{"cloudevent.json", []policy.Event{{
			Kind: event.CloudEvent, ID: "6c1f3a52-0b7e-4d55-9a1c-2f0e8d7b9c11", Type: "budget:Overrun",
			Source: "acs:example.budget", Subject: "acs:budget:cn-hangzhou:1234567890123456:etl", Time: now,
			Data: object{"budget": "etl", "spent": 1250.5, "limit": 1000, "stop": true},
		}}, "budget:Overrun"},
		{"objects.json", []policy.Event{
			{Kind: event.CloudEvent, ID: "1", Type: "orders:Stuck", Source: "example.orders", Time: now,
				Data: object{"queue": "orders", "waiting": 12000}},
			{Kind: event.Custom, Data: object{"team": "orders", "stop": true}},
		}, "orders:Stuck"},
		{"texts.json", []policy.Event{
			{Kind: event.CloudEvent, ID: "1", Type: "mns:Queue:SendMessage", Source: "acs:mns", Time: now,
				Subject: "acs:mns:cn-hangzhou:1234567890123456:queues/brake",
				Data:    object{"messageId": "m-1", "messageBody": `stop "etl"`}},
			{Kind: event.CloudEvent, ID: "2", Type: "mns:Queue:SendMessage", Source: "acs:mns", Time: now,
				Data: object{"messageId": "m-2", "messageBody": "停"}},
		}, "mns:Queue:SendMessage"},
		{"alarm.json", []policy.Event{{
			Kind: event.Alarm, Type: "ExecutionsStarted", Source: "acs_fnf", Subject: "etl-bill", Time: now,
			Data: object{
				"userId": "1234567890123456", "alertName": "etl-bill", "timestamp": "1785632400", "alertState": "ALARM",
				"dimensions": []any{object{"userId": "1234567890123456", "flowName": "etl-nightly"}},
				"expression": `[{"expression":"$Sum>90","level":4,"times":2}]`,
				"curValue":   "95", "metricName": "ExecutionsStarted", "metricProject": "acs_fnf",
			},
		}}, "etl-bill"},
		{"alarm.form", []policy.Event{{
			Kind: event.Alarm, ID: "53767d2a-ae72-11ed-b2ca-00163e2c0000", Type: "ExecutionsStarted",
			Source: "acs_fnf", Subject: "etl bill", Time: now.Add(421 * time.Millisecond),
			Data: object{
				"lastTime": "2分钟", "rawMetricName": "ExecutionsStarted", "expression": "$Sum>=90",
				"metricName": "ExecutionsStarted", "instanceName": "etl-nightly", "signature": "c2FtcGxl",
				"transId": "53767d2a-ae72-11ed-b2ca-00163e2c0000", "groupId": "1666", "regionName": "null",
				"productGroupName": "etl", "metricProject": "acs_fnf", "userId": "1234567890123456",
				"curValue": "97.39", "unit": "%", "alertName": "etl bill", "regionId": "cn-hangzhou",
				"namespace": "acs_fnf", "triggerLevel": "WARN", "alertState": "ALERT", "preTriggerLevel": "OK",
				"ruleId": "etl-bill", "timestamp": "1785632400421",
				"dimensions": object{"flowName": "etl-nightly", "userId": "1234567890123456"},
			},
		}}, "etl bill"},
		{"alarm-cloudevent.json", []policy.Event{{
			Kind: event.Alarm, ID: "a-1", Type: "cms:Alert:Threshold", Source: "acs.cms", Time: now,
			Data: object{
				"alertName": "etl-bill", "alertState": "ALERT", "curValue": "97.39", "timestamp": "1785632400421",
				"dimensions": []any{object{"flowName": "etl-nightly"}},
			},
		}}, "etl-bill"},
		{"alarm-queue.json", []policy.Event{{
			Kind: event.Alarm, ID: "q-1", Type: "mns:Queue:SendMessage", Source: "acs:mns", Time: now,
			Subject: "acs:mns:cn-hangzhou:1234567890123456:queues/alerts",
			Data: object{
				"alertName": "etl-bill", "alertState": "ALERT", "curValue": "97.39", "timestamp": "1785632400421",
				"dimensions": []any{object{"flowName": "etl-nightly"}},
			},
		}}, "etl-bill"},
		{"alarm-subscription.json", []policy.Event{subscription(1785632400421)}, "etl-bill"},
		{"alarm-subscription.form", []policy.Event{subscription("1785632400421")}, "etl-bill"},
		{"custom.json", []policy.Event{{
			Kind: event.Custom, Type: "budget", Source: "finance", Time: now,
			Data: object{
				"type": "budget", "source": "finance", "time": "2026-08-02T01:00:00Z", "team": "etl",
				"account": 1234567890123456789, "spent": 1250.5,
				"tags": []any{"night", nil, false, object{"deep": []any{}}},
			},
		}}, "budget"},
		{"manual.json", []policy.Event{{
			Kind: event.Manual, Subject: "alice tries the new policy",
			Data: object{"kind": "manual", "subject": "alice tries the new policy"},
		}}, "alice tries the new policy"},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			events, err := event.Decode(sample(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []policy.Event
			for _, e := range events {
				got = append(got, e.Event)
				if e.HasTime != !e.Time.IsZero() {
					t.Errorf("HasTime is %t, Time is %v", e.HasTime, e.Time)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if name := events[0].Name(); name != test.name {
				t.Errorf("its name is %q, want %q", name, test.name)
			}
		})
	}
	files, err := filepath.Glob("../../testdata/events/*")
	if err != nil || len(files) < len(tests) {
		t.Errorf("%d samples in testdata/events, %v", len(files), err)
	}
}

// subscription is the alarm of the subscription's samples.
func subscription(at any) policy.Event {
	type object = map[string]any
	return policy.Event{
		Kind: event.Alarm, ID: "1e944627-80d9-4386-a87c-3b34bbf44763", Type: "ExecutionsStarted", Source: "fnf", Subject: "etl-bill",
		Time: now.Add(421 * time.Millisecond),
		Data: object{
			"severity": "CRITICAL", "strategyName": "etl-bill", "userId": "1234567890123456", "batchId": "6d8229b3a0c64fd2", "time": at,
			"userInfo": object{"userId": "1234567890123456"},
			"subscription": object{
				"subscriptionUuid": "f2a391f18e6a46f8", "relation": "AND",
				"conditions": []any{object{"field": "product", "op": "EQ", "value": "fnf"}},
			},
			"alert": object{
				"alertStatus": "TRIGGERED", "traceId": "1e944627-80d9-4386-a87c-3b34bbf44763", "severity": "CRITICAL", "product": "fnf",
				"eventName": "ExecutionsStarted", "arn": "acs:fnf:cn-hangzhou:1234567890123456:flow/etl-nightly", "timestamp": 1785632400421,
			},
		},
	}
}

// What is encoded is what was delivered, number for number, and decodes to
// the same event.
func TestEncodeLosesNothing(t *testing.T) {
	for _, file := range []string{"timer.json", "cloudevent.json", "objects.json", "texts.json", "alarm.json", "alarm-cloudevent.json", "alarm-queue.json", "alarm-subscription.json", "custom.json", "manual.json"} {
		t.Run(file, func(t *testing.T) {
			text := sample(t, file)
			events, err := event.Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			for i, delivered := range elements(t, text) {
				if diff := cmp.Diff(delivered, exactly(t, events[i].Encode())); diff != "" {
					t.Errorf("element %d, -delivered +encoded:\n%s", i+1, diff)
				}
				sameAgain(t, events[i])
			}
		})
	}
	for _, form := range []string{"alarm.form", "alarm-subscription.form"} {
		events, err := event.Decode(sample(t, form))
		if err != nil {
			t.Fatal(err)
		}
		sameAgain(t, events[0])
	}
}

func sameAgain(t testing.TB, e event.Event) {
	t.Helper()
	again, err := event.Decode(e.Encode())
	if err != nil {
		t.Fatalf("decoding %s: %v", e.Encode(), err)
	}
	if diff := cmp.Diff([]event.Event{e}, again, cmpopts.IgnoreUnexported(event.Event{})); diff != "" {
		t.Errorf("-decoded +decoded again:\n%s", diff)
	}
}

// elements returns what a body's events were delivered as.
func elements(t testing.TB, text []byte) []any {
	array, ok := exactly(t, text).([]any)
	if !ok {
		return []any{exactly(t, text)}
	}
	for i, element := range array {
		if s, ok := element.(string); ok {
			array[i] = exactly(t, []byte(s))
		}
	}
	return array
}

// exactly is encoding/json's reading, with numbers as they are written.
func exactly(t testing.TB, text []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// The message that an alarm is over must not read as the alarm.
func TestTitle(t *testing.T) {
	for body, want := range map[string]string{
		`{"alertName":"bill","alertState":"OK"}`:                                                        `the alarm event "bill" in state "OK"`,
		`{"alertName":"a\nb","alertState":"\u202e"}`:                                                    `the alarm event "a\nb" in state "\u202e"`,
		`{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"alertState":1}}`:                `the cloudevent event "t"`,
		`{"strategyName":"bill","alert":{"alertStatus":"RESOLVED"}}`:                                    `the alarm event "bill" in state "RESOLVED"`,
		`{"alert":{"alertStatus":"TRIGGERED","eventName":"cost"}}`:                                      `the alarm event "cost" in state "TRIGGERED"`,
		`{"alertName":"bill","alertState":"OK","strategyName":"x","alert":{"alertStatus":"TRIGGERED"}}`: `the alarm event "bill" in state "OK"`,
		`{}`: "the custom event",
	} {
		events, err := event.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := events[0].Title(); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
