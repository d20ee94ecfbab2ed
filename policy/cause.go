package policy

import (
	"strings"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// maxCause is how long a cause may be. The API says 4,096 characters and not
// what it counts; no text of so many bytes has more by any count.
const maxCause = 4096

// Cause is the text for StopExecution: the rule's cause template, or the
// reason where there is none or it fails, cut on a rune boundary to fit 4,096
// bytes with the tail behind it. Control characters are escaped. Of the tail it is
// given what the verdict doesn't say: the run, when it began, and by whom.
func (p *Policy) Cause(v Verdict, t Tail) string {
	if v.Rule == nil {
		return ""
	}
	tail := p.tail(v.Rule.Name, t)
	return cut(expression.Escape(v.human()), maxCause-len(tail)) + tail
}

// tail is what follows a cause, and is never cut.
func (p *Policy) tail(rule string, t Tail) string {
	t.Policy, t.Hash, t.Rule = p.Name, strings.TrimPrefix(p.Hash, hashPrefix)[:8], rule
	return " " + t.String()
}

// human is the part of the cause that people read.
func (v Verdict) human() string {
	if v.Rule.cause != nil {
		text, err := v.Rule.cause.Format(v.again())
		if text = strings.TrimSpace(text); err == nil && text != "" {
			return text
		}
	}
	return v.Rule.reason(v.again())
}

// cut cuts a text to so many bytes, between characters.
func cut(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	end := max(0, most-len(ellipsis))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
