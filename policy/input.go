package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"weak"

	"github.com/go-json-experiment/json/jsontext"
)

// maxInput is the longest input that is looked into. CloudFlow itself takes
// requests of up to 1 MiB.
const maxInput = 4 << 20

// Input is an execution's input: JSON text, decoded when a rule first asks for
// it, and only then. The zero Input was not fetched, and a rule that reads it is
// undecided.
type Input struct{ fetched *inputText }

// JSONInput is an input that was fetched. No input, an empty one and null all
// read as {}; text that isn't JSON, that gives a key twice or that is longer
// than 4 MiB leaves a rule that reads it undecided.
func JSONInput(text string) Input { return Input{&inputText{text: text}} }

// decode returns what rules see of the input.
func (i Input) decode() (*decodedInput, error) {
	if i.fetched == nil {
		return nil, &MissingError{"execution.input", NeedInput}
	}
	return i.fetched.decode(), nil
}

// inputText is an input and what it says, once a rule has asked for it. All that
// judge an execution, one after the other, share that; but what waits for its
// turn, thousands perhaps, doesn't hold on to it: it takes ten times the text's
// memory, and is decoded anew where the collector took it.
type inputText struct {
	text    string
	mu      sync.Mutex
	decoded weak.Pointer[decodedInput]
}

type decodedInput struct {
	value any
	err   error
}

func (t *inputText) decode() *decodedInput {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.decoded.Value(); d != nil {
		return d
	}
	d := &decodedInput{}
	switch {
	case len(t.text) > maxInput:
		d.err = fmt.Errorf("execution.input has %.1f MiB: past %d MiB it is not looked into", float64(len(t.text))/(1<<20), maxInput>>20)
	case strings.TrimSpace(t.text) == "":
		d.value = map[string]any{}
	default:
		d.value, d.err = decodeInput(t.text)
	}
	t.decoded = weak.Make(d)
	return d
}

// decodeInput reads one JSON value. Its numbers stay texts, so that large ones
// are compared exactly.
func decodeInput(text string) (any, error) {
	d := inputDecoder{jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))}
	value, err := d.value()
	if err == nil {
		_, err = d.ReadToken()
		if err == nil {
			err = errors.New("more follows its first value")
		}
	}
	if twice, ok := errors.AsType[*twiceError](err); ok {
		return nil, twice
	}
	if wrong, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		err = wrong.Err // without what it quotes of the place
	}
	switch {
	case err != io.EOF:
		return nil, fmt.Errorf("execution.input is not JSON: %w", err)
	case value == nil:
		return map[string]any{}, nil
	}
	return value, nil
}

// twiceError is a key that an object gives twice: which of the two counts is
// anybody's guess, and the wrong one may be what protects.
type twiceError struct{ key string }

func (e *twiceError) Error() string {
	return fmt.Sprintf("execution.input gives the key %.64q twice", e.key)
}

type inputDecoder struct{ *jsontext.Decoder }

func (d inputDecoder) value() (any, error) {
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

func (d inputDecoder) list() (any, error) {
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

func (d inputDecoder) object() (any, error) {
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
