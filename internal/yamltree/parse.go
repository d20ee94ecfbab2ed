package yamltree

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/flowreaper/flowreaper/internal/lookalike"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/plain"
)

const (
	// MaxSize is the most bytes that a file may have.
	MaxSize = 1 << 20
	// maxKeys and maxDepth keep the parser, whose time grows with the square of
	// both, well under a second.
	maxKeys  = 10_000
	maxDepth = 32
)

// Parse reads the one document of a file. A nil node and no problem is a file
// without a document.
func Parse(text []byte) (root *Node, problems []Problem) {
	if problem, bad := checkBytes(text); bad {
		return nil, []Problem{problem}
	}
	defer func() {
		if r := recover(); r != nil { // a fault of the YAML library's is an error of this file
			root, problems = nil, []Problem{{Position{1, 1}, fmt.Sprintf("this cannot be read as YAML (%v)", r)}}
		}
	}()
	body := strings.TrimPrefix(string(text), "\ufeff")
	src := newSource(body)
	tokens := lexer.Tokenize(body)
	if problems := checkTokens(src, tokens); len(problems) > 0 {
		return nil, problems
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []Problem{syntaxProblem(src, err)}
	}
	return build(src, file)
}

// ParseBehind is Parse for a text that stands behind so many lines of others: its places
// count from the first of those.
func ParseBehind(ahead int, text []byte) (root *Node, problems []Problem) {
	root, problems = Parse(text)
	for i := range problems {
		problems[i].Line += ahead
	}
	if root != nil {
		root.source.ahead = ahead
		root.move(ahead)
	}
	return root, problems
}

func (n *Node) move(lines int) {
	n.Line += lines
	for _, entry := range n.Entries {
		entry.Key.move(lines)
		entry.Value.move(lines)
	}
	for _, item := range n.Items {
		item.move(lines)
	}
}

func checkBytes(text []byte) (Problem, bool) {
	start := Position{1, 1}
	if len(text) > MaxSize {
		return Problem{start, fmt.Sprintf("the file has %d bytes; at most %d are read", len(text), MaxSize)}, true
	}
	line, column := 1, 1
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return Problem{Position{line, column}, "the file is not UTF-8 here"}, true
		case r == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")):
			return Problem{Position{line, column}, "a carriage return stands alone: end lines with a line feed"}, true
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r >= 0x7f && r < 0xa0:
			return Problem{Position{line, column}, fmt.Sprintf("the control character %U is not allowed in YAML", r)}, true
		case r == '\n':
			line, column = line+1, 0
		}
		rest, column = rest[size:], column+1
	}
	return Problem{}, false
}

// checkTokens refuses, before the parser sees them, the parts of YAML that are
// not supported and what would take the parser too long.
func checkTokens(src *source, tokens token.Tokens) []Problem {
	var problems []Problem
	var next Position // after the last problem
	guard := &sizeGuard{}
	for _, t := range tokens {
		at := Position{t.Position.Line, t.Position.Column}
		if message := unsupported(src, t, at); message != "" {
			if at != next { // of ``` or ** the first is enough
				problems = append(problems, Problem{at, message})
			}
			next = Position{at.Line, at.Column + 1}
		}
		if message := guard.add(t); message != "" {
			return append(problems, Problem{at, message})
		}
	}
	return problems
}

func unsupported(src *source, t *token.Token, at Position) string {
	word := plain.Clip(src.word(at), mostShown)
	switch t.Type {
	case token.TagType:
		return fmt.Sprintf("a text that begins with ! must be quoted: %q (unquoted, it is a YAML tag, which policies don't use)", word)
	case token.AliasType:
		return fmt.Sprintf("a text that begins with * must be quoted: %q (unquoted, it is a YAML alias, which policies don't use)", word)
	case token.AnchorType:
		return fmt.Sprintf("a text that begins with & must be quoted: %q (unquoted, it is a YAML anchor, which policies don't use)", word)
	case token.MergeKeyType:
		return "the merge key << is not supported: write the keys out"
	case token.DirectiveType:
		return "YAML directives (%…) are not supported: remove this line"
	case token.InvalidType:
		return syntaxMessage(t.Error)
	}
	return ""
}

// sizeGuard counts what the parser's time grows with the square of.
type sizeGuard struct {
	keys, brackets, dashes int
	line, dashLine         int
	columns                []int // of the lines that the current one is indented under, and its own
}

