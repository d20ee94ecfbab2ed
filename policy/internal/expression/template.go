package expression

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Template is a text with expressions in it: ran ${execution.age}. $${ is
// written for a ${ that is none. It is immutable.
type Template struct {
	parts []part
}

// part is a literal text, or an expression.
type part struct {
	text       string
	expression *Expression
}

// Literal is the template that is this text, whatever it holds.
func Literal(text string) *Template { return &Template{parts: []part{{text: text}}} }

// Template compiles a template; the problems' offsets are in its text.
func (l *Language) Template(text string) (*Template, []Problem) {
	if len(text) > maxText {
		return nil, []Problem{{-1, fmt.Sprintf("the text has %d bytes; at most %d are allowed", len(text), maxText)}}
	}
	t := &Template{}
	var problems []Problem
	runes := []rune(text)
	for at := 0; at < len(runes); {
		literal, begin := literalUntil(runes, at)
		t.parts = append(t.parts, part{text: literal})
		if begin < 0 {
			break
		}
		end := closing(runes, begin)
		if end < 0 {
			return nil, append(problems, Problem{begin - len("${"), "this ${ is never closed with }; write $${ for the characters themselves"})
		}
		if runes[begin] == '{' {
			return nil, append(problems, Problem{begin, "one pair of braces is enough: ${execution.age}"})
		}
		e, wrong := l.Compile(string(runes[begin:end]))
		for _, p := range wrong {
			problems = append(problems, Problem{begin + max(0, p.Offset), p.Message})
		}
		t.parts = append(t.parts, part{expression: e})
		at = end + 1
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return t, nil
}

// literalUntil reads the literal text from at on, and where the expression
// behind the next ${ begins; -1 where there is none.
func literalUntil(runes []rune, at int) (text string, begin int) {
	var b strings.Builder
	for i := at; i < len(runes); i++ {
		rest := runes[i:]
		switch {
		case hasPrefix(rest, "$${"):
			b.WriteString("${")
			i += 2
		case hasPrefix(rest, "${"):
			return b.String(), i + 2
		default:
			b.WriteRune(runes[i])
		}
	}
	return b.String(), -1
}

func hasPrefix(runes []rune, prefix string) bool {
	return len(runes) >= len(prefix) && string(runes[:len(prefix)]) == prefix
}

// closing finds the } of an expression, past those in its texts and its own
// braces; -1 where there is none.
func closing(runes []rune, begin int) int {
	depth, quote := 0, rune(0)
	for i := begin; i < len(runes); i++ {
		switch r := runes[i]; {
		case quote != 0 && r == '\\' && quote != '`':
			i++
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '{':
			depth++
		case r == '}' && depth == 0:
			return i
		case r == '}':
			depth--
		}
	}
	return -1
}

// Literals returns the texts between the template's expressions.
func (t *Template) Literals() []string {
	var texts []string
	for _, p := range t.parts {
		if p.expression == nil {
			texts = append(texts, p.text)
		}
	}
	return texts
}

// Reads returns the variables that the template reads.
func (t *Template) Reads() Set {
	var s Set
	for _, p := range t.parts {
		if p.expression != nil {
			s |= p.expression.reads
		}
	}
	return s
}

// maxFormatted is how long a template's text gets, in bytes: far longer than a cause
// may be, and short for an input of megabytes that is named many times.
const maxFormatted = 2 * maxText

// Format evaluates the template, as far as maxFormatted.
func (t *Template) Format(env Env) (string, error) {
	var b strings.Builder
	m := &machine{env: env, budget: maxSteps}
	for _, p := range t.parts {
		if p.expression == nil {
			b.WriteString(p.text)
			continue
		}
		room := maxFormatted - b.Len()
		if room <= 0 {
			break
		}
		value, err := p.expression.evaluator()(m)
		if err != nil {
			return "", fmt.Errorf("${%s}: %w", plain.Clip(p.expression.Describe(nil), 200), err)
		}
		text := p.expression.language.shown(p.expression.node, value, Format)
		b.WriteString(text[:min(len(text), room)])
	}
	return b.String(), nil
}

// Longest is how many bytes the template's text may have, without what has no
// bound: the first such expression is endless, or "" where there is none, and
// last says that nothing follows it. longest bounds a variable, -1 being none.
func (t *Template) Longest(longest func(variable int) int) (bytes int, endless string, last bool) {
	for _, p := range t.parts {
		if p.expression == nil {
			bytes += len(p.text)
			last = last && p.text == ""
			continue
		}
		most := p.expression.longest(p.expression.node, longest)
		bytes += max(0, most)
		last = most < 0 && endless == ""
		if last {
			endless = p.expression.Describe(nil)
		}
	}
	return bytes, endless, last
}

// longest is how many bytes a node's value may have, printed; -1 is any number.
func (e *Expression) longest(n ast.Node, of func(variable int) int) int {
	const number = 40 // a duration, a time and a number are shorter
	if value, ok := constantOf(n); ok {
		return len(Format(value))
	}
	if v, ok := e.language.variable(n); ok {
		return of(v)
	}
	if t := staticType(n); t != nil && t.Kind() != reflect.String && t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
		return number
	}
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return longer(e.longest(n.Exp1, of), e.longest(n.Exp2, of))
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return longer(e.longest(n.Left, of), e.longest(n.Right, of))
		}
		return number // all others compute
	case *ast.BuiltinNode:
		if n.Name == "string" || n.Name == "trim" || n.Name == "lower" || n.Name == "upper" {
			return e.longest(n.Arguments[0], of)
		}
	}
	return -1
}

func longer(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}
