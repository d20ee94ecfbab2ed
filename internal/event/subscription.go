package event

import (
	"maps"

	"github.com/flowreaper/flowreaper/policy"
)

// isSubscription says whether an object is what CloudMonitor's subscriptions to
// events hand over: one whose alert has an alertStatus.
func (f *fields) isSubscription() bool { return f.alert()["alertStatus"] != nil }

func (f *fields) alert() map[string]any {
	alert, _ := inJSON(f.raw["alert"]).(map[string]any)
	return alert
}

// fromSubscription reads what a subscription hands over. Whether the alert goes
// on stands in its alertStatus; what it is about is said by its event and by the
// subscription's name.
func fromSubscription(f *fields) Event {
	data := subscribed(f.raw)
	alert := &fields{raw: data["alert"].(map[string]any), place: f.place + "alert."}
	alert.text("alertStatus")
	e := Event{Event: policy.Event{
		Kind:    Alarm,
		ID:      textIn(alert.raw, "traceId"),
		Type:    textIn(alert.raw, "eventName"),
		Source:  textIn(alert.raw, "product"),
		Subject: textIn(data, "strategyName"),
		Data:    data,
	}}
	if e.Time, e.HasTime = f.timeOrNothing("time", instant); !e.HasTime {
		e.Time, e.HasTime = alert.timeOrNothing("timestamp", instant)
	}
	f.keep(alert.err)
	return e
}

// subscribed returns the object with its texts that hold JSON read: in a form
// the alert, the subscription and the user are such texts.
func subscribed(raw map[string]any) map[string]any {
	data := maps.Clone(raw)
	for key, value := range data {
		data[key] = inJSON(value)
	}
	return data
}

// inJSON returns the object or the list that a text holds in JSON, and any other
// value as it is.
func inJSON(value any) any {
	text, _ := value.(string)
	switch inner, _ := decodeJSON([]byte(text)); inner.(type) {
	case map[string]any, []any:
		return inner
	}
	return value
}
