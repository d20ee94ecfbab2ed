package hostile

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// The secrets have every character that some encoding changes, and no five in a
// row that anything else prints.
const (
	keySecret = `Zq3/Vk+8Wn=Yt7Rb5Xd1Qs9Lm2Hc4Gf6`
	token     = `CAISx9wJ1q/6FtX+5BzN/2YfQ==SjIrZ&b4HcW"Vx8K<kPzT>'QmG7~LwD%WdM\NgR|9TqY+Xz3/UvB5==Jk4LpQ7RsT2Uw`
)

// leaks are texts of which none may be seen: every five characters of a secret
// in a row, in every encoding that a gateway echoes, and as JSON quotes that.
// They are found by their first five bytes, so that a text is read once.
var leaks = func() map[string][]string {
	all := map[string][]string{}
	add := func(text string) { all[text[:5]] = append(all[text[:5]], text) }
	for _, secret := range []string{keySecret, token, channelToken} {
		for i := range len(secret) - 4 {
			for _, form := range encoded(secret[i : i+5]) {
				quoted, _ := json.Marshal(form) // a text's can't fail
				add(form)
				add(strings.Trim(string(quoted), `"`))
			}
		}
		// Base64 depends on what stands before. Of eight of its characters more
		// than four of the secret can be read.
		for before := range 3 {
			text := base64.RawStdEncoding.EncodeToString([]byte("xxx"[:before] + secret))
			for i := 4; i+8 <= len(text)-4; i++ {
				add(text[i : i+8])
			}
		}
	}
	return all
}()

var escape = regexp.MustCompile("%[0-9A-F]{2}")

// encoded are the ways in which gateways echo what they were sent.
func encoded(text string) []string {
	quoted, _ := json.Marshal(text) // a text's can't fail
	once := url.QueryEscape(text)
	return []string{
		text, once, escape.ReplaceAllStringFunc(once, strings.ToLower), url.QueryEscape(once), url.PathEscape(text), html.EscapeString(text),
		strings.Trim(string(quoted), `"`),
	}
}

// leaked is some leak in a text; "" if there is none.
func leaked(text string) string {
	for i := range len(text) - 4 {
		for _, leak := range leaks[text[i:i+5]] {
			if strings.HasPrefix(text[i:], leak) {
				return leak
			}
		}
	}
	return ""
}

// fitToBeSeen looks at all that a run printed: no secrets, no crash, and nothing
// that could rewrite the screen that it is read on.
func (r *result) fitToBeSeen() {
	r.Helper()
	for _, text := range []string{r.stdout, r.stderr} {
		if leak := leaked(text); leak != "" {
			r.Errorf("%q of a secret is printed\n%s", leak, r)
		}
		for _, c := range text {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
				r.Errorf("%U is printed raw\n%s", c, r)
				break
			}
		}
		for _, crash := range []string{"panic", "goroutine ", "runtime error"} {
			if strings.Contains(text, crash) {
				r.Errorf("it crashed: %q is printed\n%s", crash, r)
			}
		}
	}
}
