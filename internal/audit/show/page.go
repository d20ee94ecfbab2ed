package show

import (
	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Page is a page to keep, with a list of every stop to search in.
func Page(r *audit.Result) *page.Page {
	p := &page.Page{Title: "flowreaper: what was stopped"}
	for _, fact := range [][2]string{
		{"account", r.Account}, {"region", r.Region}, {"endpoint", r.Endpoint},
		{"stopped", second(r.Since) + " to " + second(r.Until)}, {"flowreaper", r.Flowreaper},
	} {
		if fact[1] != "" {
			p.Facts = append(p.Facts, fact)
		}
	}
	p.Parts = append(p.Parts, page.Part{Words: summary(r)})
	if rows := groups(r); len(rows) > 0 {
		p.Parts = append(p.Parts, page.Part{Words: "By whom:", Header: groupHeader, Rows: rows})
	}
	if rows := notRead(r); len(rows) > 0 {
		p.Parts = append(p.Parts, page.Part{Words: "Not read:", Header: []string{"flow", "executions", "why"}, Rows: rows})
	}
	for _, words := range notes(r) {
		p.Parts = append(p.Parts, page.Part{Words: words})
	}
	p.List = list(r)
	return p
}

// list has a row a stop.
func list(r *audit.Result) page.List {
	l := page.List{Title: plain.Count(len(r.Stops), "stop"), Kinds: "by"}
	for _, name := range []string{"by", "stopped", "flow", "execution", "ran", "rule", "person", "why", "run"} {
		l.Columns = append(l.Columns, page.Column{Name: name, Number: name == "ran"})
	}
	for i := range r.Stops {
		s := &r.Stops[i]
		var ofRule, run, person string
		said := s.Cause
		if t := s.Tail; t != nil {
			ofRule, run, person = rule(r, s), t.Run, t.By
		} else if s.Error != "" {
			said = s.Error + ": " + s.Cause
		}
		if s.Unread != "" {
			said = "not known: " + s.Unread
		}
		lasted := page.Cell{Text: ran(s)}
		if lasted.Text != "" {
			lasted.Number = new(s.StoppedTime.Sub(s.StartedTime).Seconds())
		}
		row := []page.Cell{{Text: string(s.By)}, {Text: second(s.StoppedTime)}, {Text: s.Flow}, {Text: s.Execution}, lasted, {Text: ofRule}, {Text: person}, {Text: said}, {Text: run}}
		l.Rows = append(l.Rows, row)
	}
	return l
}
