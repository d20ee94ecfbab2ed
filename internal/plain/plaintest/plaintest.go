// Package plaintest finds texts that people are shown as they came.
package plaintest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// Hostile is a text with one character of each kind that plain escapes: it clears
// the terminal, colours it, forges a line, turns a line around and hides in it.
const Hostile = "x\x1b[2J\u009b31m\r\n\u202e\u2066\u200b\ufeff\u2028\U000e0041y"

// Fill puts Hostile into every text that v points at, fields of tomorrow's too, an
// element into every list and map, and a value behind every pointer.
func Fill(v any) { fill(reflect.ValueOf(v).Elem()) }

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(Hostile)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Float64:
		v.SetFloat(2.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	}
}

// Check fails if what people are shown of a filled value holds any of it raw, or
// a line that was forged. Line breaks of its own are allowed.
func Check(t testing.TB, shown string) {
	t.Helper()
	if at := strings.IndexFunc(shown, func(r rune) bool { return r != '\n' && plain.Deceives(r) }); at >= 0 {
		t.Errorf("a raw character in %q", shown[max(0, at-60):min(len(shown), at+20)])
	}
	if strings.Contains(shown, "\n\\u202e") {
		t.Errorf("a forged line in %q", shown)
	}
	if !strings.Contains(shown, "x") {
		t.Error("nothing of it is shown")
	}
}
