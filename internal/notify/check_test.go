package notify_test

import (
	"errors"
	"fmt"
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

const (
	wrongRange = "range goes over .Errors, the .Items of .Stopped, .Failed, .Withheld, .Undecided, .Warned or .Planned, or a slice of those"
	tooMuch    = `the template "text" does too much: more than 100000 steps, where lists have 100 items: put fewer ranges into each other`
)

// doubling are templates of which each calls the next one twice.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{{define "%d"}}{{template "%d" .}}{{template "%[2]d" .}}{{end}}`, i, i+1)
	}
	return b.String() + `{{template "0" .}}`
}

func TestTemplatesAreChecked(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{"of all that there is", `{{.Policy}}: {{.Stopped.Count}} stopped{{range .Failed.Items}}, {{.Flow}}{{end}}`, ""},
		{"that isn't one", `{{.Policy`, "text:1: unclosed action"},
		{"of a field that isn't there", `{{.Policies}}`, `text:1:2: executing "text" at <.Policies>: can't evaluate field Policies; there are: ` +
			`Version, Title, Text, Policy, Name, Account, Region, Endpoint, Flowreaper, Mode, Trigger, RunID, Time, Complete, Stopped, Failed, Withheld, Limit, Undecided, Warned, Planned, Errors, Left, Omitted`},
		{"of a field that isn't there, in a list", `{{range .Stopped.Items}}{{.Name}}{{end}}`,
			`text:1:26: executing "text" at <.Name>: can't evaluate field Name; there are: Flow, Execution, Rule, Outcome, Detail, Cause, StartedTime, Age, StopAt`},
		{"that reads", `{{env "SECRET"}}`, `text:1: function "env" not defined`},
		{"of too much text", strings.Repeat("xx", 66_000), "it has 132000 bytes; at most 131072 are allowed"},
		{"of lists within a list", `{{range .Stopped.Items}}{{.Flow}}{{range $i, $e := $.Errors}}{{$i}}{{end}}{{end}}`, ""},
		{"of a slice", `{{range slice .Stopped.Items 0 1}}{{printf "%-20s|%3d" .Flow 5}}{{end}}`, ""},
		{"of a list behind a name", `{{with $x := .Failed}}{{range $x.Items}}{{.Flow}}{{else}}none{{end}}{{end}}`, ""},
		{"of a time", `{{.Time.Format "15:04"}} {{(.Time.AddDate 0 0 1).Year}}`, ""},
		{"without end", `{{template "text" .}}`, `text:1:11: the template "text" calls itself, and would never end`},
		{"without end, by a detour", `{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{if false}}{{template "a"}}{{end}}{{end}}{{template "a"}}`,
			`text:1:74: the template "a" calls itself, and would never end`},
		{"over a number", `{{range 100000000000}}{{end}}`, `text:1:8: ` + wrongRange},
		{"over a count", `{{range .Stopped.Count}}{{end}}`, `text:1:8: ` + wrongRange},
		{"over a time", `{{range .Time.UnixNano}}{{end}}`, `text:1:8: ` + wrongRange},
		{"over a variable", `{{$n := 1000000000}}{{range $n}}{{end}}`, `text:1:28: ` + wrongRange},
		{"over a pipeline", `{{range .Errors | len}}{{end}}`, `text:1:8: ` + wrongRange},
		{"over a number, in its title", `{{define "title"}}{{range 9}}{{end}}{{end}}`, `text:1:26: ` + wrongRange},
		{"over a number, in a part", `{{define "items"}}{{range 9}}{{end}}{{end}}{{template "items"}}`, `text:1:26: ` + wrongRange},
		{"of three lists within each other", strings.Repeat(`{{range $.Errors}}`, 3) + strings.Repeat(`{{end}}`, 3), tooMuch},
		{"of templates that double", doubling(20), tooMuch},
		{"of texts that double", `{{$x := "xxxxxxxxxxxxxxxx"}}{{range .Errors}}` + strings.Repeat(`{{$x = print $x $x}}`, 16) + `{{end}}`,
			`text:1:312: executing "text" at <print $x $x>: error calling print: a text of more than 131072 bytes: too long`},
		{"of many texts", `{{$x := "xxxxxxxxxxxxxxxx"}}` + strings.Repeat(`{{$x = print $x $x}}`, 12) + strings.Repeat(`{{$y := print $x}}`, 30),
			`text:1:528: executing "text" at <print $x>: error calling print: the template makes texts of more than 1048576 bytes: too long`},
		{"of layouts that double", `{{$x := "11"}}{{range .Errors}}{{$x = $.Time.Format $x}}{{end}}`,
			`text:1:52: $.Time.Format takes a text of the template's own, as in {{.Time.Format "15:04"}}`},
		{"of layouts from a pipeline", `{{"11" | .Time.Format}}`, `text:1:9: .Time.Format takes nothing from a pipeline: write {{.Time.Format "15:04"}}`},
		{"of a width", `{{printf "%1000000d" 1}}`, `text:1:2: executing "text" at <printf "%1000000d" 1>: error calling printf: a width has at most three digits, which stand in the format`},
		{"of a width that is given", `{{printf "%[1]*d" 1 1000000}}`, `text:1:2: executing "text" at <printf "%[1]*d" 1 1000000>: error calling printf: a width has at most three digits, which stand in the format`},
		{"of many widths", `{{printf "` + strings.Repeat("%999d", 1100) + `" 1}}`, `a text of more than 131072 bytes: too long`},
		{"of the whole message", `{{printf "%[1]v%[1]v" .}}`, `text:1:2: executing "text" at <printf "%[1]v%[1]v" .>: error calling printf: print and its like take texts and numbers, not a *notify.Message`},
		{"that calls", `{{call .Policy}}`, `text:1:2: the function call is not for messages`},
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
			if strings.HasPrefix(test.name, "of many widths") { // the format is quoted
				got = got[:len("p.yaml:6:15: template: ")] + got[max(0, len(got)-len(test.want)):]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if _, err := notify.For(p, notify.Options{}); (err != nil) != (test.want != "") {
				t.Errorf("For: %v", err)
			}
		})
	}
}

// TestForAPolicy: the policy's channels are told, by the routes of its rules.
func TestForAPolicy(t *testing.T) {
	server := newReceiver(t, policy.Webhook)
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
