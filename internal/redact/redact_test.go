package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// encodings are what gateways do to what they echo, a character at a time.
var encodings = map[string]func(string) string{
	"plain":         func(s string) string { return s },
	"query":         url.QueryEscape,
	"path":          url.PathEscape,
	"all percent":   each("%%%02x"),
	"decimal":       each("&#%d;"),
	"hexadecimal":   each("&#x%X;"),
	"HTML":          html.EscapeString,
	"HTML's names":  strings.NewReplacer("+", "&plus;", "/", "&sol;", "=", "&equals;", "%", "&percnt;", "&", "&amp;", ";", ";").Replace,
	"JSON":          quoted,
	"JSON, solidus": func(s string) string { return strings.ReplaceAll(quoted(s), "/", `\/`) },
	"JSON, all":     each(`\u%04x`),
	"hex":           each(`\x%02x`),
	"pointer":       strings.NewReplacer("~", "~0", "/", "~1").Replace,
}

func each(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, format, s[i])
		}
		return b.String()
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text[1 : len(text)-1])
}

// path is what a text went through: escaped, encoded in base64 perhaps, and
// escaped again.
type path struct {
	before, after []string
	base64        *base64.Encoding
}

func (p path) escape(s string, names []string) string {
	for _, name := range names {
		s = encodings[name](s)
	}
	return s
}

func (p path) encode(s string) string {
	s = p.escape(s, p.before)
	if p.base64 != nil {
		s = p.base64.EncodeToString([]byte(s))
	}
	return p.escape(s, p.after)
}

// form is how a part of a text looks at the path's end.
func (p path) form(before, part, behind string) string {
	before, part, behind = p.escape(before, p.before), p.escape(part, p.before), p.escape(behind, p.before)
	if p.base64 != nil {
		coded := p.base64.EncodeToString([]byte(before + part + behind))
		from, to := len(before)*8/6, ((len(before)+len(part))*8+5)/6
		part = coded[from:to]
	}
	return p.escape(part, p.after)
}

func anyPath(t *rapid.T) path {
	names := rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(encodings))), 0, 2)
	p := path{before: names.Draw(t, "before"), after: names.Draw(t, "after")}
	p.base64 = rapid.SampledFrom([]*base64.Encoding{nil, base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding}).Draw(t, "base64")
	return p
}

// Whatever a gateway did to the text with the secret, and wherever it was cut
// before and after: no five characters of the secret in a row are left.
func TestNoPartOfASecretIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.Permutation([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")).Draw(t, "letters")
		secret := string(letters[:rapid.IntRange(12, 64).Draw(t, "length")]) + rapid.SampledFrom([]string{"", "=", "=="}).Draw(t, "end")
		around := rapid.StringMatching(`[ -~]{0,12}`)
		p := anyPath(t)
		before, behind := around.Draw(t, "before"), around.Draw(t, "behind")
		text := p.encode(before + secret + behind)
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		if rapid.Bool().Draw(t, "whole") {
			from, to = 0, len(text)
		}
		shown := New("another-secret", secret).Text(text[from:to])
		if end := rapid.IntRange(0, len(shown)).Draw(t, "cut"); rapid.Bool().Draw(t, "cut after") {
			shown = shown[:end]
		}
		for i := range len(secret) - Shown {
			part := secret[i : i+Shown+1]
			if form := p.form(before+secret[:i], part, secret[i+Shown+1:]+behind); strings.Contains(shown, form) {
				t.Fatalf("%s, as %s, is in %s", part, form, shown)
			}
		}
	})
}

const token = "CAISvQJ1q6Ft5B2yfSjIr5bZJe/+rK1i9oeOU0DIpnQUWNpkiaOTkzz2IHhMeXRsA+4btfs3nGFT5/YflrhtVp5HREHec9t99spgrgd=="

func TestTexts(t *testing.T) {
	r := New(token, "abcdefghijKLMNOPQRST0123456789", "", "pin")
	for text, want := range map[string]string{
		"":                       "",
		"no secret, 100% of it":  "no secret, 100% of it",
		"<a&b> \\ \\u12 %zz &#x": "<a&b> \\ \\u12 %zz &#x",
		"token " + token + ".":   "token [redacted].",
		"cut: " + token[:9]:      "cut: [redacted]",
		"four: " + token[:4]:     "four: CAIS",
		"the pin is pin":         "the [redacted] is [redacted]",
		"Signature=abc%2Bdefghijklmnop%3D&SignatureNonce=1": "Signature=[redacted]&SignatureNonce=1",
		`{"Signature":"abcdefghijklmnopqrst="}`:             `{"Signature":"[redacted]"}`,
		"Signature%253Dabcdefghijklmnopqrst%25253D%26x":     "Signature%253D[redacted]%26x",
		"a signature: does it match?":                       "a signature: does it match?",
		token[:20] + " and " + token[30:50]:                 "[redacted] and [redacted]",
		"wrapped " + base64.StdEncoding.EncodeToString([]byte("key:" + token))[:40] + "\n" + base64.StdEncoding.EncodeToString([]byte("key:" + token))[40:]: "wrapped a2V5O[redacted]==",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("%", "&#")
	f.Add(`\u`, "secret")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if got := New(secret).Text(text); len(secret) > Shown && strings.Contains(got, secret) && !strings.Contains(Mark, secret) {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}
