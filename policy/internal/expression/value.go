package expression

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Normal makes a value of an item of one, as JSON's decoders left it.
func Normal(v any) (any, error) { return normal(v) }

// Values are nil, bool, int, float64, string, time.Duration, time.Time, []any,
// map[string]any and map[string]string. normal makes one of what JSON's
// decoders and callers hand in.
func normal(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, string, time.Duration, time.Time, []any, map[string]any, map[string]string:
		return v, nil
	case float64:
		return finite(v)
	case json.Number:
		return number(string(v))
	}
	return nil, fmt.Errorf("a value of Go's type %T cannot be judged", v)
}

// number reads a JSON number, a whole one exactly or not at all: two identifiers beyond
// 2^53 must not look equal.
func number(text string) (any, error) {
	const longest = 400 // it is read anew whenever it is looked at
	i, err := strconv.Atoi(text)
	switch {
	case err == nil:
		return i, nil
	case !strings.ContainsAny(text, ".eE") && len(text) <= longest:
		return nil, fmt.Errorf("%s is too large a number to be told from others: write it as a text", plain.Clip(text, 40))
	}
	f, err := strconv.ParseFloat(text[:min(len(text), longest)], 64)
	if err != nil || len(text) > longest {
		return nil, fmt.Errorf("%s is not a number that can be judged", plain.Clip(text, 40))
	}
	return f, nil
}

func finite(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("the result %v is not a number", f)
	}
	return f, nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	intType      = reflect.TypeFor[int]()
	textType     = reflect.TypeFor[string]()
)

// kindOf names what a value is, for errors.
func kindOf(v any) string {
	if v == nil {
		return "nil"
	}
	return typeName(reflect.TypeOf(v))
}

func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration"
	case t == timeType:
		return "a time"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "an object"
	}
	return "a value of Go's type " + t.String()
}

// Format prints a value as string() and templates do: a text as it is, a
// duration as people write it, a list or an object as JSON.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return v
	case float64:
		const digits = 15 // 5.1, not 5.1000000000000005
		return strconv.FormatFloat(v, 'g', digits, 64)
	case time.Duration:
		return duration.Format(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []any, map[string]any, map[string]string:
		return formatJSON(v)
	}
	return fmt.Sprint(v)
}

func formatJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(inJSON(v)); err != nil {
		return "?"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// inJSON replaces, in a list of the policy's constants, what JSON has no word
// for.
func inJSON(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, len(list))
	for i, item := range list {
		switch item := item.(type) {
		case time.Duration, time.Time:
			out[i] = Format(item)
		default:
			out[i] = item
		}
	}
	return out
}
