package show

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

// Backtest is what a backtest has found.
type Backtest struct {
	Result     *backtest.Result
	Comparison *backtest.Comparison // with another policy; nil: with none
	Gate       *backtest.Gate       // nil: any number of false stops is allowed
	All        bool                 // show each row of a long table, but on a page, which has a list of its own
}

// Text is it in a terminal.
func (b Backtest) Text(style report.Style) string { return b.whole().text(style) }

// Markdown is it as a comment on a merge request.
func (b Backtest) Markdown() string { return b.whole().markdown() }

// Page is it as a page, which has every stop in its list, and draws them among the sample.
func (b Backtest) Page(sample *page.Sample) *page.Page {
	if b.Comparison != nil {
		return page.Comparison(b.Comparison, sample, comparisonSummary(b.Comparison, b.Gate, true))
	}
	p := resultSummary(b.Result, b.Gate, true)
	p.withheld(b.Result.Withheld, true)
	return page.Backtest(b.Result, sample, p)
}

func (b Backtest) whole() said {
	if c := b.Comparison; c != nil {
		p := comparisonSummary(c, b.Gate, b.All)
		p.stops("Newly stopped:", c.NewlyStopped, b.All)
		p.stops("No longer stopped:", c.NoLongerStopped, b.All)
		return p
	}
	p := resultSummary(b.Result, b.Gate, b.All)
	p.falseStops(b.Result.FalseStops, b.All)
	p.withheld(b.Result.Withheld, b.All)
	return p
}

// Shortfall says what was not judged; nil where all was.
func Shortfall(r *backtest.Result) error {
	switch e := r.Executions; {
	case r.Coverage.Executions == 0:
		return errors.New("nothing was judged: no execution of the history started in that time\nGive another --since or --until, or record more")
	case e.Concerned == 0:
		return errors.New("nothing was judged: no flow of the history is one that a rule of the policy is about\nCheck the rules' flows, and that it is the history of the right account")
	case e.Concerned == e.Unjudged:
		return errors.New("nothing was judged: of the rules about flows of the history none judges on timers\nThose on events, or by hand, no history can tell of")
	case e.Undecided > 0:
		return fmt.Errorf("done in part: %s could not be decided; see the report", plain.Count(e.Undecided, "execution"))
	}
	return nil
}

// fewRows are shown of a long table without --all.
const fewRows = 10

func resultSummary(r *backtest.Result, gate *backtest.Gate, all bool) (p said) {
	p.known(r.Coverage, r.Undecided, r.Censored, r.Executions, all)
	p.say("%s", sentence(r, gate))
	var rows [][]string
	for _, rule := range r.Rules {
		rows = append(rows, []string{rule.Rule, string(rule.Mode), plain.Number(rule.GoodStops), plain.Number(rule.FalseStops), hours(rule.HoursSaved), money(rule.CostSaved, r.Policy.Currency)})
	}
	p.table("By rule, each judged as if it enforced:", []string{"rule", "mode", "good stops", "false stops", "hours saved", "cost saved"}, rows, len(rows), all)
	return p
}

// known says what the rest is to be read by.
func (p *said) known(c backtest.Coverage, undecided []backtest.Undecided, censored backtest.Censored, e backtest.Executions, all bool) {
	p.say("%s", covered(c, e))
	var rows [][]string
	for _, u := range undecided {
		rows = append(rows, []string{cmp.Or(u.Rule, "any"), plain.Number(u.Executions), plain.Number(u.Succeeded), u.Flow + "/" + u.Execution, u.Reason})
	}
	p.table("What it can't tell: these rules stop none of these executions here.", []string{"rule", "executions", "Succeeded", "such as", "why"}, rows, fewRows, all)
	if text := beyond(c, censored); text != "" {
		p.say("%s", text)
	}
	rows = nil
	for _, g := range c.Gaps {
		rows = append(rows, []string{g.Flow, minute(g.From), minute(g.To), g.Reason})
	}
	p.table(fmt.Sprintf("Gaps, in which executions may be missing: %s", plain.Number(c.GapsTotal)), []string{"flow", "from", "to", "why"}, rows, fewRows, all)
	rows = nil
	for _, o := range c.Odd {
		rows = append(rows, []string{o.Flow, o.Execution, o.What})
	}
	p.table(fmt.Sprintf("Odd as they were recorded: %s", plain.Count(c.Odds, "execution")), []string{"flow", "execution", "what"}, rows, fewRows, all)
}

