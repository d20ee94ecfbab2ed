package expression

import "fmt"

// find is contains, startsWith or endsWith. In nil nothing is found, nor is nil.
// looksAt is what it pays for looking at.
func find(operator string, finds func(text, part string) bool, looksAt func(text, part string) string) operation {
	return func(m *machine, a, b any) (any, error) {
		if a == nil || b == nil {
			return false, nil
		}
		text, isText := a.(string)
		part, alsoText := b.(string)
		if !isText || !alsoText {
			return nil, fmt.Errorf("%s %s %s cannot be looked for: both must be texts", kindOf(a), operator, kindOf(b))
		}
		return finds(text, part), m.look(looksAt(text, part))
	}
}

func theText(text, _ string) string { return text }
func thePart(_, part string) string { return part }

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
