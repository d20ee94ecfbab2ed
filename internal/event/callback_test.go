package event_test

import (
	"encoding/json"
	"testing"

	"github.com/flowreaper/flowreaper/internal/event"
)

// CloudMonitor posts an alert to EventBridge, which hands it on in one of these
// ways: documentation doesn't settle which. They all are the same alarm.
func TestAlertsByCallback(t *testing.T) {
	form, object := string(sample(t, "alarm.form")), string(sample(t, "alarm.json"))
	for name, test := range map[string]struct{ body, alert string }{
		"the form":                           {form, form},
		"the form as a JSON text":            {quote(t, form), form},
		"the object as a JSON text":          {quote(t, object), object},
		"an HTTP event with the form":        {httpEvent(quote(t, form)), form},
		"an HTTP event with a text of JSON":  {httpEvent(quote(t, object)), object},
		"an HTTP event with the object":      {httpEvent(object), object},
		"an event stream's, as texts":        {"[" + quote(t, httpEvent(quote(t, form))) + "]", form},
		"an event stream's, the forms alone": {"[" + quote(t, form) + "]", form},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := event.Decode([]byte(test.alert))
			if err != nil {
				t.Fatal(err)
			}
			got, err := event.Decode([]byte(test.body))
			if err != nil || len(got) != 1 {
				t.Fatalf("%d events, error %v", len(got), err)
			}
			e, w := got[0], want[0]
			if e.Kind != event.Alarm || e.Name() != w.Name() || e.Data["alertState"] != w.Data["alertState"] || !e.HasTime {
				t.Errorf("got %+v\nwant %+v", e.Event, w.Event)
			}
			again, err := event.Decode(e.Encode())
			if err != nil || len(again) != 1 || again[0].Kind != e.Kind || !again[0].Time.Equal(e.Time) || again[0].Name() != e.Name() {
				t.Errorf("encoded and decoded again: %+v, error %v", again, err)
			}
		})
	}
	for name, body := range map[string]string{
		"a body that is no alert":  httpEvent(`{"a":1}`),
		"a body that is some text": httpEvent(`"stop"`),
		"half an alert":            httpEvent(`{"alertName":"x"}`),
	} {
		events, err := event.Decode([]byte(body))
		if err != nil || len(events) != 1 || events[0].Kind != event.CloudEvent {
			t.Errorf("%s: %+v, error %v", name, events, err)
		}
	}
}

func quote(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

func httpEvent(body string) string {
	return `{"specversion":"1.0","id":"1","source":"callback","type":"eventbridge:Events:HTTPEvent","data":{"headers":{},"body":` + body + `}}`
}
