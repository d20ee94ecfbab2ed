package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/history/suggest"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// pictured is how many groups have pictures: those that save most.
const pictured = 200

// Suggestion is a page of what suggest found.
func Suggestion(r *suggest.Result, s *Sample) *Page {
	p := &Page{Title: "flowreaper: suggested limits", Facts: facts(r.Account, r.Region, r.From, r.To)}
	p.Facts = append(p.Facts, [2]string{"aimed at", fmt.Sprintf("at most %s of good runs are stopped; margin %v", plain.Percent(r.FalseStops), r.Margin)})
	limited := 0
	for i := range r.Groups {
		if r.Groups[i].Limit != nil {
			limited++
		}
	}
	p.say("%s of %s have a limit, in %s. Good runs are those that Succeeded; what was stopped, timed out or still runs counts as one that would have taken longer. All intervals are at 95%%.",
		plain.Number(limited), plain.Count(len(r.Groups), "group"), plain.Count(len(r.Rules), "rule"))
	for _, n := range r.Notes {
		p.say("Note: %s.", n.Message)
	}
	ids := p.pictures(r, s)
	p.List = suggestedList(r, ids)
	if policy := r.Policy(); policy != "" {
		p.Policy = policy
	}
	return p
}

func facts(account, region string, from, to time.Time) (all [][2]string) {
	for _, fact := range [][2]string{{"account", account}, {"region", region}} {
		if fact[1] != "" {
			all = append(all, fact)
		}
	}
	if !from.IsZero() {
		all = append(all, [2]string{"executions", from.UTC().Format(time.DateOnly) + " to " + to.UTC().Format(time.DateOnly)})
	}
	return all
}

func (p *Page) say(format string, args ...any) {
	p.Parts = append(p.Parts, Part{Words: fmt.Sprintf(format, args...)})
}

// pictures draws the groups that save most, and returns their IDs by place.
func (p *Page) pictures(r *suggest.Result, s *Sample) map[int]string {
	var order []int
	for i := range r.Groups {
		if r.Groups[i].Limit != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Groups[b].HoursSaved(), r.Groups[a].HoursSaved()) })
	ids := map[int]string{}
	for _, i := range order[:min(len(order), pictured)] {
		ids[i] = "group-" + strconv.Itoa(i)
		p.Pictures = append(p.Pictures, picture(&r.Groups[i], ids[i], s))
	}
	if more := len(order) - pictured; more > 0 {
		p.say("The %d groups that would save most have pictures; %s only a row.", pictured, plain.Number(more))
	}
	return ids
}

func picture(g *suggest.Group, id string, s *Sample) Picture {
	shown := Picture{ID: id, Title: title(g), Words: []string{fmt.Sprintf("Limit %s: it stops %s of good runs. Of this history it would have stopped %s that Succeeded and %s that did not, and saved %.1f hours.",
		g.Limit.Duration, g.Limit.FalseStops, plain.Number(g.Limit.StoppedGood), plain.Number(g.Limit.StoppedOthers), g.Limit.HoursSaved)}}
	for _, n := range g.Notes {
		shown.Notes = append(shown.Notes, n.Message)
	}
	dots := s.of(g.Flows)
	caption := "Executions by start and length: those that Succeeded (dots), ended otherwise (crosses), or still ran (arrows), against the limit."
	if all := g.Sample.All() - g.Sample.LeftOut; len(dots) < all {
		caption += fmt.Sprintf(" Drawn are %s of %s: the longest, and some of the others.", plain.Number(len(dots)), plain.Number(all))
	}
	shown.SVG = []template.HTML{
		curve(g),
		timeline{dots: dots, limit: g.Limit.Seconds}.draw(fmt.Sprintf("Timeline of %s: %s that Succeeded and %s that did not ran beyond the limit of %s",
			g.Name, plain.Number(g.Limit.StoppedGood), plain.Number(g.Limit.StoppedOthers), g.Limit.Duration), caption),
	}
	return shown
}

func title(g *suggest.Group) string {
	if len(g.Flows) == 1 {
		return g.Name
	}
	return fmt.Sprintf("%s (%s)", g.Name, plain.Count(len(g.Flows), "flow"))
}

func suggestedList(r *suggest.Result, ids map[int]string) List {
	l := List{Title: "Flows and their limits", Rows: [][]Cell{}, Columns: []Column{
		{"flow", false}, {"good runs", true}, {"p50", true}, {"p95", true}, {"p99", true}, {"longest", true},
		{"limit", true}, {"stops of good runs", true}, {"hours saved", true}, {"of note", false},
	}}
	for i := range r.Groups {
		g := &r.Groups[i]
		name := text(title(g))
		name.Link = ids[i]
		row := []Cell{name, number(float64(g.Sample.Succeeded), plain.Number(g.Sample.Succeeded)), length(g.P50), length(g.P95), length(g.P99), number(g.LongestSeconds, g.LongestText())}
		var notes []string
		if l := g.Limit; l != nil {
			row = append(row, number(l.Seconds, l.Duration), number(l.FalseStops.Share, l.FalseStops.String()), number(l.HoursSaved, fmt.Sprintf("%.1f", l.HoursSaved)))
		} else {
			row = append(row, text("none"), text(""), text(""))
			notes = append(notes, g.Why())
		}
		for _, n := range g.Notes {
			notes = append(notes, n.Message)
		}
		l.Rows = append(l.Rows, append(row, text(strings.Join(notes, "; "))))
	}
	return l
}

func length(l *suggest.Length) Cell {
	if l == nil {
		return text(l.String())
	}
	return number(l.Seconds, l.String())
}
