package cloudflow

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// redactor takes the secret, the token and signatures out of texts that people
// see. Servers echo what they were sent: a wrong signature is answered with
// the whole string to sign, in which the token is escaped twice.
type redactor struct {
	secrets *strings.Replacer
}

var signatureParameter = regexp.MustCompile(`Signature(=|%3D|%253D)[^&%\s"]+(%[0-9A-Fa-f]{2})*`)

func newRedactor(c Credentials) *redactor {
	var pairs []string
	for _, secret := range []string{c.AccessKeySecret, c.SecurityToken} {
		for _, form := range escapedForms(secret) {
			pairs = append(pairs, form, "[redacted]")
		}
	}
	return &redactor{strings.NewReplacer(pairs...)}
}

// escapedForms are a text as it is, and escaped once and twice, in a query's
// way and in a path's. Longest first: the replacer takes the first that fits.
func escapedForms(text string) []string {
	if text == "" {
		return nil
	}
	var forms []string
	for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape} {
		forms = append(forms, escape(escape(text)), escape(text))
	}
	return append(forms, text)
}

func (r *redactor) text(s string) string {
	return signatureParameter.ReplaceAllString(r.secrets.Replace(s), "Signature${1}[redacted]")
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
