package notify

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// robot is how a vendor's robots answer: with a code and a message in JSON, and HTTP 200
// whatever they say, or as Slack does with a word for a code.
type robot struct {
	name          string
	code, message string // keys of the answer; none: it is a word
	hints         []hint
}

// hint is the next step after a refusal.
type hint struct {
	code string
	part string // of the message, in lower case, which tells refusals of one code apart; "" is in any
	text string
}

// Next steps that more than one vendor's refusals have.
const (
	checkURL    = "the robot is gone, or has another URL now: copy the URL from the group's settings"
	keyword     = "the robot asks for a keyword: make it flowreaper, which is in every message of flowreaper's own; a template must have it, too"
	wrongSecret = "secretEnv must name the variable that holds the robot's secret, which its security settings show"
	shorten     = "shorten the channel's template"
)

// answer is a far end's.
type answer struct {
	status int
	text   []byte
	after  string // when it may be asked again, where it says so
}

// check says why a robot, or with none any other far end, didn't take a message; nil: it
// did. What is quoted of the answer is redacted.
func (a *answer) check(r *robot, redact func(string) string) error {
	code, message, ok := r.read(a)
	switch {
	case ok && (code == "0" || code == "ok"):
		return nil
	case a.status >= 300 && a.status < 400:
		return fmt.Errorf("the answer is a redirect (HTTP %d), which is not followed; give the URL it leads to", a.status)
	case ok:
		return errors.New(r.refused(a.status, code, cleanText(redact(message), maxDetail)) + a.waiting())
	case a.status < 200 || a.status >= 300:
		return fmt.Errorf("the answer is HTTP %d%s", a.status, a.waiting())
	case r != nil:
		return fmt.Errorf("the answer is not %s's: no %s in it; check the URL", r.name, cmp.Or(r.code, "ok"))
	}
	return nil
}

// waiting says when a far end that is asked too often takes messages again.
func (a *answer) waiting() string {
	if a.status != http.StatusTooManyRequests || a.after == "" {
		return ""
	}
	return fmt.Sprintf("; it takes messages again after %s s", a.after)
}

// read is the code and the message of an answer; not ok: it is none of the robot's.
func (r *robot) read(a *answer) (code, message string, ok bool) {
	switch {
	case r == nil:
		return "", "", false
	case r.message == "":
		word := strings.TrimSpace(string(a.text))
		return word, "", isCode(word)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(a.text, &fields) != nil {
		return "", "", false
	}
	var number json.Number
	if json.Unmarshal(fields[r.code], &number) != nil {
		return "", "", false
	}
	_ = json.Unmarshal(fields[r.message], &message) // without one there is the code
	return number.String(), message, true
}

// isCode says whether a text is one of the words that Slack answers.
func isCode(word string) bool {
	return word != "" && len(word) <= 64 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// refused says what the robot answered, and the next step.
func (r *robot) refused(status int, code, message string) string {
	text := fmt.Sprintf("%s answered %s %s", r.name, cmp.Or(r.code, fmt.Sprintf("HTTP %d", status)), code)
	if message != "" {
		text += ": " + message
	}
	for _, h := range r.hints {
		if h.code == code && strings.Contains(strings.ToLower(message), h.part) {
			return text + "; " + h.text
		}
	}
	return text
}
