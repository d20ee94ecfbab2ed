package expression

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/expr-lang/expr/ast"
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
	if _, _, err := compilePattern(pattern); err != nil {
		r.fail(n, "%v", err)
	}
}

// compilePattern compiles a pattern and counts its instructions.
func compilePattern(pattern string) (*regexp.Regexp, int, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, 0, fmt.Errorf("the pattern %q is not a regular expression: %w", clip(pattern, 40), err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, 0, fmt.Errorf("the pattern %q is not a regular expression: %w", clip(pattern, 40), err)
	}
	if len(program.Inst) > maxInstructions {
		return nil, 0, fmt.Errorf("the pattern %q is too large: it compiles to %d instructions, at most %d are allowed",
			clip(pattern, 40), len(program.Inst), maxInstructions)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, 0, fmt.Errorf("the pattern %q is not a regular expression: %w", clip(pattern, 40), err)
	}
	return compiled, len(program.Inst), nil
}
