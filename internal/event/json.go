package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// decodeJSON reads one JSON value. It is stricter than encoding/json where a
// reader and a writer could understand a body differently: a key given twice,
// bytes that aren't UTF-8, a number too large, anything after the value. It
// reads tokens, so that depth is bounded before it costs anything.
//
// Numbers become int where they are whole and fit, so that long account ids
// stay exact, else float64.
func decodeJSON(text []byte) (any, error) {
	if i := invalidUTF8(text); i >= 0 {
		return nil, refuse(position(text, i), "not UTF-8", "expected JSON in UTF-8")
	}
	r := &reader{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	r.dec.UseNumber()
	value, err := r.value("", 0)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.notJSON()
	}
	return value, nil
}

type reader struct {
	text []byte
	dec  *json.Decoder
}

// position is the last character of the token read last.
func (r *reader) position() string { return position(r.text, int(r.dec.InputOffset())-1) }

func (r *reader) token() (json.Token, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, r.notJSON()
	}
	return token, nil
}

// notJSON has encoding/json say what is wrong with the text: it counts the
// offsets of its tokens' errors in two ways, those of a whole text in one.
func (r *reader) notJSON() error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(r.text, new(json.RawMessage)); errors.As(err, &syntax) {
		expected := ""
		if strings.Contains(syntax.Error(), "after top-level value") {
			expected = "expected one JSON value: put several events into an array"
		}
		return refuse(position(r.text, int(syntax.Offset)-1), "not JSON: "+syntax.Error(), expected)
	}
	return refuse(r.position(), "not JSON", "expected one JSON value")
}

func (r *reader) value(path string, depth int) (any, error) {
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == MaxDepth {
			return nil, refuse(r.position(), fmt.Sprintf("objects and arrays nested more than %d deep", MaxDepth), "")
		}
		if token == '{' {
			return r.object(path, depth+1)
		}
		return r.array(path, depth+1)
	case json.Number:
		return r.number(token)
	}
	return token, nil
}

func (r *reader) object(path string, depth int) (any, error) {
	object := map[string]any{}
	for r.dec.More() {
		token, err := r.token()
		if err != nil {
			return nil, err
		}
		key := token.(string) // the decoder lets nothing else stand here
		keyPath := join(path, key)
		if _, twice := object[key]; twice {
			return nil, refuse(r.position(), keyPath+" is given twice", "expected each key once")
		}
		if object[key], err = r.value(keyPath, depth); err != nil {
			return nil, err
		}
	}
	_, err := r.token() // the closing brace, or a syntax error
	return object, err
}

func (r *reader) array(path string, depth int) (any, error) {
	array := []any{}
	for r.dec.More() {
		value, err := r.value(path+"[]", depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := r.token()
	return array, err
}

func (r *reader) number(n json.Number) (any, error) {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i, nil
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return nil, refuse(r.position(), "the number "+plain.Clip(n.String(), 41)+" is too large", "")
	}
	return f, nil
}

// join appends a key to a path, in quotes unless it reads as a name.
func join(path, key string) string {
	for _, c := range key {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			key = quote(key)
			break
		}
	}
	if len(key) > 200 {
		key = quote(key)
	}
	if path == "" {
		return key
	}
	if len(path) > 200 {
		path = "…"
	}
	return path + "." + key
}

// position turns an offset into a place that an editor finds. Columns count
// characters.
func position(text []byte, offset int) string {
	before := text[:max(0, min(offset, len(text)))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}

// invalidUTF8 returns the offset of the first byte that isn't UTF-8, or -1.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
