package icalendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/emersion/go-ical"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// line is a line of the file together with those that continue it.
type line struct {
	text   string
	number int // of the first
}

// lines unfolds a file: what begins with a blank continues the line before, in the
// midst of a character perhaps.
func lines(text []byte) []line {
	var all []line
	var whole []byte
	end := func() {
		if len(all) > 0 {
			all[len(all)-1].text = string(whole)
		}
	}
	number := 0
	for l := range bytes.SplitSeq(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\n")) {
		number++
		l = bytes.TrimRight(l, "\r")
		switch {
		case len(l) == 0:
		case len(all) > 0 && (l[0] == ' ' || l[0] == '\t'):
			whole = append(whole, l[1:]...)
		default:
			end()
			all, whole = append(all, line{number: number}), append(whole[:0], l...)
		}
	}
	end()
	return all
}

const (
	// lineParam is the parameter by which a property knows its line: the library
	// doesn't tell.
	lineParam = "X-FLOWREAPER-LINE"

	maxParams = 4096 // what the library takes for a line's parameters grows with their square
	maxDepth  = 8    // of components in each other
)

// decode reads the events of all calendars in the file.
func decode(all []line) ([]component, *Problem) {
	if len(all) == 0 {
		return nil, &Problem{1, "it is empty: export the calendar anew"}
	}
	if first := all[0]; !strings.EqualFold(strings.TrimSpace(first.text), "BEGIN:VCALENDAR") {
		return nil, &Problem{first.number, fmt.Sprintf("an iCalendar file begins with BEGIN:VCALENDAR, but this one with %q: is it what was meant to be downloaded?", plain.Clip(first.text, 40))}
	}
	begins, problem := check(all)
	if problem != nil {
		return nil, problem
	}
	source := &source{lines: all}
	decoder := ical.NewDecoder(source)
	var events []component
	for {
		calendar, err := next(decoder)
		if errors.Is(err, io.EOF) && source.next == len(all) && len(begins) == len(events) {
			return events, nil
		}
		if err != nil {
			return nil, source.problem(err)
		}
		for _, child := range calendar.Children {
			if child.Name == ical.CompEvent && len(events) < len(begins) {
				events = append(events, component{child, begins[len(events)]})
			}
		}
	}
}

// check looks at the lines for what the library can't bear, and finds those on which
// the events of the calendars begin.
func check(all []line) (begins []int, problem *Problem) {
	depth := 0
	for _, l := range all {
		colon := strings.IndexByte(unquoted(l.text), ':')
		switch name := strings.ToUpper(strings.TrimSpace(l.text)); {
		case colon < 0:
			return nil, &Problem{l.number, fmt.Sprintf("it has no colon: a line is a name, a colon and a value, or continues the line before and begins with a blank, but is %q", plain.Clip(l.text, 40))}
		case colon > maxParams:
			return nil, &Problem{l.number, fmt.Sprintf("it has more than %d characters before its colon: take the event out", maxParams)}
		case strings.HasPrefix(name, "BEGIN:"):
			if name == "BEGIN:VEVENT" && depth == 1 {
				begins = append(begins, l.number)
			}
			if depth++; depth > maxDepth {
				return nil, &Problem{l.number, "too much stands in each other: is an END line missing?"}
			}
		case strings.HasPrefix(name, "END:"):
			depth--
		}
	}
	if depth > 0 {
		return nil, &Problem{all[len(all)-1].number, "the file ends in the midst of a calendar: END lines are missing; was it downloaded as a whole?"}
	}
	return begins, nil
}

// unquoted is a line with what stands in quotes blanked, as long as the line.
func unquoted(text string) string {
	quoted := false
	return strings.Map(func(r rune) rune {
		if r == '"' {
			quoted = !quoted
		}
		if quoted && r == ':' {
			return '_'
		}
		return r
	}, text)
}

// next decodes a calendar. The library panics on some lines that are none.
func next(decoder *ical.Decoder) (calendar *ical.Calendar, err error) {
	defer func() {
		if p := recover(); p != nil {
			calendar, err = nil, errors.New("malformed")
		}
	}()
	return decoder.Decode()
}

// source gives the library a line at a time, each with its number, and so knows how
// far it has read.
type source struct {
	lines []line
	rest  []byte
	next  int
	ended bool
}

func (s *source) Read(into []byte) (int, error) {
	if len(s.rest) == 0 {
		if s.next == len(s.lines) {
			s.ended = true
			return 0, io.EOF
		}
		l := s.lines[s.next]
		s.next++
		end := strings.IndexAny(l.text, ";:")
		s.rest = append(s.rest, strings.TrimSpace(l.text[:end])...)
		s.rest = append(s.rest, ";"+lineParam+"="+strconv.Itoa(l.number)...)
		s.rest = append(s.rest, bytes.TrimRight([]byte(l.text[end:]), " \t")...)
		s.rest = append(s.rest, '\n')
	}
	n := copy(into, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// problem is an error of the library's at its line: it looks one further, for what
// might continue a line.
func (s *source) problem(err error) *Problem {
	read := s.next - 1
	if !s.ended {
		read--
	}
	at := s.lines[max(0, read)]
	return &Problem{at.number, fmt.Sprintf("%q is no line of iCalendar (%s): export the calendar anew", plain.Clip(at.text, 40), strings.TrimPrefix(err.Error(), "ical: "))}
}

// lineOf is the line of a property.
func lineOf(p *ical.Prop) int {
	number, _ := strconv.Atoi(p.Params.Get(lineParam))
	return number
}