func (g *sizeGuard) add(t *token.Token) string {
	g.indent(t.Position)
	switch t.Type {
	case token.MappingValueType:
		if g.keys++; g.keys > maxKeys {
			return fmt.Sprintf("the file has more than %d keys", maxKeys)
		}
	case token.SequenceStartType, token.MappingStartType:
		g.brackets++
	case token.SequenceEndType, token.MappingEndType:
		g.brackets = max(0, g.brackets-1)
	case token.SequenceEntryType:
		if g.dashLine != t.Position.Line {
			g.dashes = 0
		}
		g.dashLine = t.Position.Line
		g.dashes++
	}
	if g.brackets > maxDepth || g.dashes > maxDepth || len(g.columns) > maxDepth+1 {
		return fmt.Sprintf("the file is nested deeper than %d levels", maxDepth)
	}
	return ""
}

// indent follows the indentation of the lines. The tokens' own IndentLevel can't
// be believed: it loses one level where a line goes back by several, and so
// grows with the length of a file.
func (g *sizeGuard) indent(at *token.Position) {
	if at.Line == g.line || g.brackets > 0 {
		return
	}
	g.line = at.Line
	for len(g.columns) > 0 && g.columns[len(g.columns)-1] >= at.Column {
		g.columns = g.columns[:len(g.columns)-1]
	}
	g.columns = append(g.columns, at.Column)
}

// syntaxProblem is the parser's error, which it knows the token of.
func syntaxProblem(src *source, err error) Problem {
	placed, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	})
	if !ok || placed.GetToken() == nil {
		return Problem{Position{1, 1}, "this cannot be read as YAML: " + err.Error()}
	}
	t := placed.GetToken()
	at := Position{t.Position.Line, t.Position.Column}
	if advice := src.lookalike(at.Line); advice != "" {
		return Problem{at, "YAML can't read this line: " + advice}
	}
	if comma := t.Prev; comma != nil && comma.Type == token.CollectEntryType && strings.Contains(placed.GetMessage(), noContent) {
		return Problem{Position{comma.Position.Line, comma.Position.Column}, "between braces a comma ends a text, and no key follows this one: quote the whole text, in single quotes if it holds double ones"}
	}
	return Problem{at, syntaxMessage(placed.GetMessage())}
}

const noContent = "could not find flow map content"

var quotedOrComment = pattern.Of(`"[^"]*"|'[^']*'|\s#.*`)

// lookalike explains an error of a line that has, outside of quotes, a character in
// the place of a plain one: YAML sees text there, and no colon or blank.
func (s *source) lookalike(line int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	if at, advice := lookalike.First(quotedOrComment().ReplaceAllString(string(s.lines[line-1]), "")); at >= 0 {
		return advice
	}
	return ""
}

// syntaxMessage adds the next step to the messages that people meet most.
func syntaxMessage(message string) string {
	switch {
	case strings.Contains(message, "unexpected key name"):
		return message + ": a blank stands behind the colon of a key, as in name: x"
	case strings.Contains(message, "invalid header option"):
		return message + ": a text that begins with > or | must be quoted"
	case strings.Contains(message, "mapping value is not allowed"):
		return message + ": a text that holds \": \" must be quoted"
	case strings.Contains(message, "'\t'"), strings.Contains(message, "tab character"):
		return "a tab cannot indent YAML: use spaces"
	case strings.Contains(message, "' must be specified"):
		return message + ": a text that holds [ ] { } or a comma must be quoted between braces, or stand on a line of its own"
	case strings.Contains(message, noContent):
		return message + ": a text that begins with { must be quoted"
	case strings.Contains(message, "unknown escape character"):
		return message + ": in double quotes a backslash begins an escape; put the text in single quotes"
	case strings.Contains(message, "reserved character"):
		return message + ": quote the text"
	case strings.Contains(message, "is not allowed in this context"):
		return "more text follows where the value has ended: indent this line like those beside it, quote the whole text, or put it on the lines below a |"
	}
	return message
}

// build turns the library's tree into ours.
func build(src *source, file *ast.File) (*Node, []Problem) {
	b := &builder{source: src}
	var root *Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		node := b.node(doc.Body, 0)
		if root != nil {
			b.fail(node.Position, "a second document begins here: a file holds one policy")
			break
		}
		root = node
	}
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	return root, nil
}
