package event_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
)

// Whatever arrives, Decode returns; what it understood is whole, and encodes
// to what decodes to the same.
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
	}
	for _, text := range []string{"", "null", `[[[`, `{"a":1e308}`, `{"time":-0}`, `["{\"a\":1}"]`, "a=%", `{"a":"\ud800"}`} {
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
		}
	})
}
