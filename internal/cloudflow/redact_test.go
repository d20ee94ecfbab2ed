package cloudflow

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/plain"
)

var stsCredentials = Credentials{
	AccessKeyID:     "STS.NUgYrLnoC37mZZCNnAbez",
	AccessKeySecret: "CVwjCkNzTMupZ8NbTCxCBRq3K16jtcWFTJAyBEv2",
	SecurityToken: "CAISvQJ1q6Ft5B2yfSjIr5bZJe/+rK1i9oeOU0DIpnQUWNpkiaOTkzz2IHhMeXRsA+4btfs3nGFT5/YflrhtVp5HREHec9t99spgrgd" +
		"+pMyJv6fLtYqQnXaVY7Nrh2bCjUuMbEhLwzKxGP8vDsFRoTdWme01Zi4S3lA/O7QkgVy5Xn==",
}

// echoes are what gateways make of what they were sent.
var echoes = map[string]func(string) string{
	"as it is":        func(s string) string { return s },
	"URL":             url.QueryEscape,
	"URL, twice":      func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"HTML":            func(s string) string { return html.EscapeString(strings.ReplaceAll(s, "+", "&#43;")) },
	"JSON":            func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
	"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x-token: " + s)) },
	"base64 of a URL": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("t=" + url.QueryEscape(s))) },
}

// places are where an answer can echo; the text is at the cutting's mercy.
var places = map[string]func(echo string) *http.Response{
	"a page":       func(e string) *http.Response { return answer(502, "<html><h1>502 Bad Gateway</h1> "+e) },
	"a short page": func(e string) *http.Response { return answer(502, e) },
	"a long page":  func(e string) *http.Response { return answer(502, strings.Repeat("x", maxErrorBody-30)+e) },
	"the message": func(e string) *http.Response {
		return answer(403, apiError("SignatureDoesNotMatch", "string to sign: "+e))
	},
	"after a while": func(e string) *http.Response { return answer(403, apiError("X", strings.Repeat("long ", 196)+e)) },
	"the code":      func(e string) *http.Response { return answer(400, apiError(e, "m")) },
	"the id":        func(e string) *http.Response { return answer(400, fmt.Sprintf(`{"RequestId":%q,"Code":"C"}`, e)) },
	"the id's header": func(e string) *http.Response {
		r := answer(502, "")
		r.Header.Set("X-Acs-Request-Id", e)
		return r
	},
	"the header of a torn answer": func(e string) *http.Response {
		r := answer(200, `{"Name":`)
		r.Header.Set("X-Acs-Request-Id", e)
		return r
	},
	"a redirect": func(e string) *http.Response {
		r := answer(302, "")
		r.Header.Set("Location", "https://"+strings.Map(hostOnly, e)+".example.com/")
		return r
	},
	"StartedTime":    func(e string) *http.Response { return answer(200, fmt.Sprintf(`{"Name":"run-1","StartedTime":%q}`, e)) },
	"FlowName":       func(e string) *http.Response { return answer(200, fmt.Sprintf(`{"Name":"run-1","FlowName":%q}`, e)) },
	"Name":           func(e string) *http.Response { return answer(200, fmt.Sprintf(`{"Name":%q,"FlowName":"f"}`, e)) },
	"a key":          func(e string) *http.Response { return answer(200, fmt.Sprintf(`{%q:1,%[1]q:2}`, e)) },
	"what is behind": func(e string) *http.Response { return answer(200, `{"Name":"run-1"}`+e) },
}

func hostOnly(c rune) rune {
	if strings.ContainsRune("+/=%&#;\\: ", c) {
		return '-'
	}
	return c
}

// Whatever a gateway echoes, and wherever it is cut on its way here or in the
// error: not five characters of the secret or the token are shown in a row.
func TestNoGatewaySeesToItThatASecretIsShown(t *testing.T) {
	for place, answer := range places {
		for encoding, echo := range echoes {
			for name, secret := range map[string]string{"secret": stsCredentials.AccessKeySecret, "token": stsCredentials.SecurityToken} {
				for _, lost := range []int{0, 1, 25} { // the beginning, too, may be cut
					c := once(t, script(func() (*http.Response, error) { return answer(echo(secret)[lost:]), nil }),
						func(o *Options) { o.Credentials = stsCredentials })
					_, err := c.DescribeExecution(t.Context(), "f", "run-1", 0)
					e, ok := errors.AsType[*Error](err)
					if !ok {
						t.Fatalf("%s: %v", place, err)
					}
					for _, shown := range []string{e.Error(), e.Code, e.Message, e.RequestID, fmt.Sprint(e.Err)} {
						if part := readable(shown, secret); part != "" {
							t.Fatalf("the %s in %s, %s: %s of it can be read in %s", name, place, encoding, part, shown)
						}
					}
				}
			}
		}
	}
}

// readable is a part of a secret that can be read in a text: as it is, unescaped, and
// decoded from every place on.
func readable(shown, secret string) string {
	texts, last := unescapings(shown), ""
	for from := range shown {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			decoded := make([]byte, 30) // enough for five characters, escaped
			n, _ := encoding.Decode(decoded, []byte(shown[from:min(from+40, len(shown))]))
			if part := string(decoded[:n]); n > 4 && part != last { // the alphabets mostly agree
				texts, last = append(texts, unescapings(part)...), part
			}
		}
	}
	parts := map[string]bool{}
	for i := range len(secret) - 4 {
		parts[secret[i:i+5]] = true
	}
	for _, text := range texts {
		for i := range len(text) - 4 {
			if parts[text[i:i+5]] {
				return text[i : i+5]
			}
		}
	}
	return ""
}

var escaped = regexp.MustCompile("(?i)%[0-9a-f]{2}")

func unescapings(text string) []string {
	once := func(s string) string {
		if !strings.Contains(s, "%") {
			return s
		}
		return escaped.ReplaceAllStringFunc(s, func(e string) string { c, _ := url.PathUnescape(e); return c })
	}
	return []string{text, once(text), once(once(text)), html.UnescapeString(text), strings.ReplaceAll(strings.ReplaceAll(text, `\\`, `\`), `\/`, "/"), strings.ReplaceAll(text, "~1", "/")}
}

// The id of a success goes into reports.
func TestTheIDOfASuccessShowsNoSecret(t *testing.T) {
	c := once(t, script(says(200, fmt.Sprintf(`{"Name":"run-1","FlowName":"f","RequestId":"\u202e%s"}`, stsCredentials.SecurityToken))),
		func(o *Options) { o.Credentials = stsCredentials })
	e, err := c.StopExecution(t.Context(), Stop{FlowName: "f", ExecutionName: "run-1"})
	if err != nil || e.RequestID != " [redacted]" {
		t.Errorf("%q, %v", e.RequestID, err)
	}
}

// What a gateway answers in place of the API is no reason to fill a report.
func TestErrorsAreOfABoundedLength(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	for _, body := range []string{apiError(long, long), fmt.Sprintf(`{"RequestId":%q,"Message":%[1]q}`, long), long} {
		_, err := once(t, script(says(500, body))).DescribeFlow(t.Context(), "f")
		if len(err.Error()) > 2000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}

func TestErrorsTurnNoLineAround(t *testing.T) {
	hostile := "\u202e\u009b31m\u200b\u2028\U000e0041"
	for place, answer := range places {
		c := once(t, script(func() (*http.Response, error) { return answer(hostile), nil }))
		_, err := c.DescribeExecution(t.Context(), "f", "run-1", 0)
		if err == nil || strings.IndexFunc(err.Error(), plain.Deceives) >= 0 {
			t.Errorf("%s: %q", place, err)
		}
	}
}
