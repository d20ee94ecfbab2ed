package event_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/event"
)

// CloudMonitor posts an alert to EventBridge, which hands it on in one of these
// ways: documentation doesn't settle which. They all are the same alarm.
func TestAlertsByCallback(t *testing.T) {
	form, object := string(sample(t, "alarm.form")), string(sample(t, "alarm.json"))
	subscribed, subscribedForm := string(sample(t, "alarm-subscription.json")), string(sample(t, "alarm-subscription.form"))
	for name, test := range map[string]struct{ body, alert string }{
		"the form":                           {form, form},
		"the form as a JSON text":            {quote(t, form), form},
		"the object as a JSON text":          {quote(t, object), object},
		"an HTTP event with the form":        {httpEvent(quote(t, form)), form},
		"an HTTP event with a text of JSON":  {httpEvent(quote(t, object)), object},
		"an HTTP event with the object":      {httpEvent(object), object},
		"a queue's message, the object":      {queueEvent(quote(t, object)), object},
		"a queue's message, the form":        {queueEvent(quote(t, form)), form},
		"a queue's message, base64":          {queueEvent(quote(t, base64.StdEncoding.EncodeToString([]byte(object)))), object},
		"a queue's message, base64, a form":  {queueEvent(quote(t, base64.StdEncoding.EncodeToString([]byte(form)))), form},
		"a queue's message, not as a text":   {queueEvent(object), object},
		"a queue's message, base64, blanks":  {queueEvent(quote(t, "\n"+base64.StdEncoding.EncodeToString([]byte(" "+object+"\n"))+"\n")), object},
		"a queue's message in a stream":      {"[" + quote(t, queueEvent(quote(t, object))) + "]", object},
		"a subscription's, by a queue":       {queueEvent(quote(t, subscribed)), subscribed},
		"a subscription's form, by a queue":  {queueEvent(quote(t, base64.StdEncoding.EncodeToString([]byte(subscribedForm)))), subscribedForm},
		"a subscription's, in an HTTP event": {httpEvent(quote(t, subscribedForm)), subscribedForm},
		"a subscription's, as data":          {strings.Replace(queueEvent("0"), `{"messageId":"m","messageBody":0}`, subscribed, 1), subscribed},
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
			if diff := cmp.Diff(w.Data, e.Data); e.Kind != event.Alarm || e.Title() != w.Title() || e.Time != w.Time || diff != "" {
				t.Errorf("got %+v\nwant %+v\n%s", e.Event, w.Event, diff)
			}
			again, err := event.Decode(e.Encode())
			if err != nil || len(again) != 1 || again[0].Kind != e.Kind || !again[0].Time.Equal(e.Time) || again[0].Name() != e.Name() {
				t.Errorf("encoded and decoded again: %+v, error %v", again, err)
			}
		})
	}
	twice := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(object))))
	deep := `{"alertName":"x","alertState":"ALERT","x":` + strings.Repeat("[", event.MaxDepth) + strings.Repeat("]", event.MaxDepth) + "}"
	for name, body := range map[string]string{
		"a body that is no alert":            httpEvent(`{"a":1}`),
		"a body that is some text":           httpEvent(`"stop"`),
		"half an alert":                      httpEvent(`{"alertName":"x"}`),
		"a message that is no alert":         queueEvent(`"{\"a\":1}"`),
		"a message that is some text":        queueEvent(`"stop=it"`),
		"a message of nothing":               queueEvent(`""`),
		"half an alert in a message":         queueEvent(`"{\"alertName\":\"x\",\"alertState\":1}"`),
		"half a subscription's in a message": queueEvent(`"{\"alert\":{\"alertStatus\":1}}"`),
		"an alert in base64 of base64":       queueEvent(quote(t, twice)),
		"an alert in a message in a message": queueEvent(quote(t, queueEvent(quote(t, object)))),
		"an alert in a text in a message":    queueEvent(quote(t, quote(t, object))),
		"an alert that nests too deep":       queueEvent(quote(t, deep)),
		"a message with a key twice":         queueEvent(`"{\"alertName\":\"x\",\"alertState\":\"OK\",\"alertState\":\"ALERT\"}"`),
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

func queueEvent(message string) string {
	return `{"specversion":"1.0","id":"1","source":"acs:mns","type":"mns:Queue:SendMessage","data":{"messageId":"m","messageBody":` + message + `}}`
}
