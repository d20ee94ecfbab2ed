package expression

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// maxInstructions bounds a regular expression's compiled size. Matching takes
// at most size × text steps, and x{1000} repeated makes short patterns large.
const maxInstructions = 1_000

// pattern checks the right side of matches.
func (r *rewriter) pattern(n ast.Node) {
	text, ok := constantOf(n)
	if !ok {
		r.fail(n, "the pattern of matches must be a constant text")
		return
	}
	pattern, ok := text.(string)
	if !ok {
		r.fail(n, "the pattern of matches must be a text")
		return
	}
	compiled, err := r.language.pattern(pattern)
	if err != nil {
		r.fail(n, "%v", err)
		return
	}
	r.language.patterns[pattern] = compiled
}

// Pattern is a compiled regular expression.
type Pattern struct {
	*regexp.Regexp
	Parsed *syntax.Regexp
	size   int // instructions
}

// pattern returns a pattern, which was compiled when the text that holds it
// was. It changes nothing: what is compiled is evaluated concurrently.
func (l *Language) pattern(text string) (*Pattern, error) {
	if p := l.patterns[text]; p != nil {
		return p, nil
	}
	return compilePattern(text)
}

// Pattern returns the pattern of an expression that is a matches.
func (e *Expression) Pattern() (*Pattern, error) {
	text, _ := e.Side.Constant()
	pattern, _ := text.(string)
	return e.language.pattern(pattern)
}

func compilePattern(pattern string) (*Pattern, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if wrong := (*syntax.Error)(nil); errors.As(err, &wrong) && wrong.Code == syntax.ErrMissingRepeatArgument {
		return nil, fmt.Errorf("the pattern %q is not a regular expression: %w: any characters are .* in one", plain.Clip(pattern, 40), err)
	}
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not a regular expression: %w", plain.Clip(pattern, 40), err)
	}
	parsed = parsed.Simplify()
	program, err := syntax.Compile(parsed)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not a regular expression: %w", plain.Clip(pattern, 40), err)
	}
	if len(program.Inst) > maxInstructions {
		return nil, fmt.Errorf("the pattern %q is too large: it compiles to %d instructions, at most %d are allowed",
			plain.Clip(pattern, 40), len(program.Inst), maxInstructions)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not a regular expression: %w", plain.Clip(pattern, 40), err)
	}
	return &Pattern{Regexp: compiled, Parsed: parsed, size: len(program.Inst)}, nil
}

// LiteralPrefix is the text with which all that matches begins: literal of
// ^literal. whole says that it need not be followed by anything else.
func (p *Pattern) LiteralPrefix() (prefix string, whole bool) {
	if p.Parsed.Op != syntax.OpConcat || len(p.Parsed.Sub) < 2 {
		return "", false
	}
	begin, literal := p.Parsed.Sub[0], p.Parsed.Sub[1]
	if begin.Op != syntax.OpBeginText || literal.Op != syntax.OpLiteral || literal.Flags&syntax.FoldCase != 0 {
		return "", false
	}
	return string(literal.Rune), len(p.Parsed.Sub) == 2
}
