package event

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// isAlert says whether an object that something else carries is an alarm.
func (f *fields) isAlert() bool {
	if f.isThreshold() {
		return textIn(f.raw, "alertName") != "" && textIn(f.raw, "alertState") != ""
	}
	return f.isSubscription() && textIn(f.alert(), "alertStatus") != ""
}

// fromAlert reads an alarm in either of its forms.
func fromAlert(f *fields) Event {
	if f.isThreshold() {
		return fromThreshold(f)
	}
	return fromSubscription(f)
}

// isThreshold says whether an object is CloudMonitor's alert on a threshold.
func (f *fields) isThreshold() bool { return f.has("alertName") && f.has("alertState") }

// fromThreshold reads a CloudMonitor threshold alert. Older pages lack some of
// its fields, so only the two that make it an alert must be there.
func fromThreshold(f *fields) Event {
	f.text("alertState")
	e := Event{Event: policy.Event{
		Kind:    Alarm,
		ID:      textIn(f.raw, "transId"),
		Type:    textIn(f.raw, "metricName"),
		Source:  textIn(f.raw, "metricProject"),
		Subject: f.text("alertName"),
		Data:    withDimensions(f.raw),
	}}
	e.Time, e.HasTime = f.timeOrNothing("timestamp", instant)
	return e
}

// withDimensions returns the alert with its dimensions parsed, where they are
// a text that can be; the alert itself isn't changed.
func withDimensions(alert map[string]any) map[string]any {
	text, ok := alert["dimensions"].(string)
	if !ok {
		return alert
	}
	parsed, ok := parseDimensions(text)
	if !ok {
		return alert
	}
	alert = maps.Clone(alert)
	alert["dimensions"] = parsed
	return alert
}

// parseDimensions reads JSON, as older pages show it, or {key=value, key=value}
// as forms carry it. The latter has no escapes: a piece without = belongs to
// the value before it.
func parseDimensions(text string) (any, bool) {
	switch value := inJSON(text).(type) {
	case map[string]any, []any:
		return value, true
	}
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	if ok {
		inner, ok = strings.CutSuffix(inner, "}")
	}
	if !ok {
		return nil, false
	}
	dimensions := map[string]any{}
	if inner == "" {
		return dimensions, true
	}
	pieces := strings.Split(inner, ", ")
	begin := 0 // of the pair
	for i := 1; i <= len(pieces); i++ {
		if i < len(pieces) && !strings.Contains(pieces[i], "=") {
			continue
		}
		key, value, ok := strings.Cut(strings.Join(pieces[begin:i], ", "), "=")
		if _, twice := dimensions[key]; twice || !ok || key == "" {
			return nil, false
		}
		dimensions[key] = value
		begin = i
	}
	return dimensions, true
}

// Times in milliseconds begin where times in seconds would be in the year
// 5138; none is later than the year 9999.
const (
	firstMilli = 100_000_000_000
	lastMilli  = 253_402_300_799_999
)

// readInstant reads RFC 3339, or a count since 1970 as a number or as text.
// CloudMonitor's page shows seconds, CloudMonitor was seen to send
// milliseconds.
func readInstant(value any) (time.Time, bool) {
	count, ok := value.(int)
	if s, isText := value.(string); isText {
		n, err := strconv.ParseUint(s, 10, 62)
		if err != nil {
			return readTime(value)
		}
		count, ok = int(n), true
	}
	if !ok || count < 0 || count > lastMilli {
		return time.Time{}, false
	}
	if count < firstMilli {
		return time.Unix(int64(count), 0), true
	}
	return time.UnixMilli(int64(count)), true
}

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
