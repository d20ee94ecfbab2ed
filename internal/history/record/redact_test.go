package record

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBlanks(t *testing.T) {
	r, _, err := redaction([]string{"*password*", "token", "!noPassword"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"password":"x","a":1}`:                      `{"password":"","a":1}`,
		`{"DB_PASSWORD":{"deep":[1]},"Token":7}`:      `{"DB_PASSWORD":"","Token":""}`,
		`{"nopassword":"shown","x":{"token":null}}`:   `{"nopassword":"shown","x":{"token":""}}`,
		`[{"token":"x"},[{"token":["y"]}],"token"]`:   `[{"token":""},[{"token":""}],"token"]`,
		`{"pass\u0077ord":"x"}`:                       `{"password":""}`,
		`{"token":"x","token":"y"}`:                   `{"token":"","token":""}`,
		`{"body":"{\"token\":\"x\"}"}`:                `{"body":"{\"token\":\"\"}"}`,
		`{"body":" [{\"b\":\"{\\\"token\\\":1}\"}]"}`: `{"body":"[{\"b\":\"{\\\"token\\\":\\\"\\\"}\"}]"}`,
		`"{\"token\":\"x\"}"`:                         `"{\"token\":\"\"}"`,
		`{"body":"\ufeff{\"token\":\"x\"}"}`:          `{"body":""}`,
		`{"body":"\"{\\\"token\\\":\\\"x\\\"}\""}`:    `{"body":"\"{\\\"token\\\":\\\"\\\"}\""}`,
		`{"body":"{\"a\":1}\n{\"token\":\"x\"}"}`:     `{"body":"{\"a\":1}\n{\"token\":\"\"}"}`,
		`{"body":"{token: x}"}`:                       `{"body":""}`,
		`{"body":"{\"token\":\"x\",\"cut\":"}`:        `{"body":""}`,
		`{"body":"[{'token': 'x'}]"}`:                 `{"body":""}`,
		`{"body":"\"token\" is 7"}`:                   `{"body":"\"token\" is 7"}`,
		`{"a.token":"x","a token":1,"TOKEN":["x"]}`:   `{"a.token":"x","a token":1,"TOKEN":""}`,
		`{"n":12345678901234567890.10,"b":true}`:      `{"n":12345678901234567890.10,"b":true}`,
		`"text"`:                                      `"text"`,
		`null`:                                        `null`,
	} {
		got, err := r.json(text)
		if err != nil || got != want {
			t.Errorf("%s\n got %s, %v\nwant %s", text, got, err, want)
		}
	}
	for _, text := range []string{`{"token":`, `token=x`, `{"a":1}}`, `{"a":1} x`, `{a:1}`} {
		if got, err := r.json(text); err == nil {
			t.Errorf("%s became %s", text, got)
		}
	}
}

// However deep a secret lies, it is not recorded, and all else is as it was.
func TestNoSecretIsLeft(t *testing.T) {
	const secret = "hush-7c1f"
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](true), rapid.Map(rapid.Float64Range(-9, 9), func(f float64) any { return f }), rapid.Map(rapid.String(), func(s string) any { return s }))
		if depth == 0 {
			return leaf
		}
		return rapid.OneOf(leaf,
			rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-c]{1,2}|Secret|my"secret`), value(depth-1), 0, 4), func(m map[string]any) any { return m }),
			rapid.Map(value(depth-1), func(v any) any { text, _ := json.Marshal(v); return string(text) }),
		)
	}
	r, _, err := redaction([]string{"*secret*"})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		hidden := hide(value(4).Draw(t, "value"), secret)
		shown := hide(hidden, "")
		text, err := json.Marshal(hidden)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.json(string(text))
		if err != nil {
			t.Fatal(err)
		}
		var read any
		if err := json.Unmarshal([]byte(got), &read); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, secret) || !reflect.DeepEqual(norm(read), norm(shown)) {
			t.Fatalf("%s became %s", text, got)
		}
	})
}

// hide puts a text in the place of every value under a key that names a secret.
func hide(v any, text string) any {
	switch v := v.(type) {
	case []any:
		all := []any{}
		for _, item := range v {
			all = append(all, hide(item, text))
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for key, item := range v {
			if all[key] = hide(item, text); strings.Contains(strings.ToLower(key), "secret") {
				all[key] = text
			}
		}
		return all
	case string:
		begin := strings.TrimLeft(v, " \t\r\n\ufeff")
		if begin == "" || !strings.Contains(`{["`, begin[:1]) {
			return v
		}
		var inner any
		switch err := json.Unmarshal([]byte(v), &inner); {
		case err == nil:
		case begin[0] == '"':
			return v
		default:
			return ""
		}
		written, _ := json.Marshal(hide(inner, text))
		return string(written)
	}
	return v
}

// norm writes values alike that are alike, also in texts that are JSON.
func norm(v any) string {
	switch v := v.(type) {
	case []any:
		var b strings.Builder
		for _, item := range v {
			b.WriteString(norm(item) + ",")
		}
		return "[" + b.String() + "]"
	case map[string]any:
		all := map[string]string{}
		for key, item := range v {
			all[key] = norm(item)
		}
		return fmt.Sprint(all)
	case string:
		var inner any
		if v != "" && strings.Contains(`{["`, v[:1]) && json.Unmarshal([]byte(v), &inner) == nil {
			return "text " + norm(inner)
		}
		return v
	}
	return fmt.Sprintf("%v", v)
}
