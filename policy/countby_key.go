package policy

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// countKey is by what executions are counted.
type countKey struct {
	expression *expression.Expression // nil: all of the rule together
	text       string                 // as the file says
	label      string                 // customer, of execution.input.customer
}

// of is an execution's key, such that two are the same where == says so of the values.
func (k *countKey) of(j *judgement) (string, error) {
	if k.expression == nil {
		return "", nil
	}
	value, err := k.expression.Value(j)
	if err != nil {
		return "", err
	}
	key, err := keyOf(value)
	if err != nil {
		return "", fmt.Errorf("countBy: %s is %w", k.text, err)
	}
	return key, nil
}

// longestKey is how many characters a key may have.
const longestKey = 256

const isKey = "a key is a text, a number, true or false, or a list of those"

// keyOf writes a value down such that no other has the same key.
func keyOf(v any) (key string, err error) {
	list, isList := v.([]any)
	if !isList {
		key, err = scalarKey(v)
	}
	for i, item := range list {
		own, err := scalarKey(item)
		if err != nil {
			return "", fmt.Errorf("a list, whose item %d is %w", i, err)
		}
		if key += own + ", "; len(key) > 8*longestKey {
			break
		}
	}
	if isList {
		key = "[" + strings.TrimSuffix(key, ", ") + "]"
	}
	if n := utf8.RuneCountInString(key); n > longestKey+len(`""`) {
		return "", fmt.Errorf("%s, longer than the %d characters that a key may have", plain.Clip(key, 20), longestKey)
	}
	return key, err
}

func scalarKey(v any) (string, error) {
	v, err := expression.Normal(v)
	if err != nil {
		return "", fmt.Errorf("no key: %w", err)
	}
	switch v := v.(type) {
	case nil:
		return "", errors.New("nil: what has no key is not counted")
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		switch {
		case v == 0: // also -0
			return "0", nil
		case math.Abs(v) > 1<<53:
			return "", fmt.Errorf("%s, too large a number to be told from others: write it as a text", expression.Format(v))
		case v == math.Trunc(v): // 5.0 is 5
			return strconv.FormatFloat(v, 'f', 0, 64), nil
		}
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case string:
		if strings.ContainsRune(v, utf8.RuneError) { // what wasn't UTF-8 became all the same
			return "", fmt.Errorf("%s, a text with characters that came garbled, and may be another's", plain.Clip(strconv.Quote(v), 40))
		}
		return strconv.Quote(v[:min(len(v), 8*longestKey)]), nil // what is cut is too long
	}
	return "", fmt.Errorf("%s: %s", plain.Clip(expression.Format(v), 40), isKey)
}

func (k *countKey) identity() string {
	if k.expression == nil {
		return k.text
	}
	return k.expression.Identity()
}
