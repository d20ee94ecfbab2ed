package record

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/policy"
)

// redactor says whether the value of a key is to be blanked. nil: none is.
type redactor func(key string) bool

// idle are the globs of keys that have matched none, as long as they haven't.
type idle []*idleGlob

type idleGlob struct {
	text    string
	matches func(string) bool
	used    atomic.Bool
}

// redaction compiles globs of keys, of which it is known afterwards which were of no use.
// Whether a letter is a capital one makes no difference: password is meant to hide
// Password, too.
func redaction(globs []string) (redactor, idle, error) {
	lower := make([]string, len(globs))
	for i, g := range globs {
		if g == "" {
			return nil, nil, errors.New("an empty glob names no key")
		}
		lower[i] = strings.ToLower(g)
	}
	matches, err := policy.Globs(lower...)
	if err != nil {
		return nil, nil, err
	}
	var all idle
	for i, g := range globs {
		if one, err := policy.Globs(lower[i]); err == nil && !strings.HasPrefix(g, "!") {
			all = append(all, &idleGlob{text: g, matches: one})
		}
	}
	return func(key string) bool {
		key = strings.ToLower(key)
		for _, g := range all {
			if !g.used.Load() && g.matches(key) {
				g.used.Store(true)
			}
		}
		return matches(key)
	}, all, nil
}

// left are those that matched nothing, but for the ones that matched before perhaps.
func (all idle) left(before []string) (globs []string) {
	for _, g := range all {
		if !g.used.Load() && !slices.Contains(before, g.text) {
			globs = append(globs, g.text)
		}
	}
	return globs
}

// variables are an environment's, blanked, also in values that are JSON.
func (r redactor) variables(all map[string]string) map[string]string {
	if r == nil || len(all) == 0 {
		return all
	}
	blanked := make(map[string]string, len(all))
	for key, value := range all {
		if blanked[key] = r.inText(value); r(key) {
			blanked[key] = ""
		}
	}
	return blanked
}

// asJSON is an environment as it is recorded.
func asJSON(variables map[string]string) *string {
	if variables == nil {
		variables = map[string]string{}
	}
	text, err := json.Marshal(variables, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil // a map of texts is always JSON
	}
	return new(string(text))
}

// input is an input as it is recorded: blanked, and else to the letter. nil: it is no
// JSON, so that nobody knows what in it should be blanked.
func (j *job) input(text string) *string {
	if j.redact == nil || text == "" {
		return &text
	}
	blanked, err := j.redact.json(text)
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.result.Unredacted++
		return nil
	}
	return &blanked
}

var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// json blanks in a JSON text the values of the keys, however deep, also in texts that
// are JSON themselves. What is no JSON is an error.
func (r redactor) json(text string) (string, error) {
	in := jsontext.NewDecoder(strings.NewReader(text), lenient...)
	var out bytes.Buffer
	to := jsontext.NewEncoder(&out, lenient...)
	for {
		switch err := r.token(in, to); {
		case errors.Is(err, io.EOF):
			return strings.TrimSuffix(out.String(), "\n"), nil
		case err != nil:
			return "", err
		}
	}
}

// token copies one token, or blanks one value.
func (r redactor) token(in *jsontext.Decoder, to *jsontext.Encoder) error {
	kind := in.PeekKind()
	if kind != jsontext.KindString {
		token, err := in.ReadToken()
		if err != nil {
			return err
		}
		return to.WriteToken(token)
	}
	token, err := in.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	if parent, n := in.StackIndex(in.StackDepth()); parent == jsontext.KindBeginObject && n%2 == 1 {
		return r.member(text, in, to)
	}
	return to.WriteToken(jsontext.String(r.inText(text)))
}

// member copies a key, and blanks its value where it must be.
func (r redactor) member(key string, in *jsontext.Decoder, to *jsontext.Encoder) error {
	if err := to.WriteToken(jsontext.String(key)); err != nil || !r(key) {
		return err
	}
	if err := in.SkipValue(); err != nil {
		return err
	}
	return to.WriteToken(jsontext.String(""))
}

// inText blanks in a text that is an object, a list or a text of JSON's. One that begins
// like an object or a list and is none, being cut off perhaps, is blanked whole: nobody
// knows what in it should be.
func (r redactor) inText(text string) string {
	if r == nil {
		return text
	}
	begin := strings.TrimLeft(text, " \t\r\n\ufeff")
	if begin == "" || !strings.Contains(`{["`, begin[:1]) {
		return text
	}
	switch blanked, err := r.json(text); {
	case err == nil:
		return blanked
	case begin[0] == '"': // a quotation
		return text
	}
	return ""
}

// known blanks what an earlier recording, which may have blanked less, knew of an
// execution that is recorded anew.
func (j *job) known(e history.Execution) history.Execution {
	if j.redact == nil {
		return e
	}
	if e.Input != nil {
		e.Input = j.input(*e.Input)
	}
	var variables map[string]string
	if e.Environment != nil && json.Unmarshal([]byte(*e.Environment), &variables) == nil {
		e.Environment = asJSON(j.redact.variables(variables))
	}
	e.Error, e.Cause = j.redact.inText(e.Error), j.redact.inText(e.Cause)
	return e
}
