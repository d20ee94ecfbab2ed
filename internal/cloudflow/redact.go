package cloudflow

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// redactor takes the secret, the token and signatures out of texts that people
// see. Servers echo what they were sent: a wrong signature is answered with
// the whole string to sign, in which the token is escaped twice.
type redactor struct {
	secrets *strings.Replacer
}

var signatureParameter = regexp.MustCompile(`(Signature(?:=|%(?:25)*3D))(?:[A-Za-z0-9+/=]|%(?:25)*(?:2B|2F|3D))+`)

func newRedactor(c Credentials) *redactor {
	var pairs []string
	for _, secret := range []string{c.AccessKeySecret, c.SecurityToken} {
		for _, form := range escapedForms(secret) {
			pairs = append(pairs, form, "[redacted]")
		}
	}
	return &redactor{strings.NewReplacer(pairs...)}
}

// escapings is how often a text may have been escaped on its way: once as a
// parameter, once in the string to sign, once more by whoever quotes that.
const escapings = 3

// escapedForms are a text as it is and escaped, in a query's way and in a
// path's.
func escapedForms(text string) []string {
	if text == "" {
		return nil
	}
	forms := []string{text}
	for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape} {
		escaped := text
		for range escapings {
			escaped = escape(escaped)
			forms = append(forms, escaped)
		}
	}
	return forms
}

// text is a text fit to be seen: without secrets, and without control
// characters, which could rewrite the terminal that it is shown on.
func (r *redactor) text(s string) string {
	s = signatureParameter.ReplaceAllString(r.secrets.Replace(s), "${1}[redacted]")
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
}

// err is an error whose text and chain are fit to be seen. A url.Error is
// replaced by what it wraps, since it names the whole URL, query and all; an
// error that still shows a secret is replaced by its redacted text.
func (r *redactor) err(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if err == nil {
		return nil
	}
	if text := r.text(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
