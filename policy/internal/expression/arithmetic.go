package expression

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Arithmetic never wraps: a limit that overflows into the past would condemn
// everything.
var (
	errOverflow = errors.New("the result is too large")
	errZero     = errors.New("division by zero")
)

func mismatch(a any, operator string, b any) error {
	return fmt.Errorf("%s %s %s cannot be computed", kindOf(a), operator, kindOf(b))
}

// floats returns both numbers as floats.
func floats(a, b any) (x, y float64, ok bool) {
	x, isNumber := toFloat(a)
	y, alsoNumber := toFloat(b)
	return x, y, isNumber && alsoNumber
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func add(_ *machine, a, b any) (any, error) {
	switch a := a.(type) {
	case int:
		if b, ok := b.(int); ok {
			return addWhole(a, b)
		}
	case time.Duration:
		switch b := b.(type) {
		case time.Duration:
			return addWhole(a, b)
		case time.Time:
			return b.Add(a), nil
		}
	case time.Time:
		if b, ok := b.(time.Duration); ok {
			return a.Add(b), nil
		}
	}
	x, y, ok := floats(a, b)
	if !ok {
		return nil, mismatch(a, "+", b)
	}
	return finite(x + y)
}

// whole is what is computed with exactly.
type whole interface{ int | time.Duration }

func addWhole[T whole](a, b T) (any, error) {
	sum := a + b
	if (sum > a) != (b > 0) {
		return nil, errOverflow
	}
	return sum, nil
}

func subtract(_ *machine, a, b any) (any, error) {
	switch a := a.(type) {
	case int:
		if b, ok := b.(int); ok {
			return subtractWhole(a, b)
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return subtractWhole(a, b)
		}
	case time.Time:
		switch b := b.(type) {
		case time.Time:
			return timeBetween(a, b)
		case time.Duration:
			if b == math.MinInt64 {
				return nil, errOverflow
			}
			return a.Add(-b), nil
		}
	}
	x, y, ok := floats(a, b)
	if !ok {
		return nil, mismatch(a, "-", b)
	}
	return finite(x - y)
}

func subtractWhole[T whole](a, b T) (any, error) {
	difference := a - b
	if (difference < a) != (b > 0) {
		return nil, errOverflow
	}
	return difference, nil
}

// timeBetween is b to a; Sub would answer the longest duration for times
// further apart than it.
func timeBetween(a, b time.Time) (any, error) {
	d := a.Sub(b)
	if !b.Add(d).Equal(a) {
		return nil, errOverflow
	}
	return d, nil
}

func multiply(_ *machine, a, b any) (any, error) {
	switch x := a.(type) {
	case int:
		switch y := b.(type) {
		case int:
			return multiplyWhole(x, y)
		case time.Duration:
			return scale(y, a)
		}
	case float64:
		if y, ok := b.(time.Duration); ok {
			return scale(y, a)
		}
	case time.Duration:
		return scale(x, b)
	}
	x, y, ok := floats(a, b)
	if !ok {
		return nil, mismatch(a, "*", b)
	}
	return finite(x * y)
}

func multiplyWhole[T whole](a, b T) (any, error) {
	high, low := bits.Mul64(magnitude(int(a)), magnitude(int(b)))
	negative := (a < 0) != (b < 0)
	if high != 0 || low > math.MaxInt64 { // the least int itself is not needed
		return nil, errOverflow
	}
	if negative {
		return -T(low), nil
	}
	return T(low), nil
}

func magnitude(i int) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// scale multiplies a duration.
func scale(d time.Duration, by any) (any, error) {
	switch by := by.(type) {
	case int:
		return multiplyWhole(d, time.Duration(by))
	case float64:
		product := float64(d) * by
		if math.Abs(product) >= math.MaxInt64 {
			return nil, errOverflow
		}
		return time.Duration(product), nil
	}
	return nil, mismatch(d, "*", by)
}

func divide(_ *machine, a, b any) (any, error) {
	x, y, ok := floats(a, b)
	switch {
	case !ok:
		return nil, mismatch(a, "/", b)
	case y == 0:
		return nil, errZero
	}
	return finite(x / y)
}

func modulo(_ *machine, a, b any) (any, error) {
	x, isInt := a.(int)
	y, alsoInt := b.(int)
	switch {
	case !isInt || !alsoInt:
		return nil, mismatch(a, "%", b)
	case y == 0:
		return nil, errZero
	}
	return x % y, nil
}

func power(_ *machine, a, b any) (any, error) {
	x, y, ok := floats(a, b)
	if !ok {
		return nil, mismatch(a, "**", b)
	}
	return finite(math.Pow(x, y))
}
