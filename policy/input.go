package policy

import (
	"fmt"
	"strings"
	"sync"
	"weak"

	"github.com/flowreaper/flowreaper/internal/jsonread"
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

// decodeInput reads an input; null is none.
func decodeInput(text string) (any, error) {
	value, err := jsonread.Value("execution.input", text)
	if err == nil && value == nil {
		return map[string]any{}, nil
	}
	return value, err
}
