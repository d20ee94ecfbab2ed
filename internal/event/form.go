package event

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// looksLikeForm tells a form from JSON: JSON with an = in it begins with a
// brace, a bracket or a quote.
func looksLikeForm(body string) bool {
	return strings.Contains(body, "=") && !strings.ContainsAny(body[:1], `{["`)
}

// decodeForm reads an alarm as application/x-www-form-urlencoded. The documented
// sample has values that aren't escaped (unit=%): one that can't be unescaped is
// taken as it stands.
func decodeForm(body string) (map[string]any, error) {
	raw := map[string]any{}
	for pair := range strings.SplitSeq(body, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescape(key), unescape(value)
		if key == "timestamp" {
			value = withPlus(value)
		}
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, refuse("", "the form's field "+quote(key)+" is not UTF-8", "expected a form in UTF-8")
		}
		if _, twice := raw[key]; twice {
			return nil, refuse("", "the form's field "+quote(key)+" is given twice", "expected each field once")
		}
		raw[key] = value
	}
	if f := (&fields{raw: raw}); !f.isThreshold() && !f.isSubscription() {
		return nil, refuse("", "neither JSON nor the form of an alert: "+quote(body), expectedShapes)
	}
	return raw, nil
}

// withPlus gives a time's offset its + back: where it wasn't escaped, it reads
// as a space.
func withPlus(text string) string {
	if date, offset, ok := strings.Cut(text, " "); ok && strings.Contains(date, "T") {
		return date + "+" + offset
	}
	return text
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
