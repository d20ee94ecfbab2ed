package report

import (
	"strings"
	"time"
)

// Table lays out rows as the report's own tables are, with every cell escaped
// by [Plain].
func (s Style) Table(header []string, rows [][]string) string {
	g := newGrid(header...)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = Plain(cell)
		}
		g.add(cells...)
	}
	return g.render(s.Width)
}

// Lines is Table for cells of several lines.
func (s Style) Lines(header []string, rows [][]string) string {
	g := newGrid(header...)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			lines := strings.Split(cell, "\n")
			for j, line := range lines {
				lines[j] = Plain(line)
			}
			cells[i] = strings.Join(lines, "\n")
		}
		g.add(cells...)
	}
	return g.render(s.Width)
}

// Age writes an age as the report does: 3h2m, 2d1h.
func Age(d time.Duration) string { return age(d.Seconds()) }
