package expression

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/jsonread"
)

// absolute is a number, or a duration, without its sign.
func absolute(m *machine, v any) (any, error) {
	switch x := v.(type) {
	case int:
		if x < 0 {
			return subtract(m, 0, x)
		}
		return x, nil
	case time.Duration:
		if x < 0 {
			return subtract(m, time.Duration(0), x)
		}
		return x, nil
	case float64:
		return math.Abs(x), nil
	}
	return nil, fmt.Errorf("abs() takes a number or a duration, not %s", kindOf(v))
}

// round is the nearest whole number; what lies in the middle goes away from zero.
func round(_ *machine, v any) (any, error) {
	x, ok := toFloat(v)
	if !ok {
		return nil, fmt.Errorf("round() takes a number, not %s", kindOf(v))
	}
	return math.Round(x), nil
}

// maxJSON is the longest text that fromJSON looks into, and jsonPerStep how many of its
// bytes are read in one step: three of the longest in one evaluation.
const (
	maxJSON     = 1 << 20
	jsonPerStep = 4
)

func fromJSON(m *machine, v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("fromJSON() takes a text, not %s", kindOf(v))
	}
	if len(text) > maxJSON {
		return nil, fmt.Errorf("fromJSON(): the text has %.1f MiB: past %d MiB it is not looked into", float64(len(text))/(1<<20), maxJSON>>20)
	}
	if err := m.spend(1 + len(text)/jsonPerStep); err != nil {
		return nil, err
	}
	value, err := jsonread.Value("the text", text)
	if err != nil {
		return nil, fmt.Errorf("fromJSON(): %w", err)
	}
	return normal(value)
}

// split is the parts of a text. Each costs more than its characters, since a list of
// many takes more memory than the text.
func split(text, separator evaluator) evaluator {
	const perPart = 10
	both := onTexts("split", []evaluator{text, separator}, func(texts []string) (any, error) { return texts, nil })
	return func(m *machine) (any, error) {
		texts, err := both(m)
		if err != nil {
			return nil, err
		}
		text, separator := texts.([]string)[0], texts.([]string)[1]
		if err := m.spend((1 + strings.Count(text, separator)) * perPart); err != nil {
			return nil, err
		}
		parts := []any{}
		for part := range strings.SplitSeq(text, separator) {
			parts = append(parts, part)
		}
		return parts, nil
	}
}

// extreme is the least, or the largest, of numbers or of durations: of the arguments,
// and of the elements of those that are lists.
func extreme(name string, args []evaluator, before func(sign int) bool) evaluator {
	return func(m *machine) (any, error) {
		var found any
		take := func(v any) error {
			switch v.(type) {
			case int, float64, time.Duration:
			default:
				return fmt.Errorf("%s() takes numbers or durations, not %s", name, kindOf(v))
			}
			if found == nil {
				found = v
				return m.spend(1)
			}
			sign, ok := Compare(v, found)
			if !ok {
				return fmt.Errorf("%s(): %s and %s cannot be compared", name, kindOf(found), kindOf(v))
			}
			if before(sign) {
				found = v
			}
			return m.spend(1)
		}
		for _, arg := range args {
			if err := eachOf(m, arg, take); err != nil {
				return nil, err
			}
		}
		if found == nil {
			return nil, fmt.Errorf("%s() of an empty list is nothing", name)
		}
		return found, nil
	}
}

// eachOf visits the elements of a list, or the value that is none.
func eachOf(m *machine, arg evaluator, visit func(any) error) error {
	value, err := arg(m)
	if err != nil {
		return err
	}
	list, ok := value.([]any)
	if !ok {
		return visit(value)
	}
	for _, item := range list {
		item, err := normal(item)
		if err != nil {
			return err
		}
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

// sum adds numbers, or durations; of none it is 0.
func sum(run loop) evaluator {
	return func(m *machine) (any, error) {
		var total any
		err := run(m, func(_, result any) (bool, error) {
			v, err := normal(result)
			switch v.(type) {
			case int, float64, time.Duration:
			default:
				if err == nil {
					err = fmt.Errorf("sum() takes numbers or durations, not %s", kindOf(v))
				}
			}
			switch {
			case err != nil:
				return false, err
			case total == nil:
				total = v
			default:
				total, err = add(m, total, v)
			}
			return true, err
		})
		switch {
		case err != nil:
			return nil, err
		case total == nil:
			return 0, nil
		}
		return total, nil
	}
}
