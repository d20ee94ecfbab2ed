package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
)

// decoder reads a file's tree and collects everything that is wrong.
type decoder struct {
	file     string
	lines    []string
	errors   Errors
	language *expression.Language
	implied  map[string][]conjunct // by their texts: nearly every rule has the same
	zones    map[string]*time.Location
}

func newDecoder(file string, text []byte) *decoder {
	return &decoder{implied: map[string][]conjunct{}, zones: map[string]*time.Location{}, file: file, lines: strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")}
}

func (d *decoder) fail(at yamltree.Position, format string, args ...any) {
	d.errors = append(d.errors, d.errorAt(at, fmt.Sprintf(format, args...)))
}

// errorAt is an error with its place and its line, unless that may hold a
// secret.
func (d *decoder) errorAt(at yamltree.Position, message string) *Error {
	source := ""
	if at.Line >= 1 && at.Line <= len(d.lines) {
		source = strings.TrimSuffix(d.lines[at.Line-1], "\r")
	}
	if mayHoldSecret.MatchString(source) {
		source = ""
	}
	return &Error{File: d.file, Line: at.Line, Column: at.Column, Message: message, Source: strings.Map(visible, strings.ToValidUTF8(source, "\ufffd"))}
}

// visible puts a mark in the place of what shows a line as another one: what
// turns the direction of writing, and what is not seen at all.
func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
		return unicode.ReplacementChar
	}
	return r
}

// fields returns a mapping's values by key. It refuses keys that are unknown,
// given twice or without a value.
func (d *decoder) fields(n *yamltree.Node, what string, keys ...string) map[string]*yamltree.Node {
	if n.Kind != yamltree.Mapping {
		d.fail(n.Position, "%s must be a mapping with keys such as %s and %s, but is %s", what, keys[0], keys[1], n.Describe())
		return nil
	}
	fields := map[string]*yamltree.Node{}
	for _, entry := range n.Entries {
		key := entry.Key.Text
		switch {
		case !slices.Contains(keys, key):
			d.fail(entry.Key.Position, "unknown key %q%s", yamltree.Brief(key), expression.DidYouMean(key, keys))
		case fields[key] != nil:
			d.fail(entry.Key.Position, "the key %s is given twice; first in line %d", key, fields[key].Line)
		case entry.Value.IsEmpty():
			d.fail(entry.Key.Position, "%s has no value: give one, or leave the key out", key)
			fields[key] = nil
		default:
			fields[key] = entry.Value
		}
	}
	return fields
}

// text reads a text. A nil node reads as "".
func (d *decoder) text(n *yamltree.Node, key string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Text {
		d.fail(n.Position, "%s must be a text, but is %s%s", key, n.Describe(), quoteIt(n))
		return ""
	}
	return n.Text
}

func quoteIt(n *yamltree.Node) string {
	if n.Kind == yamltree.Scalar {
		return ": quote it"
	}
	return ""
}

// scalar reads what may look like a number or a bool to YAML: true is a
// condition, too.
func (d *decoder) scalar(n *yamltree.Node, key, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != yamltree.Scalar {
		d.fail(n.Position, "%s must be %s, but is %s", key, what, n.Describe())
		return "", false
	}
	return n.Text, true
}

// texts reads a list of texts that isn't empty; one text alone is a list of
// one.
func (d *decoder) texts(n *yamltree.Node, key string) []*yamltree.Node {
	if n == nil {
		return nil
	}
	items := n.Items
	if n.Kind == yamltree.Scalar {
		items = []*yamltree.Node{n}
	}
	if n.Kind == yamltree.Mapping || len(items) == 0 {
		d.fail(n.Position, "%s must be a list of texts, but is %s", key, describeList(n))
		return nil
	}
	var texts []*yamltree.Node
	for _, item := range items {
		before := len(d.errors)
		if d.text(item, "each of "+key); len(d.errors) == before {
			texts = append(texts, item)
		}
	}
	return texts
}

func describeList(n *yamltree.Node) string {
	if n.Kind == yamltree.Sequence {
		return "empty"
	}
	return n.Describe()
}

// choice reads one of a few words.
func (d *decoder) choice(n *yamltree.Node, key string, words ...string) string {
	text, ok := d.scalar(n, key, strings.Join(words, " or "))
	if !ok || slices.Contains(words, text) {
		return text
	}
	d.fail(n.Position, "%s must be %s, but is %s", key, strings.Join(words, " or "), n.Describe())
	return ""
}

var wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`) // 010 is 8 to some readers of YAML

// count reads a whole number; absent is what a nil node reads as.
func (d *decoder) count(n *yamltree.Node, key string, least, absent int) int {
	text, ok := d.scalar(n, key, "a whole number")
	if !ok {
		return absent
	}
	number, err := strconv.Atoi(text)
	if err != nil || n.Type != yamltree.Number || !wholeNumber.MatchString(text) || number < least {
		d.fail(n.Position, "%s must be a whole number from %d on, but is %s", key, least, n.Describe())
		return absent
	}
	return number
}

// duration reads a duration that isn't zero.
func (d *decoder) duration(n *yamltree.Node, key string, absent time.Duration) time.Duration {
	text, ok := d.scalar(n, key, "a duration such as 2h30m")
	if !ok {
		return absent
	}
	length, err := expression.ParseDuration(text)
	switch {
	case err != nil:
		d.fail(n.Position, "%s: %v", key, err)
		return absent
	case length == 0:
		d.fail(n.Position, "%s must be longer than 0s", key)
		return absent
	}
	return length
}

// problems reports what is wrong in a text that the node holds.
func (d *decoder) problems(n *yamltree.Node, key string, problems []expression.Problem) {
	for _, p := range problems {
		d.fail(n.At(max(p.Offset, 0)), "%s: %s", key, p.Message)
	}
}

// condition compiles a node's text and splits it into conjuncts.
func (d *decoder) condition(n *yamltree.Node, key string) []*expression.Expression {
	text, ok := d.scalar(n, key, "a condition")
	if !ok {
		return nil
	}
	all, problems := d.language.Conditions(text)
	d.problems(n, key, problems)
	return all
}
