package page

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// The size of a picture, and of its frame in it.
const (
	width, height            = 520.0, 270.0
	left, right, top, bottom = 58.0, 52.0, 32.0, 46.0
)

// axis maps a range of values to a picture's.
type axis struct {
	from, to   float64 // values
	start, end float64 // where these are drawn
	log        bool
}

func (a axis) at(value float64) float64 {
	from, to := a.from, a.to
	if a.log {
		value, from, to = math.Log(max(value, a.from)), math.Log(from), math.Log(to)
	}
	if to <= from {
		return (a.start + a.end) / 2
	}
	part := min(max((value-from)/(to-from), 0), 1)
	return a.start + part*(a.end-a.start)
}

func across(from, to float64, log bool) axis { return axis{from, to, left, width - right, log} }

func upwards(from, to float64, log bool) axis { return axis{from, to, height - bottom, top, log} }

// svg is a picture being drawn.
type svg struct{ b strings.Builder }

func (s *svg) add(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

// figure is the finished picture. title is its name to those who don't see it, told what it
// shows; caption is read by all.
func (s *svg) figure(title, caption string) template.HTML {
	return template.HTML(fmt.Sprintf("<figure><svg viewBox=\"0 0 %v %v\" role=\"img\" aria-label=\"%s\">\n%s</svg>\n<figcaption>%s</figcaption></figure>",
		width, height, escape(title), s.b.String(), escape(caption)))
}

func escape(text string) string { return html.EscapeString(plain.Text(text)) }

// label writes a text: anchor is start, middle or end.
func (s *svg) label(x, y float64, anchor, class, text string) {
	s.add(`<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, escape(text))
}

// line draws a straight line.
func (s *svg) line(class string, x1, y1, x2, y2 float64) {
	s.add(`<path class="%s" d="M%.1f %.1fL%.1f %.1f"/>`, class, x1, y1, x2, y2)
}

// lengths are marks on an axis of seconds.
var lengths = []time.Duration{
	time.Second, 10 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
	8 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 4 * 24 * time.Hour, 8 * 24 * time.Hour, 16 * 24 * time.Hour, 32 * 24 * time.Hour, 100 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// marks are those of lengths that an axis has room for, so far apart.
func (a axis) marks(apart float64) []time.Duration {
	var fit []time.Duration
	last := math.Inf(-1)
	for _, d := range lengths {
		if at := a.at(d.Seconds()); d.Seconds() >= a.from && d.Seconds() <= a.to && math.Abs(at-last) >= apart {
			fit, last = append(fit, d), at
		}
	}
	return fit
}

func (s *svg) lengthsUp(y axis) {
	for _, d := range y.marks(24) {
		at := y.at(d.Seconds())
		s.line("grid", left, at, width-right, at)
		s.label(left-6, at+4, "end", "", duration.Format(d))
	}
}

func (s *svg) lengthsAcross(x axis) {
	for _, d := range x.marks(52) {
		at := x.at(d.Seconds())
		s.line("grid", at, top, at, height-bottom)
		s.label(at, height-bottom+17, "middle", "", duration.Format(d))
	}
}

// datesAcross marks days, so many that their names have room.
func (s *svg) datesAcross(x axis) {
	days := (x.to - x.from) / 86400
	every := math.Ceil(days / 5)
	if days < 2 {
		every = 0.25
	}
	for at := math.Ceil(x.from/86400/every) * every * 86400; at <= x.to; at += every * 86400 {
		format := "Jan 2"
		if every < 1 {
			format = "15:04"
		}
		s.line("grid", x.at(at), top, x.at(at), height-bottom)
		s.label(x.at(at), height-bottom+17, "middle", "", time.Unix(int64(at), 0).UTC().Format(format))
	}
}
