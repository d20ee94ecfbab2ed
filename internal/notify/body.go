package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
)

// ownBody is a webhook's body in the words of who asked for it: a text of JSON, in which
// ${stopped.count} stands for what a webhook's own body has there. Within quotes
// it is filled in as a text, elsewhere as JSON, so that a value can't end the
// string or the place it stands in: what is JSON with one message is with any.
type ownBody struct{ parts []bodyPart }

// bodyPart is text as it stands, or what is filled in.
type bodyPart struct {
	text   string
	path   []string // nil: text
	quoted bool
}

// parseBody reads a body, and fills in a message that has nothing and one that has
// something of everything.
func parseBody(text string) (*ownBody, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), maxText)
	}
	b, s := &ownBody{}, &bodyScan{rest: text}
	for s.rest != "" {
		if err := b.next(s); err != nil {
			return nil, err
		}
	}
	for _, m := range []*Message{{}, sample()} {
		filled, err := b.fill(m)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(filled, new(any)); err != nil {
			return nil, fmt.Errorf("it isn't JSON once it is filled in: %w: %s", err, around(filled, err))
		}
	}
	return b, nil
}

// around shows what stands before an error.
func around(text []byte, err error) string {
	var syntax *json.SyntaxError
	end := len(text)
	if errors.As(err, &syntax) {
		end = min(end, int(syntax.Offset))
	}
	const shown = 40
	return strconv.QuoteToGraphic(strings.ToValidUTF8(string(text[max(0, end-shown):end]), ""))
}

// bodyScan reads a body from the left.
type bodyScan struct {
	rest   string
	quoted bool // within a string
	escape int  // bytes that an escape in a string still has
	before byte // the last that is no blank, outside of strings
}

var fieldPath = pattern.Of(`^[a-zA-Z]+(\.[a-zA-Z0-9]+)*$`)

// next reads text up to a ${…}, and that.
func (b *ownBody) next(s *bodyScan) error {
	var text strings.Builder
	for s.rest != "" && !strings.HasPrefix(s.rest, "${") {
		if strings.HasPrefix(s.rest, "$${") {
			s.rest = s.rest[1:] // and the rest is not read as ${
			text.WriteString(s.take(2))
			continue
		}
		text.WriteString(s.take(1))
	}
	b.parts = append(b.parts, bodyPart{text: text.String()})
	if s.rest == "" {
		return nil
	}
	inside, after, closed := strings.Cut(s.rest[len("${"):], "}")
	name := strings.TrimSpace(inside)
	switch {
	case !closed:
		return errors.New("a ${ is never closed with }; write $${ for the characters themselves")
	case !fieldPath().MatchString(name):
		return fmt.Errorf("${%s}: between the braces stands a field of the message, such as ${title} or ${stopped.count}; write $${ for the characters themselves", inside)
	case s.escape > 0:
		return fmt.Errorf("${%s} stands within an escape: write two backslashes for one", name)
	case !s.quoted && !s.free(after):
		return fmt.Errorf("${%s} stands beside something else: put it in quotes, or where a value stands alone", name)
	}
	path := strings.Split(name, ".")
	if err := knownField(reflect.TypeFor[Message](), path); err != nil {
		return fmt.Errorf("${%s}: %w", name, err)
	}
	b.parts = append(b.parts, bodyPart{path: path, quoted: s.quoted})
	s.rest, s.before = after, '}'
	return nil
}

// take reads so many bytes, and notes where in the JSON they end.
func (s *bodyScan) take(n int) string {
	text := s.rest[:n]
	s.rest = s.rest[n:]
	for i := range n {
		switch c := text[i]; {
		case s.escape > 0:
			if s.escape--; c == 'u' { // of \u0041
				s.escape = 4
			}
		case s.quoted && c == '\\':
			s.escape = 1
		case c == '"':
			s.quoted = !s.quoted
			s.before = c
		case !s.quoted && !strings.ContainsRune(" \t\r\n", rune(c)):
			s.before = c
		}
	}
	return text
}

// free says whether what is filled in would be a value by itself: neither a part of one nor a key.
func (s *bodyScan) free(after string) bool {
	after = strings.TrimLeft(after, " \t\r\n")
	return (s.before == 0 || strings.IndexByte("[:,", s.before) >= 0) && (after == "" || strings.IndexByte(",]}", after[0]) >= 0)
}

// knownField says which name of a path the message doesn't have.
func knownField(t reflect.Type, path []string) error {
	for _, name := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if _, err := strconv.Atoi(name); err == nil && t.Kind() == reflect.Slice {
			t = t.Elem()
			continue
		}
		fields := jsonFields(t)
		field, ok := fields[name]
		if !ok {
			return errors.New("there is no " + name + spelling.DidYouMean(name, slices.Sorted(maps.Keys(fields))))
		}
		t = field
	}
	return nil
}

// jsonFields are a type's fields by their names in JSON.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return fields
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && !f.Anonymous {
			fields[name] = f.Type
		}
	}
	return fields
}

// fill is the body of a message.
func (b *ownBody) fill(m *Message) ([]byte, error) {
	text, err := encode(m)
	if err != nil {
		return nil, err
	}
	var fields any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&fields); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	for _, part := range b.parts {
		if part.path == nil {
			body.WriteString(part.text)
			continue
		}
		value, err := encode(field(fields, part.path))
		if err == nil && part.quoted {
			value, err = withinQuotes(value)
		}
		if err != nil {
			return nil, err
		}
		body.Write(value)
	}
	return body.Bytes(), nil
}

// withinQuotes is JSON as a text in a string: a text's own, nothing for null, else the JSON.
func withinQuotes(value []byte) ([]byte, error) {
	if string(value) == "null" {
		return nil, nil
	}
	if value[0] != '"' {
		text, err := encode(string(value))
		if err != nil {
			return nil, err
		}
		value = text
	}
	return value[1 : len(value)-1], nil
}

// field is the value at a path; nil where the message has none.
func field(value any, path []string) any {
	for _, name := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// wrap is a format's, for the body of one's own.
func (b *ownBody) wrap(m Message, _ []string) (any, bool) {
	filled, err := b.fill(&m)
	if err != nil { // none that a message could bring about
		return nil, false
	}
	return json.RawMessage(filled), true
}
