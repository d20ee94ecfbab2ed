package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

const expectedEvent = `expected a timer event, such as {"triggerTime":"2023-12-26T07:49:00Z","triggerName":"every-minute","payload":""}`

// decodeTimer reads a timer trigger's event as Function Compute's page
// "Trigger event format" has it: three texts. What is anything else is refused:
// an event that is misread must not set off a sweep. Its subject is the
// trigger's name, its data the event itself.
func decodeTimer(body []byte) (*policy.Event, error) {
	data, err := decodeObject(body)
	if err != nil {
		return nil, fmt.Errorf("the event is refused: %w; %s", err, expectedEvent)
	}
	// A map, since a struct would take keys in any case for the right ones, and
	// absent ones for empty.
	texts := map[string]string{}
	for _, key := range []string{"triggerTime", "triggerName", "payload"} {
		text, ok := data[key].(string)
		if !ok && (key != "payload" || data[key] != nil) {
			return nil, fmt.Errorf("the event is refused: its %s is no text; %s", key, expectedEvent)
		}
		texts[key] = text
	}
	at, err := time.Parse(time.RFC3339, texts["triggerTime"])
	if err != nil {
		return nil, fmt.Errorf("the event is refused: its triggerTime %.40q is no time; %s", texts["triggerTime"], expectedEvent)
	}
	return &policy.Event{Kind: "timer", Subject: texts["triggerName"], Time: at.UTC(), Data: data}, nil
}

// decodeObject reads one JSON object and nothing after it.
func decodeObject(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("it is empty")
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(&object)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return nil, fmt.Errorf("it is no object but %s", kind.Value)
	case err != nil:
		return nil, fmt.Errorf("it is not JSON: %w", err)
	case object == nil:
		return nil, errors.New("it is null")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return object, nil
}
