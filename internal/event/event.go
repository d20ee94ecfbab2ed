package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/policy"
)

// The kinds of events, as rules see them in event.kind.
const (
	Timer      = "timer"
	CloudEvent = "cloudevent"
	Alarm      = "alarm"
	Custom     = "custom"
	Manual     = "manual"
)

// What a body may hold. Function Compute delivers asynchronous events of at
// most 128 KB, EventBridge events of at most 64 KB each.
const (
	MaxBytes  = 1 << 20 // of a body
	MaxEvents = 1000    // in an array
	MaxDepth  = 64      // of objects and arrays within each other
)

// Event is one decoded event.
type Event struct {
	policy.Event      // what rules see; its Time is in UTC
	HasTime      bool // whether the event named a time; Time is zero when it didn't

	raw map[string]any // the object as delivered, for Encode
}

// Name is what to call the event in a report: a timer's trigger name, an
// alarm's or its subscription's name, else the event's type or subject. It may be empty.
func (e Event) Name() string {
	switch e.Kind {
	case Timer:
		return e.Subject
	case Alarm:
		name, _ := e.alarm()
		return name
	}
	return cmp.Or(e.Type, e.Subject)
}

// Title is what to call the event in a sentence: the alarm event "bill" in state
// "OK". Without the state, the message that an alarm is over reads as the alarm.
func (e Event) Title() string {
	title := "the " + e.Kind + " event"
	if name := e.Name(); name != "" {
		title += " " + strconv.Quote(name)
	}
	if _, state := e.alarm(); e.Kind == Alarm && state != "" {
		title += " in state " + strconv.Quote(state)
	}
	return title
}

// alarm returns an alarm's name and its state: that it rings, or is over.
func (e Event) alarm() (name, state string) {
	if alert, ok := e.Data["alert"].(map[string]any); ok && e.Data["alertState"] == nil {
		return cmp.Or(textIn(e.Data, "strategyName"), textIn(alert, "eventName")), textIn(alert, "alertStatus")
	}
	return textIn(e.Data, "alertName"), textIn(e.Data, "alertState")
}

// Encode returns the event as one JSON object with everything that was
// delivered. Decode of it returns the same event, so that it can be stored.
// A form becomes an object of texts.
func (e Event) Encode() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.raw); err != nil {
		panic(fmt.Sprintf("event: what was decoded from JSON doesn't encode: %v", err)) // no such value exists
	}
	return bytes.TrimSpace(b.Bytes())
}

// Decode returns the events of a body. An error is an [*Error], or several
// joined.
//
// Of an array, the events that were understood are returned beside the errors
// of the others, so that a bad neighbour can't silence an alarm: judge them,
// and fail with the error all the same.
func Decode(body []byte) ([]Event, error) {
	if len(body) > MaxBytes {
		return nil, refuse("", fmt.Sprintf("the body is %d bytes long", len(body)),
			fmt.Sprintf("at most %d are read; send less, or give the event stream smaller batches", MaxBytes))
	}
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 {
		return nil, refuse("", "the body is empty", expectedShapes)
	}
	if looksLikeForm(string(trimmed)) {
		return one(fromText(string(trimmed)))
	}
	value, err := decodeJSON(body)
	if err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case map[string]any:
		return one(fromObject(value))
	case []any:
		return fromArray(value)
	case string:
		if e, err := fromText(value); err == nil {
			return []Event{e}, nil
		}
	}
	return nil, refuse("", "the body is "+describe(value), expectedShapes)
}

func one(e Event, err error) ([]Event, error) {
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

const maxErrors = 10 // of an array's elements that are spelled out

func fromArray(elements []any) ([]Event, error) {
	if len(elements) == 0 {
		return nil, refuse("", "the array is empty", expectedShapes)
	}
	if len(elements) > MaxEvents {
		return nil, refuse("", fmt.Sprintf("the array holds %d events", len(elements)),
			fmt.Sprintf("at most %d are read; give the event stream smaller batches", MaxEvents))
	}
	var events []Event
	var errs []error
	for i, element := range elements {
		e, err := fromElement(element)
		if err != nil {
			errs = append(errs, at(fmt.Sprintf("element %d of %d", i+1, len(elements)), err))
			continue
		}
		events = append(events, e)
	}
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(errs[:maxErrors], fmt.Errorf("… and %d more elements were refused", more))
	}
	return events, errors.Join(errs...)
}

// fromElement decodes an array's element: an object, or a text that holds one.
func fromElement(element any) (Event, error) {
	raw, err := objectOf(element)
	if err != nil {
		return Event{}, err
	}
	e, err := fromObject(raw)
	if err == nil && (e.Kind == Timer || e.Kind == Manual) {
		return Event{}, refuse("", "a "+e.Kind+" event in an array", "it comes alone; expected a CloudEvent, an alert or a custom event")
	}
	return e, err
}

// fromText decodes a text that holds an object, as JSON or as an alert's form.
func fromText(text string) (Event, error) {
	raw, err := objectOf(text)
	if err != nil {
		return Event{}, err
	}
	return fromObject(raw)
}

// objectOf is the object that a value is, or that a text holds, as JSON or as an
// alert's form.
func objectOf(value any) (raw map[string]any, err error) {
	if text, ok := value.(string); ok {
		text = strings.TrimSpace(text)
		if looksLikeForm(text) {
			return decodeForm(text)
		}
		if value, err = decodeJSON([]byte(text)); err != nil {
			return nil, err
		}
	}
	raw, ok := value.(map[string]any)
	if !ok {
		return nil, refuse("", describe(value), "expected an object, or a text that holds one")
	}
	return raw, nil
}
