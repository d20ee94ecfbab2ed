package account

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is a mistake in an account file, with its place.
type Error struct {
	File    string
	Line    int // from 1; 0 when the mistake has no place
	Column  int // from 1
	Message string
	Text    string // the line
}

// Error gives the place, the reason, and the line with a caret beneath it.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s\n    %s\n    %s^", e.File, e.Line, e.Column, e.Message, e.Text, indentOf(e.Text, e.Column))
}

// indentOf keeps tabs, so that the caret stands where the eye expects it.
func indentOf(line string, column int) string {
	var indent strings.Builder
	for i, r := range []rune(line) {
		if i >= column-1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		indent.WriteRune(r)
	}
	return indent.String()
}

// placedError is a mistake that knows its token.
type placedError struct {
	token   *token.Token
	message string
}

func (e *placedError) Error() string { return e.message }

// Parse reads an account file, YAML or JSON. file names it in errors only. An
// error is an [*Error].
func Parse(file string, text []byte) (*Account, error) {
	var a Account
	d, err := decode(file, text, &a)
	if err != nil {
		return nil, err
	}
	if a.Flows == nil && a.Generate == nil {
		return nil, d.at("$", "an account needs flows: or generate:")
	}
	if mistake := a.mistake(); mistake != nil {
		return nil, d.at(mistake.path, mistake.message)
	}
	return &a, nil
}

// ParseFaults reads a list of faults, JSON or YAML, as the emulator is sent
// them while it runs. An error is an [*Error].
func ParseFaults(file string, text []byte) ([]Fault, error) {
	var faults []Fault
	d, err := decode(file, text, &faults)
	if err != nil {
		return nil, err
	}
	if mistake := mistakeInFaults("$", faults); mistake != nil {
		return nil, d.at(mistake.path, mistake.message)
	}
	return faults, nil
}

// document is a parsed file, kept to find places in it.
type document struct {
	file string
	text string
	tree *ast.File
}

func decode(file string, text []byte, into any) (*document, error) {
	d := &document{file: file, text: string(text)}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, d.place(err)
	}
	d.tree = tree
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return nil, &Error{File: file, Message: "the file is empty"}
	}
	if len(tree.Docs) > 1 {
		return nil, &Error{File: file, Message: "the file holds more than one YAML document; --- may only begin it"}
	}
	if err := yaml.NodeToValue(tree.Docs[0].Body, into, yaml.Strict()); err != nil {
		return nil, d.place(err)
	}
	return d, nil
}

// place finds the place that a decoding error knows.
func (d *document) place(err error) *Error {
	if placed, ok := errors.AsType[*placedError](err); ok {
		return d.atToken(placed.token, placed.message)
	}
	if known, ok := errors.AsType[yaml.Error](err); ok {
		return d.atToken(known.GetToken(), known.GetMessage())
	}
	return &Error{File: d.file, Message: err.Error()}
}

// at finds the place of a path such as $.flows[3].name; where the file has no
// such node, of what would hold it.
func (d *document) at(path, message string) *Error {
	for ; path != ""; path = parent(path) {
		p, err := yaml.PathString(path)
		if err != nil {
			continue
		}
		if node, err := p.FilterFile(d.tree); err == nil && node != nil {
			return d.atToken(firstToken(node), message)
		}
	}
	return &Error{File: d.file, Message: message}
}

func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// firstToken is a mapping's first key: goccy names its colon instead.
func firstToken(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

func (d *document) atToken(t *token.Token, message string) *Error {
	e := &Error{File: d.file, Message: message}
	if t == nil || t.Position == nil {
		return e
	}
	e.Line, e.Column = t.Position.Line, t.Position.Column
	if lines := strings.Split(d.text, "\n"); e.Line <= len(lines) {
		e.Text = strings.TrimRight(lines[e.Line-1], "\r")
	}
	return e
}