func covered(c backtest.Coverage, e backtest.Executions) string {
	text := ""
	if !c.From.IsZero() {
		text = c.From.Format(time.DateOnly) + " to " + c.To.Format(time.DateOnly) + ": "
	}
	text += fmt.Sprintf("%s of %s", plain.Count(c.Executions, "execution"), plain.Count(c.Flows, "flow"))
	for _, place := range []string{c.Account, c.Region} {
		if place != "" {
			text += ", " + plain.Text(place)
		}
	}
	text += fmt.Sprintf(". The policy is about %s of them, of which %s Succeeded.", plain.Number(e.Concerned-e.Unjudged), plain.Number(e.Succeeded))
	if e.Unjudged > 0 {
		text += fmt.Sprintf("\nOf flows that only rules on events, or by hand, are about, which no history can tell of: %s.", plain.Number(e.Unjudged))
	}
	if c.WithInput != nil && *c.WithInput < c.Executions {
		text += fmt.Sprintf("\nIt reads inputs. Recorded without theirs, which flowreaper record --with-input keeps: %s.", plain.Number(c.Executions-*c.WithInput))
	}
	if c.Redacted {
		text += "\nOf inputs and environments values were blanked: what it reads there may not be what was there."
	}
	return text
}

// beyond says how far the past itself was seen.
func beyond(c backtest.Coverage, censored backtest.Censored) string {
	var lines []string
	add := func(n int, what string) {
		if n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s.", what, plain.Number(n)))
		}
	}
	add(len(censored.Stops), "Would have been stopped before flowreaper itself did stop them, so that nobody knows how they would have ended, neither good nor false")
	add(censored.Stopped, "Stopped by flowreaper itself, and kept until then, so that nobody knows what would have come")
	add(censored.StillRunning, "Still running when they were seen last, and kept until then")
	add(c.Lost, "Live, and forgotten by CloudFlow when it was asked how they had ended")
	add(c.Express, "Of Express flows, which are never looked at")
	return strings.Join(lines, "\n")
}

func sentence(r *backtest.Result, gate *backtest.Gate) string {
	text := fmt.Sprintf("Policy %s, in mode %s, would have stopped %s: %s, and %s, which is %s of what Succeeded%s. %s saved%s.",
		plain.Text(r.Policy.Name), r.Policy.Mode, plain.Count(r.Executions.Stopped, "execution"), plain.Count(len(r.GoodStops), "good stop"),
		plain.Count(len(r.FalseStops), "false stop"), plain.Percent(r.FalseShare()), verdict(gate, len(r.FalseStops), r.Executions.Succeeded), hours(r.HoursSaved), and(money(r.CostSaved, r.Policy.Currency)))
	if n := r.Executions.Protected; n > 0 {
		text += fmt.Sprintf(" Protected: %s.", plain.Number(n))
	}
	return text
}

// verdict is that of the gate.
func verdict(gate *backtest.Gate, stops, succeeded int) string {
	switch {
	case gate == nil:
		return ""
	case gate.Exceeded(stops, succeeded):
		return fmt.Sprintf(" (more than the %v allowed)", gate)
	}
	return fmt.Sprintf(" (%v are allowed)", gate)
}

// falseStops shows them by flow and rule, the most first, and of each the one whose
// work would have been lost after the longest time.
func (p *said) falseStops(stops []backtest.Stop, all bool) {
	type group struct {
		n     int
		worst *backtest.Stop
	}
	groups := map[[2]string]*group{}
	for i := range stops {
		s := &stops[i]
		g := groups[[2]string{s.Flow, s.Rule}]
		if g == nil {
			g = &group{}
			groups[[2]string{s.Flow, s.Rule}] = g
		}
		if g.n++; g.worst == nil || cmp.Or(cmp.Compare(lost(g.worst), lost(s)), cmp.Compare(s.Hours, g.worst.Hours)) < 0 {
			g.worst = s
		}
	}
	var sorted []*group
	for _, g := range groups {
		sorted = append(sorted, g)
	}
	slices.SortFunc(sorted, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.worst.Flow, b.worst.Flow), strings.Compare(a.worst.Rule, b.worst.Rule))
	})
	var rows [][]string
	for _, g := range sorted {
		w := g.worst
		rows = append(rows, []string{plain.Number(g.n), w.Flow, w.Rule, w.Execution, minute(w.StoppedAt), duration.Rough(lost(w)), duration.Rough(w.End().Sub(w.StoppedAt))})
	}
	p.table("False stops, the worst of each flow and rule by the work that would have been lost:",
		[]string{"false stops", "flow", "rule", "the worst", "stopped at", "after", "would have Succeeded in"}, rows, fewRows, all)
}

