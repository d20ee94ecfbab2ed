package expression

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// function computes a function of one value.
type function func(m *machine, v any) (any, error)

var functions = map[string]function{
	"len":      length,
	"lower":    onText("lower", strings.ToLower),
	"upper":    onText("upper", strings.ToUpper),
	"int":      toInt,
	"float":    float,
	"string":   toText,
	"abs":      absolute,
	"round":    round,
	"fromJSON": fromJSON,
	"duration": toDuration,
}

// functionEvaluator evaluates the arguments and calls a function.
func (l *Language) functionEvaluator(name string, arguments []ast.Node) evaluator {
	args := l.evaluators(arguments)
	switch name {
	case "trim":
		return onTexts(name, args, trim)
	case "date":
		return onTexts(name, args, date)
	case "split":
		return split(args[0], args[1])
	case "min":
		return extreme(name, args, func(sign int) bool { return sign < 0 })
	case "max":
		return extreme(name, args, func(sign int) bool { return sign > 0 })
	}
	call := functions[name]
	return func(m *machine) (any, error) {
		value, err := args[0](m)
		if err != nil {
			return nil, err
		}
		return call(m, value)
	}
}

func length(m *machine, v any) (any, error) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), m.look(v)
	case []any, map[string]any, map[string]string:
		return reflect.ValueOf(v).Len(), nil
	}
	return nil, fmt.Errorf("len() takes a text, a list or an object, not %s", kindOf(v))
}

func onText(name string, change func(string) string) function {
	return func(m *machine, v any) (any, error) {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("%s() takes a text, not %s", name, kindOf(v))
		}
		if err := m.look(text); err != nil {
			return nil, err
		}
		return change(text), nil
	}
}

// onTexts calls a function of one to three texts.
func onTexts(name string, args []evaluator, call func([]string) (any, error)) evaluator {
	return func(m *machine) (any, error) {
		texts := make([]string, len(args))
		for i, arg := range args {
			value, err := arg(m)
			if err != nil {
				return nil, err
			}
			text, ok := value.(string)
			if !ok {
				return nil, fmt.Errorf("%s() takes texts, not %s", name, kindOf(value))
			}
			if err := m.look(text); err != nil {
				return nil, err
			}
			texts[i] = text
		}
		return call(texts)
	}
}

func trim(texts []string) (any, error) {
	if len(texts) == 1 {
		return strings.TrimSpace(texts[0]), nil
	}
	const most = 100 // each character of the text is looked for among them
	if len(texts[1]) > most {
		return nil, fmt.Errorf("trim(): at most %d bytes of characters can be trimmed", most)
	}
	return strings.Trim(texts[0], texts[1]), nil
}

// date, of a text, is expr's own: a date, an optional layout of Go's and an optional time
// zone, without which it is UTC. Without a layout it also reads what an event's
// time is read as, such as an offset without a colon.
func date(texts []string) (any, error) {
	const longest = 100
	args := make([]any, len(texts))
	for i, text := range texts {
		if len(text) > longest {
			return nil, fmt.Errorf("%q is not a date", plain.Clip(text, 40))
		}
		args[i] = text
	}
	if at, err := moment.Parse(texts[0]); err == nil && len(texts) == 1 {
		return at, nil
	}
	at, err := builtin.Builtins[builtin.Index["date"]].Func(args...)
	if err != nil && strings.HasPrefix(err.Error(), "invalid date") {
		return nil, fmt.Errorf("date(): %w: write it like 2026-01-31", err)
	}
	if err != nil {
		return nil, fmt.Errorf("date(): %w", err)
	}
	return at, nil
}

func toInt(m *machine, v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if math.Abs(v) < 1<<53 {
			return int(v), nil
		}
		return nil, fmt.Errorf("int(): %s is too large", Format(v))
	case string:
		i, err := strconv.Atoi(v)
		if err != nil {
			return nil, fmt.Errorf("int(): %q is not a whole number", plain.Clip(v, 40))
		}
		return i, m.look(v)
	}
	return nil, fmt.Errorf("int() takes a number or a text, not %s", kindOf(v))
}

func float(m *machine, v any) (any, error) {
	if text, ok := v.(string); ok {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("float(): %q is not a number", plain.Clip(text, 40))
		}
		if err := m.look(text); err != nil {
			return nil, err
		}
		return finite(f)
	}
	f, ok := toFloat(v)
	if !ok {
		return nil, fmt.Errorf("float() takes a number or a text, not %s", kindOf(v))
	}
	return f, nil
}

func toText(m *machine, v any) (any, error) {
	text := Format(v)
	return text, m.look(text)
}

func toDuration(_ *machine, v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("duration() takes a text, not %s", kindOf(v))
	}
	d, err := duration.Parse(text)
	if err != nil {
		return nil, err
	}
	return d, nil
}
