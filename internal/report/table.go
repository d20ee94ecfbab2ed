package report

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
	return g.render("", s.Width)
}
