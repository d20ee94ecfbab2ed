// Package redact takes secrets out of texts that people see.
//
// Servers and gateways echo what they were sent, and cut it anywhere: in a
// query escaped twice, in a page of HTML, in JSON, in base64 of all of it. So a
// [Redactor] looks for parts of a secret, not for the whole, and looks for them
// in the text as it is and as it reads once it is unescaped and decoded. No text
// of its shows more than [Shown] characters of a secret in a row, whatever was
// cut before; what is cut afterwards can't show more either.
package redact

import (
	"bytes"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/pattern"
)

// Shown is the longest part of a secret that a text may show.
const Shown = 4

// Mark stands in the place of what was hidden.
const Mark = "[redacted]"

// A Redactor knows some secrets. It may be used concurrently.
type Redactor struct{ whole, halves parts }

// New knows the secrets that aren't empty. In base64, of a fifth character most may
// be shown before it is whole: there four are too many.
func New(secrets ...string) *Redactor {
	return &Redactor{newParts(Shown+1, secrets), newParts(Shown, secrets)}
}

// parts are all parts of some secrets, of one width: that of a secret which is
// shorter is its own.
type parts struct {
	known  map[string]struct{}
	widths map[int]struct{}
}

func newParts(most int, secrets []string) parts {
	p := parts{map[string]struct{}{}, map[int]struct{}{}}
	for _, secret := range secrets {
		width := min(len(secret), most)
		if width == 0 {
			continue
		}
		p.widths[width] = struct{}{}
		for i := range len(secret) - width + 1 {
			p.known[secret[i:i+width]] = struct{}{}
		}
	}
	return p
}

// in hides the parts that stand in a view.
func (p parts) in(v view, hidden []bool) {
	for width := range p.widths {
		for i := range len(v.text) - width + 1 {
			if _, secret := p.known[string(v.text[i:i+width])]; secret {
				v.hide(hidden, i, i+width)
			}
		}
	}
}

// signature is what a request was signed with: it is of use to others for as long as
// the request would be taken.
var signature = pattern.Of(`(?i)signature["']?\s*[=:]\s*["']?([A-Za-z0-9+/=]{16,})`)

// Text is the text with a [Mark] in the place of each secret, part of one, and
// signature.
func (r *Redactor) Text(s string) string {
	hidden := make([]bool, len(s))
	r.look(reading(s), hidden, escapings, true)
	if !slices.Contains(hidden, true) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !hidden[i]:
			b.WriteByte(s[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}

// escapings is how often a text may have been escaped on its way: as a parameter,
// in the string to sign, by whoever quotes that, and by what carries the quote.
const escapings = 5

// look hides what a way of reading the text shows, and then what each way of
// reading that once more shows: unescaped, and once decoded from base64.
func (r *Redactor) look(v view, hidden []bool, left int, encoded bool) {
	if encoded {
		r.whole.in(v, hidden)
	} else {
		r.halves.in(v, hidden)
	}
	if bytes.ContainsAny(v.text, "=:") { // most texts, such as ids, have neither
		for _, found := range signature().FindAllSubmatchIndex(v.text, -1) {
			v.hide(hidden, found[2], found[3])
		}
	}
	if left == 0 {
		return
	}
	if encoded {
		for _, bits := range beginnings {
			r.look(v.decoded(bits), hidden, left-1, false)
		}
	}
	if plainer, any := v.unescaped(); any {
		r.look(plainer, hidden, left-1, encoded)
	}
}
