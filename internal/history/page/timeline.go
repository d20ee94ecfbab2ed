package page

import (
	"fmt"
	"html/template"
	"strings"
)

// bar is an execution that would have been stopped: it ran on from there to its end.
type bar struct {
	started, limit, end float64 // seconds; the last two are lengths
	verdict
}

// verdict is what came of a stop.
type verdict int

const (
	goodStop verdict = iota
	falseStop
	unknownStop // of what flowreaper itself stopped later
)

// timeline is executions by when they started and how long they took.
type timeline struct {
	dots  []dot
	bars  []bar
	limit float64 // seconds, of all; 0: none
}

// draw draws it. what names it.
func (t timeline) draw(what, caption string) template.HTML {
	x, y := t.axes()
	s := &svg{}
	s.lengthsUp(y)
	s.datesAcross(x)
	s.add(`<path class="mark kept" d="%s"/>`, t.marks(x, y, succeeded, dotAt))
	s.add(`<path class="mark good" d="%s"/>`, t.marks(x, y, otherwise, crossAt))
	s.add(`<path class="mark odd" d="%s"/>`, t.marks(x, y, running, arrowAt))
	for verdict, class := range []string{"good", "bad", "odd"} {
		var ran, ended strings.Builder
		for _, b := range t.bars {
			if int(b.verdict) != verdict {
				continue
			}
			at, from, to := x.at(b.started), y.at(b.limit), y.at(b.end)
			fmt.Fprintf(&ran, "M%.1f %.1fh6m-3 0V%.1f", at-3, from, to)
			if b.verdict == falseStop {
				ended.WriteString(dotAt(at, to))
			} else {
				ended.WriteString(crossAt(at, to))
			}
		}
		s.add(`<path class="mark ran %s" d="%s"/>`, class, ran.String())
		s.add(`<path class="mark %s dot" d="%s"/>`, class, ended.String())
	}
	if t.limit > 0 {
		s.line("limit", left, y.at(t.limit), width-right, y.at(t.limit))
		s.label(width-right+4, y.at(t.limit)+4, "start", "oflimit", "limit")
	}
	s.label(left, 14, "start", "", "ran for")
	s.label(width-right, height-4, "end", "", "started, UTC")
	return s.figure(what, caption)
}

// axes hold all that is drawn.
func (t timeline) axes() (x, y axis) {
	var starts, ends []float64
	for _, d := range t.dots {
		starts, ends = append(starts, float64(d.started)/1000), append(ends, float64(d.length)/1000)
	}
	for _, b := range t.bars {
		starts, ends = append(starts, b.started), append(ends, b.limit, b.end)
	}
	if t.limit > 0 {
		ends = append(ends, t.limit)
	}
	from, to := bounds(starts)
	shortest, longest := bounds(ends)
	return across(from, to, false), upwards(max(shortest/1.2, 1), max(longest*1.3, 2), true)
}

func bounds(values []float64) (least, most float64) {
	for i, v := range values {
		if i == 0 {
			least, most = v, v
		}
		least, most = min(least, v), max(most, v)
	}
	return least, most
}

// marks are all dots of a kind, as one path.
func (t timeline) marks(x, y axis, k kind, mark func(x, y float64) string) string {
	var path strings.Builder
	for _, d := range t.dots {
		if d.kind == k {
			path.WriteString(mark(x.at(float64(d.started)/1000), y.at(float64(d.length)/1000)))
		}
	}
	return path.String()
}

func dotAt(x, y float64) string { return fmt.Sprintf("M%.1f %.1fh0", x, y) }

func crossAt(x, y float64) string { return fmt.Sprintf("M%.1f %.1fl5 5m-5 0l5 -5", x-2.5, y-2.5) }

func arrowAt(x, y float64) string { return fmt.Sprintf("M%.1f %.1fv-7m-3 3l3 -3l3 3", x, y) }
