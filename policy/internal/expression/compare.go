package expression

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// equal says whether two values are the same. Values of different kinds never
// are; a number equals a number, whether JSON wrote it 5 or 5.0.
func equal(m *machine, a, b any) (bool, error) {
	if err := m.spend(1); err != nil {
		return false, err
	}
	switch a := a.(type) {
	case []any:
		return equalLists(m, a, b)
	case map[string]any, map[string]string:
		return equalObjects(m, object(a), object(b))
	case string:
		b, ok := b.(string)
		return ok && a == b, m.look(a)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b), nil
	case int, float64:
		sign, ok := compareNumbers(a, b)
		return ok && sign == 0, nil
	}
	switch b.(type) {
	case []any, map[string]any, map[string]string:
		return false, nil // what == of Go's cannot compare
	}
	return a == b, nil
}

func equalLists(m *machine, a []any, other any) (bool, error) {
	b, ok := other.([]any)
	if !ok || len(a) != len(b) {
		return false, nil
	}
	for i := range a {
		if same, err := equalItems(m, a[i], b[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func equalItems(m *machine, a, b any) (bool, error) {
	a, err := normal(a)
	if err != nil {
		return false, err
	}
	b, err = normal(b)
	if err != nil {
		return false, err
	}
	return equal(m, a, b)
}

// object returns an object's values, or nil where v isn't one.
func object(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case map[string]string:
		values := make(map[string]any, len(v))
		for key, value := range v {
			values[key] = value
		}
		return values
	}
	return nil
}

func equalObjects(m *machine, a, b map[string]any) (bool, error) {
	if b == nil || len(a) != len(b) {
		return false, nil
	}
	for key := range a {
		other, found := b[key]
		if !found {
			return false, nil
		}
		if same, err := equalItems(m, a[key], other); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func not(b bool, err error) (bool, error) { return !b, err }

// ordering is <, <=, > or >=. Only values of one kind have an order; anything
// else is an error, nil above all: a missing number is neither small nor large.
func ordering(operator string, holds func(sign int) bool) operation {
	return func(m *machine, a, b any) (any, error) {
		if err := m.spend(1); err != nil {
			return nil, err
		}
		sign, ok := Compare(a, b)
		if !ok {
			return nil, fmt.Errorf("%s %s %s cannot be compared", kindOf(a), operator, kindOf(b))
		}
		return holds(sign), nil
	}
}

// Compare orders two values of one kind: negative where a is less than b. It is
// false for values that have no order.
func Compare(a, b any) (sign int, ok bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case time.Duration:
		b, ok := b.(time.Duration)
		return cmp.Compare(a, b), ok
	case time.Time:
		b, ok := b.(time.Time)
		return a.Compare(b), ok
	}
	return compareNumbers(a, b)
}

func compareNumbers(a, b any) (sign int, ok bool) {
	switch a := a.(type) {
	case int:
		switch b := b.(type) {
		case int:
			return cmp.Compare(a, b), true
		case float64:
			return compareMixed(a, b), true
		}
	case float64:
		switch b := b.(type) {
		case int:
			return -compareMixed(b, a), true
		case float64:
			return cmp.Compare(a, b), true
		}
	}
	return 0, false
}

// compareMixed is exact beyond 2^53, where an int has no float64 of its own.
func compareMixed(i int, f float64) int {
	const tooLarge = 1 << 63
	switch {
	case f >= tooLarge:
		return -1
	case f < -tooLarge:
		return 1
	case float64(i) != f:
		return cmp.Compare(float64(i), f)
	}
	return cmp.Compare(i, int(f))
}
