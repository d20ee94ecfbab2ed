package plain

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"etl-夜间 «ok» 🙂":        "etl-夜间 «ok» 🙂",
		"\x1b[31m\a\r\n\t\x7f": `\x1b[31m\x07\x0d\x0a\x09\x7f`,
		"\u009b31m":            `\u009b31m`,
		"a\u202eb\u200bc":      `a\u202eb\u200bc`,
		"\U000e0041":           `\U000e0041`,
		"bad \xff utf-8":       `bad \xff utf-8`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := Lines("a\n\tb\r\u202e"), "a\n\tb\\x0d\\u202e"; got != want {
		t.Errorf("Lines: %q, want %q", got, want)
	}
}

// Whatever is escaped in JSON, it says the same.
func TestJSONSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.OneOf(rapid.String(), rapid.StringMatching("[\u009b\u202e\u200b\U000e0041\n\t\x1b\x7fa\"\\\\]{0,20}")).Draw(t, "text")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		shown := JSON(string(text))
		if strings.IndexFunc(shown, Deceives) >= 0 {
			t.Errorf("a raw character in %q", shown)
		}
		var got string
		if err := json.Unmarshal([]byte(shown), &got); err != nil || got != want {
			t.Errorf("%q for %q: %v", got, want, err)
		}
	})
}
