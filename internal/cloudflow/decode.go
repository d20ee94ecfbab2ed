package cloudflow

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/moment"
)

// maxBody is the most that is read of one answer: 99 executions with inputs,
// outputs and definitions of 300 KB together reach it. A listing that does is
// asked for in smaller pages.
const maxBody = 32 << 20

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxBody>>20)

// cappedReader reads at most left bytes, and then fails. It keeps its error,
// for the decoder wraps it beyond recognition.
type cappedReader struct {
	reader io.Reader
	left   int64
	err    error
}

func (r *cappedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		r.err = errTooLong
		return 0, r.err
	}
	n, err := r.reader.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	return n, err
}

// shapeError is JSON that is whole but says something else than it should.
type shapeError struct{ text string }

func (e *shapeError) Error() string { return e.text }

// decoder reads an answer token by token while it arrives. What is not asked
// for (definitions, outputs, fields of tomorrow) passes through its buffer and
// is never made into a value. Names that come twice are an error: which of the
// two would count is anybody's guess.
type decoder struct {
	json       *jsontext.Decoder
	redact     *redactor
	scratch    []byte
	lastStatus string // most texts of this kind repeat the last one, and share it
	lastFlow   string
}

// readAnswer reads one whole answer: one value, and nothing behind it.
func readAnswer(body io.Reader, redact *redactor, read func(*decoder) error) error {
	d := &decoder{redact: redact, json: jsontext.NewDecoder(body, jsontext.AllowInvalidUTF8(true))}
	if err := read(d); err != nil {
		return err
	}
	switch _, err := d.json.ReadToken(); {
	case err == nil:
		return &shapeError{"more follows the end of the answer"}
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// wrong is the error of a value that isn't what it should be. It names the
// place in the answer, and quotes nothing: inputs may hold anything.
func (d *decoder) wrong(got jsontext.Kind, want string) error {
	kinds := map[jsontext.Kind]string{
		'n': "null", 'f': "false", 't': "true", '"': "a text", '0': "a number", '{': "an object", '[': "a list"}
	place := string(d.json.StackPointer())
	if place == "" {
		place = "the answer"
	}
	return &shapeError{fmt.Sprintf("%s is %s, not %s", place, kinds[got], want)}
}

// quote quotes what of an answer an error can't do without.
func (d *decoder) quote(text string) string { return d.redact.quote(text, 40) }

// object reads an object, handing each member's name to member, which must
// read its value.
func (d *decoder) object(member func(name []byte) error) error {
	if kind := d.json.PeekKind(); kind != '{' && kind != 0 {
		return d.wrongNext(kind, "an object")
	}
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	for d.json.PeekKind() == '"' {
		name, err := d.json.ReadValue()
		if err != nil {
			return err
		}
		if err := member(d.unquote(name)); err != nil {
			return err
		}
	}
	_, err := d.json.ReadToken()
	return err
}

// list reads a list, or null, which some servers send for an empty one.
func (d *decoder) list(item func() error) error {
	switch kind := d.json.PeekKind(); kind {
	case 'n', 0:
		_, err := d.json.ReadToken()
		return err
	case '[':
	default:
		return d.wrongNext(kind, "a list")
	}
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	for kind := d.json.PeekKind(); kind != ']' && kind != 0; kind = d.json.PeekKind() {
		if err := item(); err != nil {
			return err
		}
	}
	_, err := d.json.ReadToken()
	return err
}

// wrongNext is wrong for a value that is yet to be read: reading it first makes
// the decoder's pointer point at it, and finds out whether it is JSON at all.
func (d *decoder) wrongNext(kind jsontext.Kind, want string) error {
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	return d.wrong(kind, want)
}

// bytes reads a text, null being an empty one. They are valid until the next
// call.
func (d *decoder) bytes() ([]byte, error) {
	raw, err := d.json.ReadValue()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case '"':
		return d.unquote(raw), nil
	}
	return nil, d.wrong(raw.Kind(), "a text")
}

// unquote undoes a text's quoting, until the next call. The decoder has proven
// the text, so that all that can be reported here is invalid UTF-8, which is
// replaced as everywhere in Go.
func (d *decoder) unquote(raw jsontext.Value) []byte {
	d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], raw)
	return d.scratch
}

func (d *decoder) text(into *string) error {
	b, err := d.bytes()
	*into = string(b)
	return err
}

// requestID reads the answer's id, which people are shown.
func (d *decoder) requestID(into *string) error {
	b, err := d.bytes()
	*into = d.redact.short(string(b), longestName)
	return err
}

// shared reads a text that is mostly the same as last.
func (d *decoder) shared(into, last *string) error {
	b, err := d.bytes()
	if string(b) != *last {
		*last = string(b)
	}
	*into = *last
	return err
}

// firstYear is long before CloudFlow was. What is earlier is how programs write a
// time that is not set: 0001-01-01, 1970-01-01, 1900-01-01, in whatever zone.
// Taken for a time it would make an execution older than any limit.
const firstYear = 1990

// time reads a time of RFC 3339, with any offset and fraction. "", null and what is
// earlier than firstYear are the zero time; a year that an offset makes another
// than 1 to 9999, which JSON can't say, is an error.
//
// Every time is cut to milliseconds here, and nowhere else: the documented form
// has no more, and a bound, a file or a plan that keeps no more would make of
// one execution two.
func (d *decoder) time(into *time.Time) error {
	b, err := d.bytes()
	if err != nil || len(b) == 0 {
		return err
	}
	t, err := moment.Parse(strings.ToUpper(string(b)))
	if t = t.UTC().Truncate(time.Millisecond); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return &shapeError{fmt.Sprintf("%s is no time: %s", d.json.StackPointer(), d.quote(string(b)))}
	}
	if t.Year() >= firstYear {
		*into = t
	}
	return nil
}

// isNull says whether the next value is null.
func (d *decoder) isNull() bool { return d.json.PeekKind() == 'n' }

func (d *decoder) skip() error { return d.json.SkipValue() }
