package notify_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/policy"
)

// parse reads a policy with these channels.
func parse(t *testing.T, channels string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte("version: 1\nnotify:\n"+channels+"rules:\n  - {name: day, maxRuntime: 1d, notify: []}\n  - {name: hour, maxRuntime: 1h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTemplatesAreChecked(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{"of all that there is", `{{.Policy}}: {{.Stopped.Count}} stopped{{range .Failed.Items}}, {{.Flow}}{{end}}`, ""},
		{"that isn't one", `{{.Policy`, "text:1: unclosed action"},
		{"of a field that isn't there", `{{.Policies}}`, `text:1:2: executing "text" at <.Policies>: can't evaluate field Policies; there are: ` +
			`Version, Title, Text, Policy, Mode, Trigger, RunID, Time, Complete, Stopped, Failed, Withheld, Limit, Undecided, Errors, Left, Omitted`},
		{"of a field that isn't there, in a list", `{{range .Stopped.Items}}{{.Name}}{{end}}`,
			`text:1:26: executing "text" at <.Name>: can't evaluate field Name; there are: Flow, Execution, Rule, Outcome, Detail`},
		{"that reads", `{{env "SECRET"}}`, `text:1: function "env" not defined`},
		{"of too much text", `{{range 100000}}xx{{end}}`, "the template writes more than 131072 bytes: too long"},
		{"without end", `{{template "text" .}}`, `text:1:11: executing "text" at <{{template "text" .}}>: exceeded maximum template depth (100000)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := parse(t, "  - name: a\n    kind: webhook\n    urlEnv: A\n    template: '"+test.template+"'\n")
			err := notify.Check(p)
			got := ""
			if all := policy.Errors(nil); errors.As(err, &all) {
				got, _, _ = strings.Cut(all[0].Error(), "\n")
			}
			want := test.want
			if want != "" {
				want = "p.yaml:6:15: template: " + want
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if _, err := notify.For(p, notify.Options{}); (err != nil) != (test.want != "") {
				t.Errorf("For: %v", err)
			}
			if _, err := notify.New(p.Notify, notify.Options{}); (err != nil) != (test.want != "") {
				t.Errorf("New: %v", err)
			}
		})
	}
}

// TestForAPolicy: the policy's channels are told, by the routes of its rules.
func TestForAPolicy(t *testing.T) {
	server := newReceiver(t, notify.Webhook)
	n, err := notify.For(parse(t, "  - {name: channel, kind: webhook, url: \""+server.URL+"/\"}\n"), notify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]int{"day": 0, "hour": 1} {
		r := stops(1)
		r.Decisions[0].Rule = rule
		before := server.at("/")
		if errs := n.Send(t.Context(), r); len(errs) > 0 {
			t.Fatal(errs)
		}
		if got := server.at("/") - before; got != want {
			t.Errorf("of rule %s %d messages were sent, want %d", rule, got, want)
		}
	}
}
