package page

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/suggest"
)

var begin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func written(t interface{ Fatal(...any) }, p *Page) string {
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// anyHistory is a flow of any executions, all at once or over years, alike or not.
func anyHistory(t *rapid.T) *history.Flow {
	f := &history.Flow{Name: rapid.SampledFrom([]string{"etl", "</script><img src=x onerror=1>", "\u202egnp.exe", "名"}).Draw(t, "name")}
	span := rapid.Int64Range(0, 1e12).Draw(t, "span")
	longest := rapid.Int64Range(0, 1e11).Draw(t, "longest")
	for range rapid.SampledFrom([]int{0, 1, 60, 100}).Draw(t, "executions") {
		e := history.Execution{Status: rapid.SampledFrom([]string{"Succeeded", "Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed", "Stopped", "Running"}).Draw(t, "status")}
		e.StartedTime = begin.Add(time.Duration(rapid.Int64Range(0, span).Draw(t, "started")) * time.Millisecond)
		end := e.StartedTime.Add(time.Duration(rapid.Int64Range(-1, longest).Draw(t, "length")) * time.Millisecond)
		if e.SeenTime = end; !e.Live() {
			e.StoppedTime = end
		}
		f.Executions = append(f.Executions, e)
	}
	return f
}

func of(flows ...*history.Flow) func(func(*history.Flow, error) bool) {
	return func(yield func(*history.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}
}

var (
	path    = regexp.MustCompile(` d="([^"]*)"`)
	drawing = regexp.MustCompile(`^([MLHVhvlmZ]|-?\d+(\.\d+)?|[ ])*$`)
	tags    = regexp.MustCompile(`<(img|iframe|object|link|base|b>|a href="[^#])`)
)

// Whatever the history, a page is whole: its pictures hold numbers alone, what it embeds is
// JSON, nothing in it is of a name, and it leads nowhere.
func TestPagesAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyHistory(t)
		sample := NewSample(1)
		r, err := suggest.From(sample.Of(of(f)), suggest.Options{FalseStops: 0.001, Margin: 1.15})
		if err != nil {
			t.Fatal(err)
		}
		b := &backtest.Result{}
		for i, e := range f.Executions {
			b.GoodStops = append(b.GoodStops, backtest.Stop{Flow: f.Name, Execution: fmt.Sprint(i), StartedTime: e.StartedTime, StoppedAt: e.StartedTime, EndedTime: e.StoppedTime, SeenTime: e.SeenTime})
		}
		for _, p := range []*Page{Suggestion(r, sample), Backtest(b, sample, []Part{{Words: f.Name}})} {
			whole(t, written(t, p))
		}
	})
}

func whole(t *rapid.T, text string) {
	for _, d := range path.FindAllStringSubmatch(text, -1) {
		if !drawing.MatchString(d[1]) {
			t.Fatalf("a picture has a path %q", d[1])
		}
	}
	if shown := strings.TrimSuffix(text, script+"</script>\n</body>\n</html>\n"); strings.Contains(shown, "NaN") || strings.Contains(shown, "Inf") {
		t.Fatal("a number is none")
	}
	_, data, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	data, rest, _ := strings.Cut(data, "</script>")
	if !json.Valid([]byte(data)) || strings.Count(rest, "<script>") != 1 {
		t.Fatalf("the data is no JSON, or what follows isn't the script: %.200s", data)
	}
	if found := tags.FindString(text); found != "" {
		t.Fatalf("the page has %s", found)
	}
	if strings.ContainsRune(text, '\u202e') {
		t.Fatal("a name turns the direction of writing")
	}
}

// A sample holds the longest, some of the others, and no more than it may, in whatever order
// the executions came.
func TestSample(t *testing.T) {
	f := &history.Flow{Name: "etl"}
	for i := range 5000 {
		start := begin.Add(time.Duration(i) * time.Minute)
		f.Executions = append(f.Executions, history.Execution{Status: "Succeeded", StartedTime: start, StoppedTime: start.Add(time.Duration((i*7919)%5000) * time.Second)})
	}
	s := NewSample(1)
	for range s.Of(of(f)) {
	}
	dots := s.of([]string{"etl"})
	if len(dots) != 600 {
		t.Fatalf("%d dots", len(dots))
	}
	long := 0
	for _, d := range dots {
		if d.length >= 4700_000 {
			long++
		}
	}
	if long != 300 {
		t.Errorf("%d of the 300 longest are drawn", long)
	}
	if NewSample(100_000).each != 10 || NewSample(0).each != 600 {
		t.Error("a sample of many flows isn't bounded, or one of none")
	}
}

// Of many stops the false ones are drawn first.
func TestMostTelling(t *testing.T) {
	var stops []stop
	for i := range 1000 {
		ended := "Stopped"
		if i%2 == 0 {
			ended = "Succeeded"
		}
		stops = append(stops, stop{&backtest.Stop{EndedAs: ended, Hours: float64(i)}, ""})
	}
	bad := 0
	drawn := mostTelling(stops)
	for _, s := range drawn {
		if s.False() {
			bad++
		}
		if s.Hours < 1000-barsDrawn {
			t.Errorf("one of %v hours is drawn", s.Hours)
		}
	}
	if len(drawn) != barsDrawn || bad != barsDrawn/2 {
		t.Errorf("%d are drawn, %d of them false", len(drawn), bad)
	}
	if got := mostTelling(stops[:10]); len(got) != 10 {
		t.Errorf("%d of 10 are drawn", len(got))
	}
}

func TestNiceAbove(t *testing.T) {
	for value, want := range map[float64]float64{0: 1, 0.5: 0.6, 1: 1, 1.1: 2, 355: 400, 0.0031: 0.004, 97: 100} {
		if got := niceAbove(value); got < want*0.999 || got > want*1.001 {
			t.Errorf("%v: %v, not %v", value, got, want)
		}
	}
}
