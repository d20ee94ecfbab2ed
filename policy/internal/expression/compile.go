package expression

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Problem is something that is wrong in an expression's text.
type Problem struct {
	Offset  int // in characters; -1 where only the expression as a whole is to blame
	Message string
}

// Expression is a compiled expression. It is immutable and safe for concurrent
// use.
type Expression struct {
	// Subject, Operator and Side are how the expression was read, once, for all
	// who ask what it says: execution.age > 2h, whichever way round that is
	// written. not has no Side; where there is no Operator, there is none of them.
	Subject  *Expression
	Operator string
	Side     *Expression
	Parts    []*Expression // all that it is made of, as it is written; of a variable none

	node     ast.Node // checked, with its constants folded
	language *Language
	reads    Set
	compiled atomic.Pointer[evaluator] // made when it is first evaluated: what is lowered never is
}

// Compile parses, checks and folds a text. Where there are problems, there is
// no expression.
func (l *Language) Compile(text string) (*Expression, []Problem) {
	n, problems := l.check(text)
	if len(problems) > 0 {
		return nil, problems
	}
	return l.expression(n), nil
}

// check parses, checks and folds a text. Where something is written as in
// another language, what else seems wrong follows from it.
func (l *Language) check(text string) (ast.Node, []Problem) {
	n, problems := l.checked(text)
	if len(problems) > 0 && len(text) <= maxText {
		if problem, ok := slip(text); ok {
			return nil, []Problem{problem}
		}
	}
	return n, problems
}

func (l *Language) checked(text string) (ast.Node, []Problem) {
	if len(text) > maxText {
		return nil, []Problem{{-1, fmt.Sprintf("the expression has %d bytes; at most %d are allowed", len(text), maxText)}}
	}
	if strings.TrimSpace(text) == "" {
		return nil, []Problem{{-1, "the expression is empty"}}
	}
	tree, err := parser.ParseWithConfig(text, l.config)
	if err != nil {
		return nil, []Problem{exprProblem(err)}
	}
	r := &rewriter{language: l, seen: map[ast.Node]bool{}}
	tree.Node = r.rewrite(tree.Node)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	if _, err := checker.Check(tree, l.config); err != nil {
		return nil, []Problem{exprProblem(err)}
	}
	f := &folder{language: l}
	tree.Node = f.fold(tree.Node)
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	return tree.Node, nil
}

// Conditions compiles a text that must be true or false, and splits it at its
// top-level ANDs: it holds where all of them do. What is only known when it is
// read may be true or false; anything else is an error of the evaluation then.
func (l *Language) Conditions(text string) ([]*Expression, []Problem) {
	n, problems := l.check(text)
	if len(problems) > 0 {
		return nil, problems
	}
	if t := staticType(n); t != nil && t.Kind() != reflect.Bool {
		return nil, []Problem{{-1, fmt.Sprintf("this is %s, not a condition that is true or false", typeName(t))}}
	}
	return l.expression(n).conjuncts(), nil
}

// evaluator is the expression's own. Two goroutines may both make it; either
// will do.
func (e *Expression) evaluator() evaluator {
	if compiled := e.compiled.Load(); compiled != nil {
		return *compiled
	}
	made := e.language.evaluator(e.node)
	e.compiled.Store(&made)
	return made
}

// exprProblem turns an error of expr's into ours.
func exprProblem(err error) Problem {
	var placed *file.Error
	if !errors.As(err, &placed) {
		return Problem{-1, plainWords(err.Error())}
	}
	return Problem{placed.From, plainWords(placed.Message)}
}

// plainWords says Go's types in the language's words and adds the next step to
// the errors that people meet most.
func plainWords(message string) string {
	message = strings.NewReplacer(
		"time.Duration", "duration", "time.Time", "time", "map[string]interface {}", "object",
		"[]interface {}", "list", "interface {}", "any", "float64", "float",
		"compilation failed: expression exceeds maximum allowed nodes",
		fmt.Sprintf("the expression is too large: it has more than %d parts", maxNodes),
	).Replace(strings.TrimSpace(message))
	for _, hint := range hints {
		if strings.Contains(message, hint.in) {
			return message + ": " + hint.say
		}
	}
	return message
}

// EndsTooEarly ends the message of a text that something is missing at the end of.
const EndsTooEarly = "the expression ends too early"

// hints are the next step, by a part of expr's message. The first that fits is
// given.
var hints = []struct{ in, say string }{
	{"types duration and int)", `write a duration as duration("2h")`},
	{"types duration and float)", `write a duration as duration("2h")`},
	{"types duration and string)", `write a duration as duration("2h")`},
	{"types int and duration)", `write a duration as duration("2h")`},
	{"types string and duration)", `write a duration as duration("2h")`},
	{"types time and string)", `write a time as date("2026-01-31"), or compare the day, as in date(now, "Asia/Shanghai") == "2026-01-31"`},
	{"types string and time)", `write a time as date("2026-01-31"), or compare the day, as in date(now, "Asia/Shanghai") == "2026-01-31"`},
	{"types time and int)", `write a duration as duration("2h")`},
	{"types time and duration)", `an age is a duration: execution.age, or now - execution.startedTime`},
	{"== (mismatched types int and string)", `a number stands without quotes, as in hour(now) >= 9`},
	{"(mismatched types string and int)", `a text stands in quotes, as in weekday(now) == "Sat"`},
	{"cannot use string as type int in array", "a text is looked for among numbers, and never found"},
	{"cannot use int as type string in array", "a number is looked for among texts, and never found"},
	{": in (mismatched types string and string)", `in looks into a list, as in text in ["a", "b"]; write text contains "x", and not (text contains "x")`},
	{": contains (mismatched types list and string)", `contains looks into a text; write "x" in list`},
	{": contains (mismatched types string and list)", `write any(["a", "b"], text contains #)`},
	{": startsWith (mismatched types string and list)", `write any(["a", "b"], text startsWith #)`},
	{": endsWith (mismatched types string and list)", `write any(["a", "b"], text endsWith #)`},
	{": == (mismatched types string and list)", `write text in ["a", "b"]`},
	{`unexpected token Operator("=")`, "compare with =="},
	{`unexpected token Operator("contains")`, `write text contains "a"`},
	{`unexpected token Operator("startsWith")`, `write text startsWith "a"`},
	{`unexpected token Operator("endsWith")`, `write text endsWith "a"`},
	{`unexpected token Operator("matches")`, `write text matches "^a"`},
	{`unexpected token Operator(",")`, "a list stands in brackets: [1, 2]"},
	{"bad number syntax", `write a duration as duration("2h")`},
	{"literal not terminated", "close the quotes"},
	{"invalid char escape", "in backquotes a backslash stands for itself: `^\\d+$`; or do without: [0-9]"},
	{"unexpected token EOF", EndsTooEarly},
	{"unexpected token String(", "a comma or an operator is missing before it"},
	{"unexpected token Identifier(", "a comma or an operator is missing before it"},
	{"unexpected token Number(", "a comma or an operator is missing before it"},
}
