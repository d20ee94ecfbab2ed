// Package yamlread reads a file's tree into Go structs, as encoding/json reads
// JSON, and collects everything that is wrong, each with its place.
//
// A struct's fields are named by their yaml tags; a key is required unless the
// tag says omitempty. The also tag is another key for the field, which still
// reads; a jsonschema tag with minLength=1 refuses the empty text. A field of type [yamltree.Position] takes the place of the
// struct's node. The words that a text may be are listed in the jsonschema tag
// (enum=a,enum=b), so that one declaration serves the reader and the schema.
package yamlread

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/internal/lookalike"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Value is a type that reads itself from a node. Its error has no place: it is
// the node's.
type Value interface {
	ReadNode(*yamltree.Node) error
}

// Read reads a node into the struct that into points to, and returns what is
// wrong. What could be read has been, whatever else is wrong. It panics on Go
// types that it doesn't know.
func Read(n *yamltree.Node, into any) []yamltree.Problem {
	r := &reader{}
	r.read(n, "the file", reflect.ValueOf(into).Elem(), "")
	return r.problems
}

type reader struct {
	problems []yamltree.Problem
}

func (r *reader) fail(at yamltree.Position, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	r.problems = append(r.problems, yamltree.Problem{Position: at, Message: message + lookalike.Hint(message)})
}

// read reads a node into a value. what names the node in errors.
func (r *reader) read(n *yamltree.Node, what string, into reflect.Value, tag reflect.StructTag) {
	if value, ok := into.Addr().Interface().(Value); ok {
		if err := value.ReadNode(n); err != nil {
			r.fail(n.Position, "%s %v", what, err)
		}
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		r.read(n, what, into.Elem(), tag)
	case reflect.Struct:
		r.mapping(n, what, into)
	case reflect.Slice:
		r.list(n, what, into, tag)
	case reflect.Map:
		r.texts(n, what, into)
	case reflect.String:
		r.text(n, what, into, tag)
	case reflect.Int:
		r.number(n, what, into)
	case reflect.Bool:
		r.truth(n, what, into)
	default:
		panic("flowreaper: a file cannot be read into a " + into.Type().String())
	}
}

// field is a field of a struct, as the file names it.
type field struct {
	key      string
	also     string // another key for it; "" is none
	required bool
	of       reflect.StructField
}

// fieldsOf are a struct's, and those of the structs embedded in it.
func fieldsOf(t reflect.Type) (all []field, keys []string) {
	for _, of := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(of.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		all = append(all, field{key, of.Tag.Get("also"), options != "omitempty", of})
		keys = append(keys, key)
	}
	return all, keys
}

// mapping reads a struct. It refuses keys that are unknown, given twice or
// without a value.
func (r *reader) mapping(n *yamltree.Node, what string, into reflect.Value) {
	fields, keys := fieldsOf(into.Type())
	if n.Kind != yamltree.Mapping {
		r.fail(n.Position, "%s must be a mapping with the keys %s, but is %s", what, strings.Join(keys, ", "), n.Describe())
		return
	}
	if at := into.FieldByName("At"); at.IsValid() {
		at.Set(reflect.ValueOf(n.Position))
	}
	given := map[string]yamltree.Node{} // the keys, by the fields' own
	var misspelt []string
	for _, entry := range n.Entries {
		key := entry.Key.Text
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key || f.also == key })
		if i < 0 {
			r.fail(entry.Key.Position, "unknown key %q%s", yamltree.Brief(key), spelling.DidYouMean(key, keys))
			misspelt = append(misspelt, spelling.Nearest(key, keys))
			continue
		}
		first, twice := given[fields[i].key]
		of := fields[i].of
		switch {
		case twice && first.Text != key:
			r.fail(entry.Key.Position, "%s and %s are one: give one of them", first.Text, key)
		case twice:
			r.fail(entry.Key.Position, "the key %s is given twice; first in line %d", key, first.Line)
		case entry.Value.IsEmpty() && !reflect.PointerTo(of.Type).Implements(reflect.TypeFor[Value]()):
			r.fail(entry.Key.Position, "%s has no value: give one%s", key, leaveOut(fields[i]))
		default:
			r.read(entry.Value, key, into.FieldByIndex(of.Index), of.Tag)
		}
		given[fields[i].key] = *entry.Key
	}
	for _, f := range fields {
		if _, there := given[f.key]; f.required && !there && !slices.Contains(misspelt, f.key) {
			r.fail(n.Position, "%s is missing in %s", f.key, what)
		}
	}
}

// leaveOut ends what is said of a key without a value.
func leaveOut(f field) string {
	if f.required {
		return ""
	}
	return ", or leave the key out"
}

// list reads a list.
func (r *reader) list(n *yamltree.Node, what string, into reflect.Value, tag reflect.StructTag) {
	if n.Kind != yamltree.Sequence {
		r.fail(n.Position, "%s must be a list, but is %s", what, n.Describe())
		return
	}
	list := reflect.MakeSlice(into.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		r.read(item, "an entry of "+strings.TrimPrefix(what, "an entry of "), list.Index(i), tag)
	}
	into.Set(list)
}

// texts reads a mapping of names to texts.
func (r *reader) texts(n *yamltree.Node, what string, into reflect.Value) {
	if n.Kind != yamltree.Mapping {
		r.fail(n.Position, "%s must be a mapping of names to texts, but is %s", what, n.Describe())
		return
	}
	all := reflect.MakeMap(into.Type())
	for _, entry := range n.Entries {
		key := reflect.ValueOf(entry.Key.Text)
		if all.MapIndex(key).IsValid() {
			r.fail(entry.Key.Position, "the key %s is given twice", yamltree.Brief(entry.Key.Text))
		}
		value := reflect.New(into.Type().Elem()).Elem()
		r.text(entry.Value, what+"."+yamltree.Brief(entry.Key.Text), value, "")
		all.SetMapIndex(key, value)
	}
	into.Set(all)
}

func (r *reader) text(n *yamltree.Node, what string, into reflect.Value, tag reflect.StructTag) {
	words := wordsOf(tag)
	switch {
	case n.Kind != yamltree.Scalar || n.Type != yamltree.Text:
		r.fail(n.Position, "%s must be a text, but is %s", what, n.InsteadOfText())
	case n.Text == "" && strings.Contains(tag.Get("jsonschema"), "minLength=1"):
		r.fail(n.Position, "%s is empty", what)
	case len(words) > 0 && !slices.Contains(words, n.Text):
		r.fail(n.Position, "%s must be %s, but is %s", what, plain.OneOf(words), n.Describe())
	default:
		into.SetString(n.Text)
	}
}

// wordsOf are the words that a field's jsonschema tag allows.
func wordsOf(tag reflect.StructTag) []string {
	var words []string
	for part := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		if word, ok := strings.CutPrefix(part, "enum="); ok {
			words = append(words, word)
		}
	}
	return words
}

func (r *reader) number(n *yamltree.Node, what string, into reflect.Value) {
	const digits = 9 // fits an int anywhere
	number, err := strconv.Atoi(n.Text)
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Number || err != nil || number < 0 || len(n.Text) > digits {
		r.fail(n.Position, "%s must be a whole number from 0 on, but is %s", what, n.Describe())
		return
	}
	into.SetInt(int64(number))
}

func (r *reader) truth(n *yamltree.Node, what string, into reflect.Value) {
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Bool {
		r.fail(n.Position, "%s must be true or false, but is %s", what, n.Describe())
		return
	}
	into.SetBool(strings.EqualFold(n.Text, "true"))
}
