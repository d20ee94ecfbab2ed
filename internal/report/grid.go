package report

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// grid is a table without borders, whose last column takes what is left of the
// width and breaks its lines there.
type grid struct {
	header []string
	rows   [][]string
}

const (
	gap       = "  " // between two columns
	minColumn = 30   // of the last column, however narrow the terminal is
)

func newGrid(header ...string) *grid { return &grid{header: header} }

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// render is "" for a grid without rows. A width of 0 breaks no lines.
func (g *grid) render(title string, width int) string {
	if len(g.rows) == 0 {
		return ""
	}
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.SuppressTrailingSpaces()
	t.AppendHeader(cells(g.header, 0))
	last := g.lastColumn(width)
	for _, row := range g.rows {
		t.AppendRow(cells(row, last))
	}
	if title != "" {
		title += "\n"
	}
	return title + t.Render()
}

// lastColumn is the width that the others leave to the last column.
func (g *grid) lastColumn(width int) int {
	if width == 0 {
		return 0
	}
	for i := range len(g.header) - 1 {
		widest := text.StringWidthWithoutEscSequences(g.header[i])
		for _, row := range g.rows {
			widest = max(widest, text.StringWidthWithoutEscSequences(row[i]))
		}
		width -= widest + len(gap)
	}
	return max(minColumn, width-len(gap))
}

func cells(row []string, lastWidth int) table.Row {
	var all table.Row
	for i, cell := range row {
		if i == len(row)-1 && lastWidth > 0 {
			cell = wrap(cell, lastWidth)
		}
		all = append(all, cell)
	}
	return all
}

func wrap(cell string, width int) string {
	lines := strings.Split(cell, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(text.WrapSoft(line, width), " ")
	}
	return strings.Join(lines, "\n")
}

func plainStyle() table.Style {
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", gap
	style.Format.Header = text.FormatDefault
	return style
}
