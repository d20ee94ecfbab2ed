// Package jsonread reads JSON that strangers wrote: inputs, for conditions to look into,
// and events.
package jsonread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Value reads one JSON value. Its numbers stay texts, so that large ones
// are compared exactly. What the text is, such as execution.input, begins the errors.
func Value(what, text string) (any, error) {
	r := New([]byte(text))
	r.Number = func(text string) (any, error) { return json.Number(text), nil }
	value, err := r.Value()
	if err == nil {
		if _, err = r.ReadToken(); err == nil {
			err = errors.New("more follows its first value")
		}
	}
	wrong, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return nil, fmt.Errorf("%s gives the key %.64q twice", what, wrong.JSONPointer.LastToken())
	case ok:
		err = wrong.Err // without what it quotes of the place
	}
	if err != io.EOF {
		return nil, fmt.Errorf("%s is not JSON: %w", what, err)
	}
	return value, nil
}

// ErrTooDeep is the error of a text that nests more than a Reader's Depth.
var ErrTooDeep = errors.New("nested too deep")

// Reader reads values token by token, so that what is wrong costs nothing before it is
// seen. A key that an object gives twice is an error: which of the two counts is anybody's
// guess, and the wrong one may be what protects. What isn't UTF-8 is a mark.
type Reader struct {
	*jsontext.Decoder
	Number func(text string) (any, error) // what a number is read as
	Depth  int                            // of objects and arrays within each other; 0: the library's
}

// New returns a reader of a text, which is to be told of numbers.
func New(text []byte) *Reader {
	return &Reader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))}
}

// Value reads the next value, as encoding/json decodes it.
func (r *Reader) Value() (any, error) {
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
		return r.Number(token.String())
	}
	if r.Depth > 0 && r.StackDepth() > r.Depth {
		return nil, ErrTooDeep
	}
	if token.Kind() == jsontext.KindBeginArray {
		return r.list()
	}
	return r.object()
}

func (r *Reader) list() (any, error) {
	list := []any{}
	for r.PeekKind() != jsontext.KindEndArray {
		item, err := r.Value()
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := r.ReadToken()
	return list, err
}

func (r *Reader) object() (any, error) {
	object := map[string]any{}
	for r.PeekKind() != jsontext.KindEndObject {
		token, err := r.ReadToken()
		if err != nil {
			return nil, err
		}
		key := token.String() // before the next is read
		if object[key], err = r.Value(); err != nil {
			return nil, err
		}
	}
	_, err := r.ReadToken()
	return object, err
}
