package expression

import (
	"fmt"
	"strings"
)

// texts are the two sides of contains, startsWith and endsWith. Where one of
// them is nil, nothing is found: ok is false.
func texts(m *machine, operator string, a, b any) (left, right string, ok bool, err error) {
	if a == nil || b == nil {
		return "", "", false, nil
	}
	left, isText := a.(string)
	right, alsoText := b.(string)
	if !isText || !alsoText {
		return "", "", false, fmt.Errorf("%s %s %s cannot be looked for: both must be texts", kindOf(a), operator, kindOf(b))
	}
	return left, right, true, nil
}

func contains(m *machine, a, b any) (any, error) {
	text, part, ok, err := texts(m, "contains", a, b)
	if !ok || err != nil {
		return false, err
	}
	return strings.Contains(text, part), m.look(text)
}

func startsWith(m *machine, a, b any) (any, error) {
	text, part, ok, err := texts(m, "startsWith", a, b)
	if !ok || err != nil {
		return false, err
	}
	return strings.HasPrefix(text, part), m.look(part)
}

func endsWith(m *machine, a, b any) (any, error) {
	text, part, ok, err := texts(m, "endsWith", a, b)
	if !ok || err != nil {
		return false, err
	}
	return strings.HasSuffix(text, part), m.look(part)
}

// in says whether a list has an element, or an object a key. In nil there is
// nothing.
func in(m *machine, a, b any) (any, error) {
	switch b := b.(type) {
	case nil:
		return false, nil
	case []any:
		for _, item := range b {
			same, err := equalItems(m, item, a)
			if same || err != nil {
				return same, err
			}
		}
		return false, nil
	case map[string]any, map[string]string:
		key, ok := a.(string)
		if a == nil {
			return false, nil
		}
		if !ok {
			return nil, fmt.Errorf("%s cannot be a key of an object: in takes a text here", kindOf(a))
		}
		_, found := object(b)[key]
		return found, m.spend(1)
	}
	return nil, fmt.Errorf("in takes a list or an object on its right, not %s", kindOf(b))
}
