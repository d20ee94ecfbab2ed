package notify

import (
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

//go:embed en.tmpl
var englishTemplate string

//go:embed zh.tmpl
var chineseTemplate string

// writer writes messages by a channel's templates: title, and text, which the
// channel's own replaces; it may define title anew.
type writer struct {
	templates *template.Template
	maker     *maker
}

func newWriter(c policy.Channel) (*writer, error) {
	source := englishTemplate
	if c.Language == policy.Chinese {
		source = chineseTemplate
	}
	w := &writer{maker: &maker{}}
	w.templates = template.Must(template.New("message").Funcs(w.maker.functions()).Parse(source))
	if c.Template == "" {
		return w, nil
	}
	if len(c.Template) > maxText {
		return nil, fmt.Errorf("it has %d bytes; at most %d are allowed", len(c.Template), maxText)
	}
	if _, err := w.templates.New("text").Parse(c.Template); err != nil {
		return nil, err
	}
	return w, weigh(w.templates, "title", "text")
}

// Check tries the templates and bodies of a policy's channels, the one thing in notify
// that only those who write the messages can check. The error, if any, is a
// [policy.Errors].
func Check(p *policy.Policy) error {
	var errs policy.Errors
	for _, c := range p.Notify {
		if err := checkTemplate(c); err != nil {
			errs = append(errs, c.TemplateError(err))
		}
		if _, err := parseBody(c.Body); err != nil && c.Body != "" {
			errs = append(errs, c.BodyError(err))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// checkTemplate parses the channel's template and tries it on a message, which
// finds the fields that don't exist.
func checkTemplate(c policy.Channel) error {
	w, err := newWriter(c)
	if err != nil {
		return err
	}
	return namingFields(w.write(sample()))
}

// sample is a message that has something of everything.
func sample() *Message {
	list := List{Count: 2, Items: []Item{{Flow: "flow", Execution: "execution", Rule: "rule", Outcome: "stopped", Detail: "detail", Cause: "cause", StartedTime: time.Unix(0, 0).UTC(), Age: "1s"}}, More: 1}
	return &Message{
		Place:  result.Place{Name: "place", Account: "account", Region: "region", Endpoint: "endpoint", Flowreaper: "version"},
		Policy: "policy", Mode: "enforce", Trigger: "timer", RunID: "run", Time: time.Unix(0, 0).UTC(),
		Stopped: list, Failed: list, Withheld: list, Undecided: list, Warned: list, Planned: list,
		Limit: &Limit{Name: "maxStops", Window: "1h"}, Errors: []result.ErrorNote{{Code: "code", Message: "message", Count: 1}},
		Left: &Left{Stops: 1, Time: "1s"},
	}
}

// namingFields has the error about a field that doesn't exist say which do.
func namingFields(err error) error {
	if err == nil {
		return nil
	}
	for _, t := range []reflect.Type{
		reflect.TypeFor[Message](), reflect.TypeFor[List](), reflect.TypeFor[Item](),
		reflect.TypeFor[Limit](), reflect.TypeFor[Left](), reflect.TypeFor[result.ErrorNote](),
	} {
		for _, name := range []string{t.String(), "*" + t.String()} {
			if text, ok := strings.CutSuffix(err.Error(), " in type "+name); ok {
				return errors.New(text + "; there are: " + fieldsOf(t))
			}
		}
	}
	return err
}

func fieldsOf(t reflect.Type) string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

const maxTitle = 200 // in characters

// write writes the message's title and text.
func (w *writer) write(m *Message) error {
	t := w.templates
	m.Text, w.maker.left = "", maxMade
	var title, text bounded
	if err := t.ExecuteTemplate(&title, "title", m); err != nil {
		return err
	}
	m.Title = plain.Clip(strings.TrimSpace(title.String()), maxTitle)
	if err := t.ExecuteTemplate(&text, "text", m); err != nil {
		return err
	}
	m.Text = strings.TrimSpace(text.String())
	return nil
}

type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, fmt.Errorf("the template writes more than %d bytes: %w", maxText, errTooLong)
	}
	return b.Builder.Write(p)
}

var errTooLong = errors.New("too long")
