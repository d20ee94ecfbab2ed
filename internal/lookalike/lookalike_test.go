package lookalike

import "testing"

func TestFirst(t *testing.T) {
	for text, want := range map[string]string{
		`flow.name == "a"`: "",
		"超时 ok":            "",
		"a “b”":            `“ (U+201C) must be a plain "`,
		"：，":               "： (U+FF1A) must be a plain :",
		"Mon–Fri":          "– (U+2013) must be a plain -",
		"２h":               "２ (U+FF12) must be a plain 2",
		"～":                "～ (U+FF5E) must be a plain ~",
		"a\u00a0b":         "U+00A0 must be a plain blank",
		"a（":               "（ (U+FF08) must be a plain (",
	} {
		if _, got := First(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if at, _ := First("中文，"); at != 2 {
		t.Errorf("at %d", at)
	}
}

func TestHint(t *testing.T) {
	for message, want := range map[string]string{
		`unknown key "a"`:                 "",
		`unknown key "\u00a0 maxRuntime"`: "; U+00A0 must be a plain blank",
		`the text "a–b"`:                  "; – (U+2013) must be a plain -",
		"– (U+2013) must be a plain -":    "",
	} {
		if got := Hint(message); got != want {
			t.Errorf("%s: %s, want %s", message, got, want)
		}
	}
}
