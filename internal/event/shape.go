package event

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/policy"
)

// fromObject recognises an object by the keys that only its shape has; the
// order is the one that the package comment documents.
func fromObject(raw map[string]any) (Event, error) {
	f := &fields{raw: raw}
	switch {
	case f.isThreshold():
		return f.event(fromAlert(f))
	case f.has("specversion"):
		return f.event(fromCloudEvent(f))
	case f.has("triggerTime") && f.has("triggerName"):
		return f.event(fromTimer(f))
	case f.isSubscription():
		return f.event(fromAlert(f))
	case raw["kind"] == Manual:
		return f.event(fromOther(f, Manual))
	}
	return f.event(fromOther(f, Custom))
}

func fromCloudEvent(f *fields) Event {
	if version := f.text("specversion"); f.err == nil && version != "1.0" {
		f.refuse("specversion", `expected "1.0"`)
	}
	data, _ := f.raw["data"].(map[string]any)
	e := Event{Event: policy.Event{
		Kind:    CloudEvent,
		ID:      f.text("id"),
		Type:    f.text("type"),
		Source:  f.text("source"),
		Subject: f.textOrNothing("subject"),
		Data:    data,
	}}
	e.Time, e.HasTime = f.timeOrNothing("time", rfc3339)
	if carried := alertIn(data); carried != nil {
		alert := fromAlert(carried)
		e.Kind, e.Data = Alarm, alert.Data
		if !e.HasTime {
			e.Time, e.HasTime = alert.Time, alert.HasTime
			f.keep(carried.err)
		}
	}
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	return e
}

func fromTimer(f *fields) Event {
	f.text("triggerTime") // FC always names it: without it this is no timer's event
	e := Event{Event: policy.Event{Kind: Timer, Subject: f.text("triggerName"), Data: f.raw}}
	e.Time, e.HasTime = f.timeOrNothing("triggerTime", rfc3339)
	return e
}

// fromOther reads a manual or custom event. Of its keys only time has a
// meaning that it must keep to.
func fromOther(f *fields, kind string) Event {
	e := Event{Event: policy.Event{
		Kind:    kind,
		ID:      textIn(f.raw, "id"),
		Type:    textIn(f.raw, "type"),
		Source:  textIn(f.raw, "source"),
		Subject: textIn(f.raw, "subject"),
		Data:    f.raw,
	}}
	e.Time, e.HasTime = f.timeOrNothing("time", instant)
	return e
}

// fields reads an object's values by their keys and keeps the first error.
type fields struct {
	raw   map[string]any
	place string // of the object, in front of its keys
	err   error
}

// event returns what was read from the fields, or their error.
func (f *fields) event(e Event) (Event, error) {
	if f.err != nil {
		return Event{}, f.err
	}
	e.raw = f.raw
	return e, nil
}

// keep takes another object's error over where there is none yet.
func (f *fields) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) has(key string) bool {
	_, ok := f.raw[key]
	return ok
}

func (f *fields) refuse(key, expected string) {
	if f.err != nil {
		return
	}
	problem := "is missing"
	if f.has(key) {
		problem = "is " + describe(f.raw[key])
	}
	f.err = refuse("", f.place+key+" "+problem, expected)
}

// textIn is a text that an object may have; "" where it has none, or something else.
func textIn(raw map[string]any, key string) string {
	s, _ := raw[key].(string)
	return s
}

// text reads a text that must be there.
func (f *fields) text(key string) string {
	s := textIn(f.raw, key)
	if s == "" {
		f.refuse(key, "expected a text that isn't empty")
	}
	return s
}

// textOrNothing reads a text that may be absent or null.
func (f *fields) textOrNothing(key string) string {
	s, ok := f.raw[key].(string)
	if !ok && f.raw[key] != nil {
		f.refuse(key, "expected a text")
	}
	return s
}

// timeOrNothing reads a time that may be absent, null or "".
func (f *fields) timeOrNothing(key string, notation notation) (time.Time, bool) {
	value := f.raw[key]
	if value == nil || value == "" {
		return time.Time{}, false
	}
	t, ok := notation.read(value)
	t = t.UTC()
	if !ok || t.Year() < 0 || t.Year() > 9999 { // RFC 3339 has no others
		f.refuse(key, notation.expected)
		return time.Time{}, false
	}
	return t, true
}

// notation is a way to write a time.
type notation struct {
	read     func(any) (time.Time, bool)
	expected string
}

var (
	rfc3339 = notation{readTime, `expected a time such as "2023-12-26T07:49:00Z"`}
	instant = notation{readInstant, `expected a time such as "2023-12-26T07:49:00Z", or seconds or milliseconds since 1970`}
)

func readTime(value any) (time.Time, bool) {
	s, _ := value.(string)
	t, err := moment.Parse(s)
	return t, err == nil
}
