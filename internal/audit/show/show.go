// Package show shows what an audit found, to people and to spreadsheets.
//
//	show.Text(os.Stdout, result, style)
//	show.CSV(os.Stdout, result)
//	show.Page(result).Write(os.Stdout)
//
// Names, causes and errors are others' texts: what could drive a terminal is escaped, a
// spreadsheet makes no formula of a field, and a page no markup.
package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

// fewRows are shown of a long table without --all.
const fewRows = 20

// claim is said below stops that are flowreaper's by their causes.
const claim = "A cause is a claim: whoever may stop executions may write one like flowreaper's. ActionTrail tells who called StopExecution: docs/audit.md."

// Text shows it in a terminal.
func Text(w io.Writer, r *audit.Result, style report.Style) error {
	parts := []string{style.Words(summary(r))}
	table := func(title string, header []string, rows [][]string) {
		foot := ""
		if more := len(rows) - fewRows; more > 0 && !style.All {
			rows, foot = rows[:fewRows], fmt.Sprintf("\n… and %s more: --all shows each.", plain.Number(more))
		}
		if len(rows) > 0 {
			parts = append(parts, title+"\n"+style.Lines(header, rows)+foot)
		}
	}
	if len(r.Stops) > fewRows {
		table("By whom:", groupHeader, groups(r))
	}
	table("Stops, the latest first:", []string{"stopped", "flow", "execution", "ran", "by", "why"}, stops(r))
	table("Not read:", []string{"flow", "executions", "why"}, notRead(r))
	for _, words := range notes(r) {
		parts = append(parts, style.Words(words))
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n\n"))
	return err
}

// summary is the sentence that a person reads first.
func summary(r *audit.Result) string {
	flows := map[string]bool{}
	for i := range r.Stops {
		flows[r.Stops[i].Flow] = true
	}
	text := fmt.Sprintf("Stopped since %s: %s of %s.", second(r.Since), plain.Count(len(r.Stops), "execution"), plain.Count(len(flows), "flow"))
	for _, part := range []struct {
		by   audit.By
		what string
	}{{audit.Flowreaper, "By flowreaper, as their causes say"}, {audit.Others, "Not by flowreaper"}, {audit.Unknown, "Nobody knows by whom"}} {
		if n := r.Of(part.by); n > 0 {
			text += fmt.Sprintf(" %s: %s.", part.what, plain.Number(n))
		}
	}
	text += fmt.Sprintf(" Read: %s of %s; ", plain.Number(r.Flows.Read), plain.Count(r.Flows.Seen, "flow"))
	if !r.Complete {
		return text + "incomplete." + ofPolicy(r)
	}
	return text + "complete." + ofPolicy(r)
}

// ofPolicy says how many stops are of the policy that was given.
func ofPolicy(r *audit.Result) string {
	if r.Policy == nil {
		return ""
	}
	own, others := 0, 0
	for i := range r.Stops {
		switch of := r.Stops[i].OfPolicy; {
		case of != nil && *of:
			own++
		case of != nil:
			others++
		}
	}
	return fmt.Sprintf("\nOf flowreaper's %s of policy %s as it is now (%s), and %s of another, or of an earlier text of it.",
		are(own), plain.Text(r.Policy.Name), policy.ShortHash(r.Policy.Hash), plain.Number(others))
}

func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return plain.Number(n) + " are"
}

func stops(r *audit.Result) (rows [][]string) {
	for i := range r.Stops {
		s := &r.Stops[i]
		rows = append(rows, []string{second(s.StoppedTime), plain.Text(s.Flow), plain.Text(s.Execution), ran(s), string(s.By), why(r, s)})
	}
	return rows
}

// ran is how long a stopped execution had run.
func ran(s *audit.Stop) string {
	if s.StartedTime.IsZero() || s.StoppedTime.IsZero() {
		return ""
	}
	return duration.Rough(s.StoppedTime.Sub(s.StartedTime))
}

