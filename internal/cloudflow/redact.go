package cloudflow

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/redact"
)

// redactor takes the secret, the token and signatures out of texts that people
// see. Servers echo what they were sent: a wrong signature is answered with
// the whole string to sign, in which the token is escaped twice.
type redactor struct{ secrets *redact.Redactor }

func newRedactor(c Credentials) *redactor {
	return &redactor{redact.New(c.AccessKeySecret, c.SecurityToken)}
}

// text is a text fit to be seen: without secrets, and without what could
// rewrite the terminal that it is shown on, or turn its lines around.
func (r *redactor) text(s string) string {
	return strings.Map(func(c rune) rune {
		if plain.Deceives(c) {
			return ' '
		}
		return c
	}, r.secrets.Text(s))
}

// short is a text of at most so many characters. It is cut once it is redacted.
func (r *redactor) short(s string, most int) string { return plain.Clip(r.text(s), most) }

// quote is a text in quotes, cut once it is redacted.
func (r *redactor) quote(s string, most int) string {
	return strconv.Quote(plain.Clip(r.secrets.Text(s), most))
}

// The lengths, in characters, of what errors repeat: far more than the API's own,
// and little of what a gateway puts in its place.
const (
	longestMessage = 1000
	longestName    = 200 // codes and request ids
)

// err is an error whose text and chain are fit to be seen. A url.Error is
// replaced by what it wraps, since it names the whole URL, query and all; an
// error that still shows a secret, or too much, is replaced by its redacted text.
func (r *redactor) err(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if err == nil {
		return nil
	}
	if text := r.short(err.Error(), longestMessage); text != err.Error() {
		return errors.New(text)
	}
	return err
}
