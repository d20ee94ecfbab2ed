package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Backtest is a page of what a policy would have done. parts are what is said of it
// elsewhere, too.
func Backtest(r *backtest.Result, s *Sample, parts []Part) *Page {
	p := &Page{Title: "flowreaper backtest: " + r.Policy.Name, Facts: backtestFacts(r.Coverage, r.Policy), Parts: parts}
	var stops []stop
	stops = appendStops(stops, r.FalseStops, "false stop")
	stops = appendStops(stops, r.GoodStops, "good stop")
	stops = appendStops(stops, r.Censored.Stops, byFlowreaper)
	p.List = stopsList("Decisions: every stop, and why", "verdict", stops)
	p.Pictures, p.PicturesFirst = []Picture{stopsPicture(stops, s)}, true
	return p
}

// Comparison is a page of what a policy would have done otherwise than another.
func Comparison(c *backtest.Comparison, s *Sample, parts []Part) *Page {
	p := &Page{Title: fmt.Sprintf("flowreaper backtest: %s against %s", c.Policy.Name, c.Against.Name), Facts: backtestFacts(c.Coverage, c.Policy.Policy), Parts: parts}
	p.Facts = append(p.Facts, [2]string{"against", c.Against.Name + ", " + c.Against.Hash})
	stops := appendStops(nil, c.NewlyStopped, "newly stopped")
	stops = appendStops(stops, c.NoLongerStopped, "no longer stopped")
	p.List = stopsList("Decisions that differ", "change", stops)
	p.Pictures, p.PicturesFirst = []Picture{stopsPicture(stops, s)}, true
	return p
}

func backtestFacts(c backtest.Coverage, p backtest.Policy) [][2]string {
	return append(facts(c.Account, c.Region, c.From, c.To), [2]string{"policy", p.Name + ", " + p.Hash}, [2]string{"mode", string(p.Mode)}, [2]string{"tick", c.Tick})
}

// byFlowreaper is what the list calls stops of what flowreaper itself stopped later: how
// that would have ended nobody knows.
const byFlowreaper = "stopped by flowreaper"

// stop is a stop, and what the list calls it.
type stop struct {
	*backtest.Stop
	kind string
}

func appendStops(all []stop, stops []backtest.Stop, kind string) []stop {
	for i := range stops {
		all = append(all, stop{&stops[i], kind})
	}
	return all
}

func (s stop) verdict() verdict {
	switch {
	case s.False():
		return falseStop
	case s.kind == byFlowreaper:
		return unknownStop
	}
	return goodStop
}

func stopsList(title, kinds string, stops []stop) List {
	l := List{Title: title, Kinds: kinds, Rows: [][]Cell{}, Columns: []Column{
		{kinds, false}, {"flow", false}, {"execution", false}, {"rule", false}, {"started", false}, {"stopped after", true}, {"ended as", false}, {"ran on for", true}, {"why", false},
	}}
	for _, s := range stops {
		after, on := s.StoppedAt.Sub(s.StartedTime), time.Duration(s.Hours*float64(time.Hour))
		l.Rows = append(l.Rows, []Cell{text(s.kind), text(s.Flow), text(s.Execution), text(s.Rule), text(s.StartedTime.UTC().Format("2006-01-02 15:04:05")),
			number(after.Seconds(), duration.Rough(after)), text(s.EndedAs), number(s.Hours, duration.Rough(on)), text(s.why())})
	}
	return l
}

func (s stop) why() string {
	if s.Undecided {
		return s.Reason + "; another rule could not be decided, and may have stopped it before"
	}
	return s.Reason
}

// barsDrawn is how many stops a picture shows; of more it would be a blot.
const barsDrawn = 240

// mostTelling are the stops to draw: false ones first, half of all at the most where there
// are others, and of each the ones that ran on longest.
func mostTelling(stops []stop) []stop {
	var bad, others []stop
	for _, s := range stops {
		if s.False() {
			bad = append(bad, s)
		} else {
			others = append(others, s)
		}
	}
	for _, part := range [][]stop{bad, others} {
		slices.SortStableFunc(part, func(a, b stop) int { return cmp.Compare(b.Hours, a.Hours) })
	}
	bad = bad[:min(len(bad), max(barsDrawn/2, barsDrawn-len(others)))]
	return append(bad, others[:min(len(others), barsDrawn-len(bad))]...)
}

// stopsPicture draws the stops among the other executions.
func stopsPicture(stops []stop, s *Sample) Picture {
	t, drawn := timeline{dots: s.whole()}, mostTelling(stops)
	for _, one := range drawn {
		start := one.StartedTime
		t.bars = append(t.bars, bar{float64(start.Unix()), one.StoppedAt.Sub(start).Seconds(), one.End().Sub(start).Seconds(), one.verdict()})
	}
	caption := "Executions by start and length. A bar begins where the policy would have stopped one, at its limit, and ends where it ended: in a dot where it Succeeded (a false stop), in a cross where not. " +
		"Without bars: some of all executions, as dots where they Succeeded, crosses where not, and arrows where they still ran."
	if len(drawn) < len(stops) {
		caption += fmt.Sprintf(" Of %s stops %s are drawn, false ones first: those that ran on longest.", plain.Number(len(stops)), plain.Number(len(drawn)))
	}
	return Picture{ID: "timeline", Title: "When, and how long", SVG: []template.HTML{
		t.draw(fmt.Sprintf("Timeline of %s, by when each started and how long it ran; the table lists them", plain.Count(len(stops), "stop")), caption),
	}}
}