// why is what was said of a stop, in lines of which no text makes another.
func why(r *audit.Result, s *audit.Stop) string {
	if s.Unread != "" {
		return "not known: " + plain.Text(s.Unread)
	}
	var lines []string
	for _, text := range []string{s.Cause, s.Error} {
		if text != "" {
			lines = append(lines, plain.Text(text))
		}
	}
	if t := s.Tail; t != nil {
		lines = append(lines[:min(1, len(lines))], plain.Text(rule(r, s)), plain.Text("run "+t.Run+began(t.At)))
		if t.By != "" {
			lines = append(lines, plain.Text("from a terminal, by "+t.By))
		}
	}
	return strings.Join(lines, "\n")
}

// rule is which rule of which policy stopped it.
func rule(r *audit.Result, s *audit.Stop) string {
	t := s.Tail
	text := fmt.Sprintf("rule %s of policy %s (%s", t.Rule, cmp.Or(t.Policy, "without a name"), t.Hash)
	switch {
	case s.OfPolicy == nil || *s.OfPolicy:
	case strings.HasPrefix(r.Policy.Name, t.Policy): // the beginning of a long one
		text += ", not as it is now"
	default:
		text += ", not " + r.Policy.Name
	}
	return text + ")"
}

func began(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", which began at " + second(at)
}

var groupHeader = []string{"by", "executions", "flows", "first", "last"}

// groups are who stopped how many, those with the most first.
func groups(r *audit.Result) (rows [][]string) {
	type group struct {
		by          string
		n           int
		flows       map[string]bool
		first, last time.Time
	}
	var all []*group
	known := map[string]*group{}
	for i := range r.Stops { // the latest first
		s := &r.Stops[i]
		g := known[who(r, s)]
		if g == nil {
			g = &group{by: who(r, s), flows: map[string]bool{}, last: s.StoppedTime}
			known[g.by] = g
			all = append(all, g)
		}
		g.n++
		g.flows[s.Flow] = true
		if !s.StoppedTime.IsZero() {
			g.first = s.StoppedTime
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(b.n, a.n) })
	for _, g := range all {
		rows = append(rows, []string{g.by, plain.Number(g.n), plain.Number(len(g.flows)), second(g.first), second(g.last)})
	}
	return rows
}

// who is what stops are put together by.
func who(r *audit.Result, s *audit.Stop) string {
	switch {
	case s.Tail != nil && s.Tail.By != "":
		return plain.Text(rule(r, s) + ", by " + s.Tail.By)
	case s.Tail != nil:
		return plain.Text(rule(r, s))
	case s.By == audit.Others && s.Error != "":
		return plain.Text("others, with the error " + s.Error)
	}
	return string(s.By)
}

func notRead(r *audit.Result) (rows [][]string) {
	for _, i := range r.Incomplete {
		executions := ""
		if i.Executions > 0 {
			executions = plain.Number(i.Executions)
		}
		rows = append(rows, []string{plain.Text(i.Flow), executions, plain.Text(i.Reason)})
	}
	return rows
}

// notes are what is to be known besides.
func notes(r *audit.Result) (all []string) {
	for _, u := range r.Unmatched {
		all = append(all, report.Unmatched(u))
	}
	if n := len(r.NotCovered); n > 0 {
		first := plain.Text(strings.Join(r.NotCovered[:min(n, 5)], ", "))
		if n > 5 {
			first += ", …"
		}
		all = append(all, fmt.Sprintf("Not asked, since their executions end within five minutes: %s: %s.", plain.Count(n, "Express flow"), first))
	}
	switch {
	case r.Of(audit.Flowreaper) > 0:
		all = append(all, claim)
	case len(r.Stops) == 0 && r.Flows.Read > 0: // whoever has just stopped something looks here
		all = append(all, "What was stopped within the last minute may be missing: listings lag.")
	}
	return all
}

func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
