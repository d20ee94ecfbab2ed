package yamltree

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// builder turns the library's nodes into ours and collects what it refuses.
type builder struct {
	source   *source
	problems []Problem
}

func (b *builder) fail(at Position, message string) {
	b.problems = append(b.problems, Problem{at, message})
}

// at keeps the library's places, which can lie beyond the end, inside the file.
func (b *builder) at(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1}
	}
	return Position{min(max(1, t.Position.Line), len(b.source.lines)), max(1, t.Position.Column)}
}

func (b *builder) node(n ast.Node, depth int) *Node {
	at := b.at(n.GetToken())
	if depth > maxDepth {
		b.fail(at, "the file is nested too deeply")
		return &Node{Position: at, Type: Null, source: b.source}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return b.mapping(n.Values, n.IsFlowStyle, at, depth)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, n.IsFlowStyle, at, depth)
	case *ast.SequenceNode:
		return b.sequence(n, at, depth)
	case *ast.LiteralNode:
		return &Node{Position: b.at(n.Start), Text: n.Value.Value, source: b.source}
	}
	return b.scalar(n, at)
}

// mapping begins where its { or its first key stands; the library's own place
// for the latter is the colon.
func (b *builder) mapping(values []*ast.MappingValueNode, braces bool, at Position, depth int) *Node {
	m := &Node{Position: at, Kind: Mapping, source: b.source}
	for i, value := range values {
		key := b.key(value.Key)
		if i == 0 && !braces {
			m.Position = key.Position
		}
		m.Entries = append(m.Entries, Entry{Key: key, Value: b.node(value.Value, depth+1)})
	}
	return m
}

func (b *builder) key(k ast.MapKeyNode) *Node {
	at := b.at(k.GetToken())
	if _, complex := k.(*ast.MappingKeyNode); complex {
		b.fail(at, "a key begins with ?, which is not supported")
		return &Node{Position: at, source: b.source}
	}
	key := b.scalar(k, at)
	key.Type = Text // on and 1 are keys like any other
	return key
}

func (b *builder) sequence(n *ast.SequenceNode, at Position, depth int) *Node {
	s := &Node{Position: at, Kind: Sequence, source: b.source}
	for _, item := range n.Values {
		s.Items = append(s.Items, b.node(item, depth+1))
	}
	return s
}

func (b *builder) scalar(n ast.Node, at Position) *Node {
	s := &Node{Position: at, source: b.source}
	if t := n.GetToken(); t != nil {
		s.Text = t.Value
	}
	switch n := n.(type) {
	case *ast.StringNode:
		s.Text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		s.Type = Number
	case *ast.BoolNode:
		s.Type = Bool
	case *ast.NullNode:
		s.Type = Null
	default:
		b.fail(at, "this part of YAML ("+n.Type().YAMLName()+") is not supported in policies")
	}
	return s
}
