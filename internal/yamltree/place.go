package yamltree

import (
	"strconv"
	"strings"
	"unicode"
)

// At returns the place in the file of a scalar's character, counted from 0 in
// characters. Beyond the end it is the place after the last one.
//
// The YAML library knows where a scalar begins. Inside, quotes, escapes, the
// indentation of blocks and the folding of lines stand between the text and
// the file, so the two are walked side by side: every character that isn't a
// blank stands in both, in the same order.
func (n *Node) At(offset int) Position {
	if n.Kind != Scalar || strings.TrimSpace(n.Text) == "" {
		return n.Position
	}
	w := n.walk()
	place := w.place()
	for i, r := range []rune(n.Text) {
		found, ok := w.next(r)
		if !ok {
			return n.Position // the walk lost its way: the scalar's start is still right
		}
		if i == offset {
			return found
		}
		place = Position{found.Line, found.Column + 1}
	}
	return place
}

// walker walks a scalar in the source.
type walker struct {
	lines [][]rune
	line  int // both from 0
	col   int
	ahead int  // lines of other texts
	quote rune // ' or ", or 0
}

// walk starts at the scalar's first character.
func (n *Node) walk() *walker {
	w := &walker{lines: n.source.lines, line: n.Line - n.source.ahead - 1, col: n.Column - 1, ahead: n.source.ahead}
	if w.line >= len(w.lines) {
		w.line = len(w.lines) - 1
	}
	switch first, _ := w.peek(); first {
	case '"', '\'':
		w.quote = first
		w.col++
	case '|', '>':
		w.line, w.col = w.line+1, 0
	}
	return w
}

func (w *walker) place() Position { return Position{w.ahead + w.line + 1, w.col + 1} }

// peek returns the character under the walker; the end of a line is \n.
func (w *walker) peek() (rune, bool) {
	if w.line >= len(w.lines) {
		return 0, false
	}
	if line := w.lines[w.line]; w.col < len(line) {
		return line[w.col], true
	}
	return '\n', w.line < len(w.lines)
}

func (w *walker) step() {
	if w.line < len(w.lines) && w.col < len(w.lines[w.line]) {
		w.col++
		return
	}
	w.line, w.col = w.line+1, 0
}

// next finds the next character of the text and stands behind it.
func (w *walker) next(want rune) (Position, bool) {
	if unicode.IsSpace(want) {
		return w.blank(want)
	}
	w.skipBlanks()
	here := w.place()
	return here, w.take() == want
}

// blank places a blank of the text: it is a blank of the source, or an escape,
// or was folded away with the others before the next word.
func (w *walker) blank(want rune) (Position, bool) {
	here := w.place()
	r, _ := w.peek()
	switch {
	case unicode.IsSpace(r):
		w.step()
	case w.quote == '"' && r == '\\':
		ahead := *w
		if ahead.take() == want {
			*w = ahead
		}
	}
	return here, true
}

func (w *walker) skipBlanks() {
	for {
		r, ok := w.peek()
		switch {
		case !ok:
			return
		case unicode.IsSpace(r):
			w.step()
		case w.quote == '"' && r == '\\' && w.col+1 == len(w.lines[w.line]):
			w.step() // an escaped end of line
		default:
			return
		}
	}
}

// take consumes one character of the text, however it is written.
func (w *walker) take() rune {
	r, ok := w.peek()
	if !ok {
		return 0
	}
	w.step()
	switch {
	case w.quote == '\'' && r == '\'':
		w.step() // '' is one quote
	case w.quote == '"' && r == '\\':
		return w.escape()
	}
	return r
}

// escape decodes what follows a backslash.
func (w *walker) escape() rune {
	r, _ := w.peek()
	w.step()
	if digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]; digits > 0 {
		line := w.lines[w.line]
		end := min(w.col+digits, len(line))
		code, _ := strconv.ParseUint(string(line[w.col:end]), 16, 32)
		w.col = end
		return rune(code)
	}
	const written, meant = `0abtnvfreN_LP`, "\x00\a\b\t\n\v\f\r\x1b\u0085\u00a0\u2028\u2029"
	if i := strings.IndexRune(written, r); i >= 0 {
		return []rune(meant)[i]
	}
	return r
}
