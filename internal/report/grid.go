package report

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// grid is a table without borders that fits a width. Its last column takes what
// is left and breaks its lines there; where that is too little it stands below
// its row, and what is still too wide wraps. Nothing is cut: people copy names.
type grid struct {
	header []string
	rows   [][]string
}

const (
	gap       = "  "   // between two columns
	margin    = "    " // of a last column that stands below
	leastLast = 36     // columns that the last one needs to stand beside the others
	leastName = 8      // columns that any other keeps
)

func newGrid(header ...string) *grid { return &grid{header: header} }

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// render is "" for a grid without rows. A width of 0 breaks no lines.
func (g *grid) render(width int) string {
	if len(g.rows) == 0 {
		return ""
	}
	widths, below := g.layout(width)
	lines := layRow(g.header, widths, below)
	rule := len(lines)
	for _, row := range g.rows {
		lines = append(lines, layRow(row, widths, below)...)
	}
	widest := 0
	for _, line := range lines {
		widest = max(widest, columns(line))
	}
	lines = append(lines[:rule], append([]string{strings.Repeat("─", widest)}, lines[rule:]...)...)
	return strings.Join(lines, "\n")
}

// layout is how wide each column is, and whether the last stands below the others.
func (g *grid) layout(width int) (widths []int, below bool) {
	widths = make([]int, len(g.header))
	for _, row := range append([][]string{g.header}, g.rows...) {
		for i, cell := range row {
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], columns(line))
			}
		}
	}
	last := len(widths) - 1
	others, left := widths[:last], width
	for _, w := range others {
		left -= w + len(gap)
	}
	switch {
	case width == 0 || left >= widths[last]:
	case left >= leastLast && widths[last] <= 2*left: // two lines are still read at a glance
		widths[last] = left
	default:
		below = true
		widths[last] = max(leastName, width-len(margin))
		shrink(others, width-len(gap)*(last-1))
	}
	return widths, below
}

// shrink makes the widest columns narrower until all fit the room.
func shrink(widths []int, room int) {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for ; sum > room; sum-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastName {
			return // the terminal must break it
		}
		widths[widest]--
	}
}

// layRow lays out one row, in as many lines as it takes.
func layRow(row []string, widths []int, below bool) []string {
	last := len(row) - 1
	var lines []string
	for i, cell := range row {
		if i == last && below {
			break
		}
		before := 0
		for _, w := range widths[:i] {
			before += w + len(gap)
		}
		for j, part := range strings.Split(foldCell(cell, widths[i]), "\n") {
			if j == len(lines) {
				lines = append(lines, "")
			}
			if part != "" {
				lines[j] += strings.Repeat(" ", before-columns(lines[j])) + part
			}
		}
	}
	if below && row[last] != "" {
		for part := range strings.SplitSeq(foldCell(row[last], widths[last]), "\n") {
			lines = append(lines, margin+part)
		}
	}
	return lines
}

// foldCell is fold for a cell, which may be painted as a whole: then each of its
// lines is.
func foldCell(cell string, width int) string {
	colour, rest, painted := strings.Cut(cell, "m")
	if !painted || !strings.HasPrefix(cell, "\x1b[") {
		return fold(cell, width)
	}
	lines := strings.Split(fold(strings.TrimSuffix(rest, text.EscapeReset), width), "\n")
	for i, line := range lines {
		lines[i] = text.Escape(line, colour+"m")
	}
	return strings.Join(lines, "\n")
}

// columns is how wide a terminal shows a line.
func columns(line string) int { return text.StringWidthWithoutEscSequences(line) }

// Table lays out rows as the report's own tables are, with every cell escaped
// by [Plain].
func (s Style) Table(header []string, rows [][]string) string { return s.table(Plain, header, rows) }

// Lines is Table for cells of several lines.
func (s Style) Lines(header []string, rows [][]string) string {
	return s.table(plain.Lines, header, rows)
}

func (s Style) table(escape func(string) string, header []string, rows [][]string) string {
	g := newGrid(header...)
	for _, row := range rows {
		cells := slices.Clone(row)
		for i, cell := range cells {
			cells[i] = escape(cell)
		}
		g.add(cells...)
	}
	return g.render(s.Width)
}
