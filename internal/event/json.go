package event

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// decodeJSON reads one JSON value. It is strict where a reader and a writer could
// understand a body differently: a key given twice, bytes that aren't UTF-8, a number too
// large, anything after the value. It reads tokens, so that depth is bounded before it
// costs anything.
//
// Numbers become int where they are whole and fit, so that long account ids
// stay exact, else float64.
func decodeJSON(text []byte) (any, error) {
	if i := invalidUTF8(text); i >= 0 {
		return nil, refuse(position(text, i), "not UTF-8", "expected JSON in UTF-8")
	}
	r := reader{jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowInvalidUTF8(true)), text} // half of a \u pair is a mark, too
	value, err := r.value()
	if err != nil {
		return nil, r.refusal(err)
	}
	if rest := bytes.TrimLeft(text[r.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, refuse(position(text, len(text)-len(rest)), "more follows the first value", "expected one JSON value: put several events into an array")
	}
	return value, nil
}

type reader struct {
	*jsontext.Decoder
	text []byte
}

// refusal says where the text is wrong.
func (r reader) refusal(err error) error {
	wrong, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.As(err, new(*Error)):
		return err
	case !ok:
		return refuse(r.position(), "not JSON: "+err.Error(), "expected one JSON value")
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refuse(position(r.text, int(wrong.ByteOffset)), "the key "+quote(string(wrong.JSONPointer))+" is given twice", "expected each key once")
	}
	return refuse(position(r.text, int(wrong.ByteOffset)), "not JSON: "+wrong.Err.Error(), "")
}

// position is the last character of the token read last.
func (r reader) position() string { return position(r.text, int(r.InputOffset())-1) }

func (r reader) value() (any, error) {
	token, err := r.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindNull:
		return nil, nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindNumber:
		return r.number(token.String())
	}
	if r.StackDepth() > MaxDepth {
		return nil, refuse(r.position(), fmt.Sprintf("objects and arrays nested more than %d deep", MaxDepth), "")
	}
	if token.Kind() == jsontext.KindBeginObject {
		return r.object()
	}
	return r.array()
}

func (r reader) object() (any, error) {
	object := map[string]any{}
	for r.PeekKind() != jsontext.KindEndObject {
		key, err := r.ReadToken()
		if err != nil {
			return nil, err
		}
		name := key.String() // what it is is good until the next is read
		if object[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	_, err := r.ReadToken()
	return object, err
}

func (r reader) array() (any, error) {
	array := []any{}
	for r.PeekKind() != jsontext.KindEndArray {
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := r.ReadToken()
	return array, err
}

func (r reader) number(text string) (any, error) {
	if i, err := strconv.Atoi(text); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, refuse(r.position(), "the number "+plain.Clip(text, 41)+" is too large", "")
	}
	return f, nil
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
