package report

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// hang is how far what goes on is indented, so that no name begins a line.
const hang = "  "

// fold breaks lines that are wider than so many columns: at a space, or else
// behind what parts a name, or else anywhere. What a line is painted with takes
// no column.
func fold(s string, width int) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(foldLine(line, width), "\n"+hang)
	}
	return strings.Join(lines, "\n")
}

func foldLine(line string, width int) []string {
	var folded []string
	for columns(line) > width {
		end := breakAt(line, width)
		folded = append(folded, strings.TrimRight(line[:end], " "))
		line = strings.TrimLeft(line[end:], " ")
		if len(folded) == 1 {
			width = max(1, width-len(hang))
		}
	}
	return append(folded, line)
}

// breakAt is where a line that is too wide is broken; it is never 0.
func breakAt(line string, width int) int {
	space, part, used, painting := 0, 0, 0, false
	for at, r := range line {
		if painting || r == '\x1b' {
			painting = r != 'm'
			continue
		}
		used += text.RuneWidth(r)
		switch {
		case used > width && r == ' ':
			return at
		case used > width:
			return cmp.Or(space, part, at, utf8.RuneLen(r))
		case r == ' ' && strings.TrimLeft(line[:at], " ") != "":
			space = at + 1
		case strings.ContainsRune("-_./:,;@", r) && used > width/3:
			part = at + 1
		}
	}
	return len(line)
}
