package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/redact"
	"github.com/flowreaper/flowreaper/policy"
)

// newClient returns a client that goes where it is sent and nowhere else. A
// function's instance is frozen between invocations, which kills connections:
// none is kept.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DisableKeepAlives = true
		transport = t
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// post sends the request and returns the answer. Its errors leave the URL out.
func (n *Notifier) post(request *http.Request) (*answer, error) {
	response, err := n.client.Do(request)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	after := response.Header.Get("Retry-After")
	if _, err := strconv.ParseUint(after, 10, 32); err != nil { // a date, or nonsense
		after = ""
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode < 200 || response.StatusCode >= 300 { // which says more than that its text is torn
		err = nil
	}
	return &answer{response.StatusCode, text, after}, err
}

// target is where a channel's messages go, read from the environment.
type target struct {
	url    *url.URL
	secret string
	hidden []string         // what no error may show
	parts  *redact.Redactor // and that of which none may show a part
}

// How long a value of a query and a part of a path are, in bytes, that may be secrets:
// there are ordinary words in both, and errors are made of those too.
const (
	secretValue = 8
	secretPath  = 16
)

func newTarget(channel policy.Channel, getenv func(string) string) (*target, error) {
	text, key := channel.URL, "url"
	if channel.URLEnv != "" {
		text, key = strings.TrimSpace(getenv(channel.URLEnv)), channel.URLEnv
		if text == "" {
			return nil, fmt.Errorf("the environment variable %s is not set; put the channel's URL there", channel.URLEnv)
		}
	}
	u, err := channel.Kind.ParseURL(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	t := &target{url: u, hidden: []string{text, u.RequestURI(), u.RawQuery, u.Path}}
	inParts := slices.DeleteFunc(strings.Split(u.Path, "/"), func(part string) bool { return len(part) < secretPath })
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		unescaped, _ := url.QueryUnescape(value)
		t.hidden = append(t.hidden, value, unescaped)
		if len(unescaped) >= secretValue {
			inParts = append(inParts, unescaped)
		}
	}
	if channel.SecretEnv != "" {
		if t.secret = strings.TrimSpace(getenv(channel.SecretEnv)); t.secret == "" {
			return nil, fmt.Errorf("the environment variable %s is not set; put the channel's secret there", channel.SecretEnv)
		}
		inParts = append(inParts, t.secret)
	}
	t.parts = redact.New(inParts...)
	return t, nil
}

// envelope is what is sent, for a kind to sign.
type envelope struct {
	url    url.URL
	header http.Header
	body   []byte
}

// request makes the request of a body, signed where there is a secret.
func (t *target) request(ctx context.Context, sign func(*envelope, string, time.Time), body []byte, now time.Time) (*http.Request, error) {
	e := &envelope{*t.url, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"flowreaper"}}, body}
	if sign != nil && t.secret != "" {
		sign(e, t.secret, now)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(e.body))
	if err != nil {
		return nil, err
	}
	request.Header = e.header
	return request, nil
}

func signWebhook(e *envelope, secret string, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(e.body)
	e.header.Set("X-Flowreaper-Timestamp", timestamp)
	e.header.Set("X-Flowreaper-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
}

// redact takes the URL's parts and the secret out of a text: an answer may
// repeat what it was sent. What is to be cut is redacted first.
func (t *target) redact(text string) string {
	hidden := slices.Clone(t.hidden)
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) }) // the whole before its parts
	for _, h := range hidden {
		if len(h) >= 4 { // a shorter one hides nothing and spoils the text
			text = strings.ReplaceAll(text, h, redact.Mark)
		}
	}
	return t.parts.Text(text)
}
