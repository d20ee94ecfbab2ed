package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/report"
)

func TestSpanRoundsOutwards(t *testing.T) {
	for _, test := range []struct {
		span span
		want string
	}{
		{span{}, "under 10ms"},
		{span{most: 301 * time.Millisecond}, "under 310ms"},
		{span{least: 2999 * time.Millisecond, most: 3401 * time.Millisecond}, "2.99s to 3.41s"},
		{span{least: 90 * time.Second, most: 90 * time.Second}, "1m30s"},
		{span{least: 2 * time.Hour, most: 26 * time.Hour}, "2h to 1d2h"},
		{span{least: 30 * day, most: 30*day + time.Minute}, "30d to 30d1h"},
	} {
		if got := test.span.String(); got != test.want {
			t.Errorf("%v: %q, want %q", test.span, got, test.want)
		}
	}
}

func TestSightingsBoundTheDelay(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	event := call{at(10), at(11)}
	first := sighting{seen: true, at: call{at(11), at(13)}}
	if got := first.after(event); got != (span{least: 0, most: 3 * time.Second}) {
		t.Errorf("seen at the first look: %v", got)
	}
	later := sighting{seen: true, before: call{at(15), at(16)}, at: call{at(20), at(22)}}
	if got := later.after(event); got != (span{least: 4 * time.Second, most: 12 * time.Second}) {
		t.Errorf("seen at a later look: %v", got)
	}
}

// TestDefinitionsOnlyWait: nothing in a canary calls anything.
func TestDefinitionsOnlyWait(t *testing.T) {
	for _, mode := range []string{"Standard", "Express"} {
		for _, definition := range definitions(mode) {
			for line := range strings.Lines(definition) {
				if kind, of := strings.CutPrefix(strings.TrimLeft(line, " -"), "Type: "); of && kind != "Wait\n" && kind != "StateMachine\n" {
					t.Errorf("%s has a state of type %q", mode, kind)
				}
			}
		}
	}
	const want = `Type: StateMachine
SpecVersion: v1
Name: flowreaper-canary
StartAt: wait1
States:
  - Type: Wait
    Name: wait1
    Seconds: 300
    Next: wait2
  - Type: Wait
    Name: wait2
    Seconds: 300
    End: true
`
	if got := definitions("Standard")[0]; got != want {
		t.Errorf("%s", got)
	}
}

func TestNoTextOfAReportDeceives(t *testing.T) {
	r := &Report{}
	plaintest.Fill(r)
	for _, state := range []State{Told, Untold, NotAsked} {
		r.Answers[0].State = state
		var out strings.Builder
		if err := Text(&out, r, report.Style{Width: 80, Fold: true}); err != nil {
			t.Fatal(err)
		}
		plaintest.Check(t, out.String())
	}
}

// TestTextShowsNoTricks: names and messages come from the server.
func TestTextShowsNoTricks(t *testing.T) {
	all := answers{}
	all.tell(QuotaScope, "region", "flow \x1b[31mred\u202e", "fine")
	all.cannot(Express, "bad\r\nthing")
	r := &Report{
		Endpoint: "https://example.com", Answers: all.list(false), Calls: map[string]int{"ListFlows": 2},
		Notes: []string{"the flow \"\x07\" is odd"}, Settings: map[string]string{"FLOWREAPER_RATES": "ListFlows=1/2"},
	}
	var out strings.Builder
	if err := Text(&out, r, report.Style{Width: 80, Fold: true}); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexAny(out.String(), "\x1b\u202e\r\a"); i >= 0 {
		t.Errorf("it shows %q", out.String()[i:])
	}
	for _, want := range []string{
		"Do regions share the quotas?",
		"seen: flow \\x1b[31mred\\u202e\nmeans: fine\n",
		"answer: could not be told, because bad\\x0d\\x0athing\n",
		"\n\nNote: the flow \"\\x07\" is odd\n",
		"  FLOWREAPER_RATES=ListFlows=1/2\n",
		"\nCalled: ListFlows 2; throttled 0.\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
