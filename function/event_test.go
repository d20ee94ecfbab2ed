package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/event"
)

// sample is a file of testdata/events, as if it happened now.
func sample(t testing.TB, name string, now time.Time) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "events", name))
	if err != nil {
		t.Fatal(err)
	}
	for placeholder, value := range map[string]string{
		"{{now}}":        now.UTC().Format(time.RFC3339),
		"{{nowMillis}}":  strconv.FormatInt(now.UnixMilli(), 10),
		"{{nowSeconds}}": strconv.FormatInt(now.Unix(), 10),
	} {
		text = bytes.ReplaceAll(text, []byte(placeholder), []byte(value))
	}
	return text
}

// timerEvent is the sample of a timer's event.
func timerEvent(t testing.TB) []byte { return sample(t, "timer.json", time.Now()) }

func TestOccasions(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339) }
	for _, test := range []struct {
		name, body string
		kind, want string // of the trigger; how it is judged
		refused    string
	}{
		{"a timer", string(sample(t, "timer.json", now)), "timer every-minute", "timer", ""},
		{"an old timer, which is stale rather than refused", `{"triggerTime":"2020-01-01T00:00:00Z","triggerName":"t","payload":""}`, "timer t", "timer", ""},
		{"a person", string(sample(t, "manual.json", now)), "manual alice tries the new policy", "manual", ""},
		{"an alarm", string(sample(t, "alarm.json", now)), "alarm etl-bill", "1 event", ""},
		{"several", string(sample(t, "objects.json", now)), "cloudevent orders:Stuck", "2 events", ""},
		{"without a time", `{"type":"x"}`, "custom x", "1 event", ""},
		{"as old as may be", `{"type":"x","time":"` + at(15*time.Minute) + `"}`, "custom x", "1 event", ""},
		{"as far ahead as may be", `{"type":"x","time":"` + at(-2*time.Minute) + `"}`, "custom x", "1 event", ""},
		{"too old", `{"type":"x","time":"` + at(15*time.Minute+time.Second) + `"}`, "", "",
			`the custom event "x" is too old: its time, 2026-05-04T11:44:59Z, is 15m1s ago, and what is older than 15m stops nothing`},
		{"from the future", `{"type":"x","time":"` + at(-2*time.Minute-time.Second) + `"}`, "", "",
			`the custom event "x" is ahead of its time: 2026-05-04T12:02:01Z is in 2m1s, and clocks differ by 2m at the most`},
		{"from another age", `{"type":"x","time":"9999-01-01T00:00:00Z"}`, "", "",
			`the custom event "x" is ahead of its time: 9999-01-01T00:00:00Z is in 106751d23h, and clocks differ by 2m at the most`},
		{"long over", `{"type":"x","time":"2026-01-01T00:00:00Z"}`, "", "",
			`the custom event "x" is too old: its time, 2026-01-01T00:00:00Z, is 123d12h ago, and what is older than 15m stops nothing`},
		{"a person's old one", `{"kind":"manual","time":"` + at(time.Hour) + `"}`, "", "", `the manual event is too old`},
		{"an old one beside a new one", `[{"type":"x","time":"` + at(time.Hour) + `"},{"type":"y"}]`, "custom y", "1 event", `the custom event "x" is too old`},
		{"one that isn't understood beside a new one", `[3,{"type":"y"}]`, "custom y", "1 event", "element 1 of 2"},
		{"nothing", "", "", "", "the body is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := readInvocation([]byte(test.body), now)
			if (err != nil) != (test.want == "") {
				t.Fatalf("error %v", err)
			}
			if refused := fmt.Sprint(o.refused, err); !strings.Contains(refused, test.refused) || test.refused == "" && o.refused != nil {
				t.Errorf("refused: %v, want %s", refused, test.refused)
			}
			if err != nil {
				return
			}
			got := fmt.Sprintf("%d events", len(o.events))
			switch {
			case o.made != nil:
				got = o.made.Kind
				if o.made.Time.IsZero() {
					t.Error("it has no time")
				}
			case len(o.events) == 1:
				got = "1 event"
			}
			if kind := strings.TrimSpace(o.trigger.Kind + " " + o.trigger.Name); got != test.want || kind != test.kind {
				t.Errorf("%s, triggered by %s; want %s, %s", got, kind, test.want, test.kind)
			}
		})
	}
}

// Whatever a body holds, there is something to judge or an error.
func FuzzOccasion(f *testing.F) {
	samples, err := filepath.Glob("../testdata/events/*")
	if err != nil || len(samples) == 0 {
		f.Fatal(samples, err)
	}
	for _, name := range samples {
		f.Add(sample(f, filepath.Base(name), time.Now()))
	}
	f.Add([]byte(strings.Repeat("[", 20_000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := readInvocation(body, time.Now())
		if judged := o.made != nil || len(o.events) > 0; judged == (err != nil) {
			t.Errorf("judged %t, error %v: want one of both", judged, err)
		}
		if o.made != nil && o.made.Kind != event.Timer && o.made.Kind != event.Manual {
			t.Errorf("a %s event sets off a regular sweep", o.made.Kind)
		}
	})
}