// lost is how long it had run.
func lost(s *backtest.Stop) time.Duration { return s.StoppedAt.Sub(s.StartedTime) }

func (p *said) withheld(all []backtest.Withheld, every bool) {
	var rows [][]string
	for _, w := range all {
		to := "the end"
		if !w.To.IsZero() {
			to = minute(w.To)
		}
		rows = append(rows, []string{minute(w.From), to, w.Limit, plain.Number(w.Max), plain.Number(w.Executions), plain.Number(w.Ended)})
	}
	p.table("The limits would have held back, until somebody had come; the stops are counted as if they had not:",
		[]string{"from", "to", "limit", "allowed", "held back", "ended by themselves"}, rows, fewRows, every)
}

func comparisonSummary(c *backtest.Comparison, gate *backtest.Gate, all bool) (p said) {
	p.known(c.Coverage, c.Undecided, c.Censored, c.Policy.Executions, all)
	text := fmt.Sprintf("Policy %s would stop %s that %s would not, and no longer %s that it would; %s unchanged, %s of them earlier and %s later.",
		plain.Text(c.Policy.Name), plain.Count(len(c.NewlyStopped), "execution"), sideName(c), plain.Number(len(c.NoLongerStopped)),
		plain.Number(c.Unchanged), plain.Number(c.Earlier), plain.Number(c.Later))
	if gate != nil {
		text += fmt.Sprintf(" It would make %s%s.", plain.Count(c.Policy.FalseStops, "false stop"), verdict(gate, c.Policy.FalseStops, c.Policy.Executions.Succeeded))
	}
	p.say("%s", text)
	rows := [][]string{sideRow("", &c.Policy), sideRow("against ", &c.Against)}
	p.table("Both, as if all rules enforced:", []string{"policy", "good stops", "false stops", "of Succeeded", "hours saved", "cost saved", "withheld"}, rows, len(rows), all)
	return p
}

func sideName(c *backtest.Comparison) string {
	if c.Policy.Name == c.Against.Name {
		return "the other"
	}
	return plain.Text(c.Against.Name)
}

func sideRow(what string, s *backtest.Side) []string {
	share := 0.0
	if s.Executions.Succeeded > 0 {
		share = float64(s.FalseStops) / float64(s.Executions.Succeeded)
	}
	return []string{what + s.Name + "@" + policy.ShortHash(s.Hash), plain.Number(s.GoodStops), plain.Number(s.FalseStops), plain.Percent(share),
		hours(s.HoursSaved), money(s.CostSaved, s.Currency), plain.Number(s.Withheld)}
}

// stops lists stops, the false ones first.
func (p *said) stops(title string, stops []backtest.Stop, all bool) {
	sorted := slices.Clone(stops)
	slices.SortStableFunc(sorted, func(a, b backtest.Stop) int {
		switch {
		case a.False() == b.False():
			return 0
		case a.False():
			return -1
		}
		return 1
	})
	var rows [][]string
	for i := range sorted {
		s := &sorted[i]
		rows = append(rows, []string{s.Flow, s.Execution, s.Rule, minute(s.StoppedAt), duration.Rough(lost(s)), s.EndedAs, hours(s.Hours)})
	}
	p.table(title, []string{"flow", "execution", "rule", "stopped at", "after", "ended as", "ran on for"}, rows, fewRows, all)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02T15:04Z") }

func hours(h float64) string {
	whole, tenths, _ := strings.Cut(fmt.Sprintf("%.1f", h), ".")
	n := 0
	fmt.Sscan(whole, &n)
	return plain.Number(n) + "." + tenths + "h"
}

func money(amount *float64, currency string) string {
	if amount == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%.2f %s", *amount, plain.Text(currency)))
}

func and(text string) string {
	if text == "" {
		return ""
	}
	return ", and " + text
}
