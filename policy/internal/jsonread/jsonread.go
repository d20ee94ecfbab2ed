// Package jsonread reads JSON that strangers wrote, for conditions to look into.
package jsonread

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Value reads one JSON value. Its numbers stay texts, so that large ones
// are compared exactly. What the text is, such as execution.input, begins the errors.
func Value(what, text string) (any, error) {
	d := decoder{jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))}
	value, err := d.value()
	if err == nil {
		_, err = d.ReadToken()
		if err == nil {
			err = errors.New("more follows its first value")
		}
	}
	if twice, ok := errors.AsType[*twiceError](err); ok {
		return nil, fmt.Errorf("%s gives the key %.64q twice", what, twice.key)
	}
	if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		err = wrong.Err // without what it quotes of the place
	}
	if err != io.EOF {
		return nil, fmt.Errorf("%s is not JSON: %w", what, err)
	}
	return value, nil
}

// twiceError is a key that an object gives twice: which of the two counts is
// anybody's guess, and the wrong one may be what protects.
type twiceError struct{ key string }

func (e *twiceError) Error() string { return fmt.Sprintf("the key %.64q twice", e.key) }

type decoder struct{ *jsontext.Decoder }

func (d decoder) value() (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case '[':
		return d.list()
	}
	return d.object()
}

func (d decoder) list() (any, error) {
	list := []any{}
	for d.PeekKind() != ']' {
		item, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := d.ReadToken()
	return list, err
}

func (d decoder) object() (any, error) {
	object := map[string]any{}
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := token.String()
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		if _, twice := object[key]; twice {
			return nil, &twiceError{key}
		}
		object[key] = value
	}
	_, err := d.ReadToken()
	return object, err
}
