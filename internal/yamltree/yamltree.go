// Package yamltree reads the small part of YAML that a policy needs into a
// tree whose every node, and every character of every scalar, knows its place
// in the file.
//
// It refuses what a policy has no use for and what hides mistakes or eats
// memory: tags, anchors, aliases, merge keys, several documents, deep nesting.
// A forgotten quote around `!x` or `*x` reads as a tag or an alias, and the
// error says so.
package yamltree

import (
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Kind is the kind of a node.
type Kind int

const (
	Scalar Kind = iota
	Mapping
	Sequence
)

// Type is the type of a scalar.
type Type int

const (
	Text Type = iota
	Number
	Bool
	Null
)

// Position is a place in a file; both count from 1, columns in characters.
type Position struct {
	Line, Column int
}

// Node is one node of the tree.
type Node struct {
	Position
	Kind    Kind
	Type    Type    // of a scalar
	Text    string  // of a scalar, decoded; a number as it was written
	Entries []Entry // of a mapping, in the file's order
	Items   []*Node // of a sequence

	source *source
}

// Entry is one key of a mapping and its value.
type Entry struct {
	Key, Value *Node
}

// Problem is something that is wrong in a file.
type Problem struct {
	Position
	Message string
}

// IsEmpty says whether the node has no value: null, or nothing at all.
func (n *Node) IsEmpty() bool { return n.Kind == Scalar && n.Type == Null }

// Describe names what the node is, for an error: a list, the number 5.
func (n *Node) Describe() string {
	switch {
	case n.Kind == Mapping:
		return "a mapping"
	case n.Kind == Sequence:
		return "a list"
	case n.Type == Null:
		return "empty"
	case n.Type == Number:
		return "the number " + n.Text
	case n.Type == Bool:
		return n.Text
	}
	return fmt.Sprintf("the text %q", plain.Clip(n.Text, mostShown))
}

// InsteadOfText describes what stands in a text's place: a scalar only lacks quotes.
func (n *Node) InsteadOfText() string {
	if n.Kind == Scalar {
		return n.Describe() + ": quote it"
	}
	return n.Describe()
}

const (
	mostShown = 41 // characters of a text that an error describes
	mostNamed = 61 // … of a name that it quotes
)

// Brief keeps the name that an error quotes to one readable line.
func Brief(name string) string { return plain.Clip(name, mostNamed) }

// source is a file's text by lines, without their ends.
type source struct {
	lines [][]rune
	ahead int // lines of other texts, for which the places of its nodes count
}

func newSource(text string) *source {
	s := &source{}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines = append(s.lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	return s
}

// word returns the text from p to the next blank, comma or closing bracket.
func (s *source) word(p Position) string {
	if p.Line < 1 || p.Line > len(s.lines) {
		return ""
	}
	line := s.lines[p.Line-1]
	rest := string(line[min(max(p.Column-1, 0), len(line)):])
	if end := strings.IndexAny(rest, " \t,]}"); end >= 0 {
		return rest[:end]
	}
	return rest
}

// Value returns the value of a mapping's key; an empty node where there is none,
// so that calls can follow one another.
func (n *Node) Value(key string) *Node {
	if n != nil && n.Kind == Mapping {
		for _, entry := range n.Entries {
			if entry.Key.Text == key {
				return entry.Value
			}
		}
	}
	return &Node{Type: Null}
}
