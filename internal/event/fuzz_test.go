package event_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
)

// Whatever arrives, Decode returns; what it understood is whole, and encodes
// to what decodes to the same, and, an alarm, to the same by way of a queue.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../testdata/events/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(text, []byte("{{now}}"), []byte("2026-08-02T01:00:00Z")))
		f.Add(bytes.ReplaceAll(text, []byte("{{nowMillis}}"), []byte("1785632400421")))
	}
	for _, text := range []string{"", "null", `[[[`, `{"a":1e308}`, `{"time":-0}`, `["{\"a\":1}"]`, "a=%", `{"a":"\ud800"}`, `{"alert":{"alertStatus":"RESOLVED"}}`,
		"specversion=1.0&alertName=a&alertState=OK", queueEvent(`"eyJhbGVydE5hbWUiOiJhIiwiYWxlcnRTdGF0ZSI6Ik9LIn0="`)} {
		f.Add([]byte(text))
	}
	kinds := []string{event.Timer, event.CloudEvent, event.Alarm, event.Custom, event.Manual}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := event.Decode(body)
		if err == nil && len(events) == 0 {
			t.Error("neither an event nor an error")
		}
		for _, e := range events {
			if !slices.Contains(kinds, e.Kind) || e.Data == nil {
				t.Errorf("kind %q, data %v", e.Kind, e.Data)
			}
			if e.Time.Location() != time.UTC || !e.HasTime && !e.Time.IsZero() {
				t.Errorf("time %v, HasTime %t", e.Time, e.HasTime)
			}
			encoded := e.Encode()
			again, err := event.Decode(encoded)
			if err != nil {
				t.Fatalf("what it encoded, it refuses: %s: %v", encoded, err)
			}
			if got := again[0]; got.Kind != e.Kind || !got.Time.Equal(e.Time) || !bytes.Equal(got.Encode(), encoded) {
				t.Errorf("%s decodes to kind %s at %v, then to %s at %v", encoded, e.Kind, e.Time, got.Kind, got.Time)
			}
			if e.Kind == event.Alarm {
				byQueue(t, e)
			}
		}
	})
}

// byQueue sends an alarm that no CloudEvent holds through a queue, as text and
// as base64.
func byQueue(t *testing.T, e event.Event) {
	encoded := string(e.Encode())
	if strings.Contains(encoded, `"specversion"`) {
		return
	}
	for _, message := range []string{encoded, base64.StdEncoding.EncodeToString([]byte(encoded))} {
		body := queueEvent(quote(t, message))
		if len(body) > event.MaxBytes {
			continue
		}
		events, err := event.Decode([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := events[0]; got.Kind != event.Alarm || got.Title() != e.Title() || !got.Time.Equal(e.Time) || !reflect.DeepEqual(got.Data, e.Data) {
			t.Errorf("%s is %s at %v, by a queue %s at %v", encoded, e.Title(), e.Time, got.Title(), got.Time)
		}
	}
}
