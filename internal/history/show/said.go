// Package show says what a history tells in words and tables: what a backtest has found,
// in a terminal, as a merge request's comment and as what a page has in words; and which
// limits are suggested.
//
//	found := show.Backtest{Result: r, Gate: gate}
//	fmt.Println(found.Text(style))
//	fmt.Println(show.Suggestion(suggested, style))
//
// All names go through package plain, and in Markdown none makes a link or a mention.
package show

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
)

// said is what a backtest says to people, in a terminal or a merge request: sentences
// and tables in turn.
type said []page.Part

func (p *said) say(format string, args ...any) {
	*p = append(*p, page.Part{Words: fmt.Sprintf(format, args...)})
}

// table adds a table, of which it shows so many rows: none where it has none.
func (p *said) table(title string, header []string, rows [][]string, most int, all bool) {
	part := page.Part{Words: title, Header: header, Rows: rows}
	if more := len(rows) - most; more > 0 && !all {
		part.Rows = rows[:most]
		part.Foot = fmt.Sprintf("… and %s more: --all shows each.", plain.Number(more))
	}
	if len(rows) > 0 {
		*p = append(*p, part)
	}
}

func (p said) text(style report.Style) string {
	var parts []string
	for _, part := range p {
		lines := []string{style.Words(part.Words)}
		if len(part.Rows) > 0 {
			lines = append(lines, style.Table(part.Header, part.Rows))
		}
		if part.Foot != "" {
			lines = append(lines, part.Foot)
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	return strings.Join(parts, "\n\n")
}

func (p said) markdown() string {
	var b strings.Builder
	b.WriteString("### flowreaper backtest\n")
	for _, part := range p {
		fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(part.Words))
		if len(part.Rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n| %s |\n|%s\n", strings.Join(part.Header, " | "), strings.Repeat(" --- |", len(part.Header)))
		for _, row := range part.Rows {
			for _, cell := range row {
				fmt.Fprintf(&b, "| %s ", asCode(cell))
			}
			b.WriteString("|\n")
		}
		if part.Foot != "" {
			fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(part.Foot))
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// asCode has a cell be shown as it is: no name makes a link, a mention or a column.
func asCode(cell string) string {
	if cell = strings.NewReplacer("`", "'", "|", `\|`, "\n", " ").Replace(plain.Text(cell)); cell == "" || numeric.MatchString(cell) {
		return cell
	}
	return "`" + cell + "`"
}

var numeric = regexp.MustCompile(`^[0-9.,]+%?$|^([0-9.,]+(w|d|h|m|s|ms))+$`)

func escapeMarkdown(words string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`, "#", `\#`, "|", `\|`, "\n", "\\\n").Replace(plain.Lines(words))
}
