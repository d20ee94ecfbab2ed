package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const expectedShapes = `expected a timer event, a CloudEvents 1.0 object, a CloudMonitor alert as JSON or form, ` +
	`another JSON object, or an array of these; to sweep by hand send {"kind":"manual"}`

// Error says why a body, or one element of an array, was refused.
type Error struct {
	Place    string // "element 3 of 5, data.alertState", say; "" is the whole body
	Problem  string
	Expected string // what would have been understood
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("event refused: ")
	if e.Place != "" {
		b.WriteString(e.Place + ": ")
	}
	b.WriteString(e.Problem)
	if e.Expected != "" {
		b.WriteString("; " + e.Expected)
	}
	return b.String()
}

func refuse(place, problem, expected string) error {
	return &Error{Place: place, Problem: problem, Expected: expected}
}

// at puts a place in front of the place that err names.
func at(place string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", place, err)
	}
	if e.Place != "" {
		place += ", " + e.Place
	}
	return &Error{Place: place, Problem: e.Problem, Expected: e.Expected}
}

// describe names a decoded value's type, and the value where it is short.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("the truth value %t", v)
	case string:
		return fmt.Sprintf("the text %s", quote(v))
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	}
	number, err := json.Marshal(value)
	if err != nil {
		return "a number"
	}
	return fmt.Sprintf("the number %s", number)
}

// quote shows at most 40 characters, in quotes and with what can't be seen
// escaped: bodies come from elsewhere, errors go into logs.
func quote(s string) string {
	runes := 0
	for i := range s {
		if runes++; runes > 40 {
			return fmt.Sprintf("%q…", s[:i])
		}
	}
	return fmt.Sprintf("%q", s)
}
