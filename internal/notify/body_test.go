package notify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// sent is what a webhook with this body is sent of a report.
func sent(t *testing.T, body string, r *result.Report) string {
	t.Helper()
	transport := &recorder{}
	n := newNotifier(t, []policy.Channel{{Name: "hook", Kind: policy.Webhook, URL: "https://example.com/", Body: body}}, notify.Options{Transport: transport})
	if errs := n.Send(t.Context(), r); errs != nil {
		t.Fatal(errs)
	}
	return string(transport.body)
}

func TestBody(t *testing.T) {
	quoted := stops(1)
	quoted.Decisions[0].Flow, quoted.Decisions[0].Reason = `"},{"a`, "x"
	for _, test := range []struct{ body, want string }{
		{`{"n": ${stopped.count}, "more": "${stopped.count} of ${ stopped.count }"}`, `{"n":1,"more":"1 of 1"}`},
		{`["${policy}", ${policy}, ${complete}, "${complete}"]`, `["p","p",true,"true"]`},
		{`{"flow": "${stopped.items.0.flow}", "next": "${stopped.items.1.flow}", "bare": ${stopped.items.1.flow}}`, `{"flow":"\"},{\"a","next":"","bare":null}`},
		{`{"limit": ${limit}, "left": "${left.time}", "time": ${time}}`, `{"limit":null,"left":"","time":"2026-08-02T01:00:00Z"}`},
		{`{"${policy}": "$${policy} \\${policy} \"${policy}\""}`, `{"p":"${policy} \\p \"p\""}`},
		{`${failed}`, `{"count":0}`},
		{`"${failed}"`, `"{\"count\":0}"`},
		{`{"fixed": "\u00e9"}`, `{"fixed":"\u00e9"}`},
	} {
		if diff := cmp.Diff(test.want, sent(t, test.body, quoted)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.body, diff)
		}
	}
}

// In a fleet a message names its place: to a template, in a body of one's own, in
// flowreaper's JSON.
func TestThePlaceOfAMessage(t *testing.T) {
	channel := policy.Channel{Name: "hook", Kind: policy.Webhook, URL: "https://example.com/", Template: "{{with .Name}}in {{.}}{{else}}nowhere{{end}}"}
	for name, want := range map[string]string{"orders": `{"at":"orders","text":"in orders"}`, "": `{"at":"","text":"nowhere"}`} {
		r := stops(1)
		r.Place.Name = name
		for _, body := range []string{`{"at": "${place}", "text": "${text}"}`, ""} {
			channel.Body = body
			transport := &recorder{}
			if errs := newNotifier(t, []policy.Channel{channel}, notify.Options{Transport: transport}).Send(t.Context(), r); errs != nil {
				t.Fatal(errs)
			}
			var got struct{ At, Place, Text string }
			if err := json.Unmarshal(transport.body, &got); err != nil {
				t.Fatal(err)
			}
			if shown := fmt.Sprintf(`{"at":%q,"text":%q}`, got.At+got.Place, got.Text); shown != want {
				t.Errorf("place %q, body %q: got %s, want %s", name, body, shown, want)
			}
		}
	}
}

func TestBodiesAreChecked(t *testing.T) {
	for body, want := range map[string]string{
		`{"a": "${title}"}`:             "",
		`{"a": "${stoped.count}"}`:      `${stoped.count}: there is no stoped; did you mean "stopped"?`,
		`{"a": "${stopped.size}"}`:      "${stopped.size}: there is no size; there are: count, items, more",
		`{"a": "${title.x}"}`:           "${title.x}: there is no x; there are: none",
		`{"a": "${.Title}"}`:            "${.Title}: between the braces stands a field of the message, such as ${title} or ${stopped.count}; write $${ for the characters themselves",
		`{"a": "${title"}`:              `${title"}: between the braces stands a field of the message, such as ${title} or ${stopped.count}; write $${ for the characters themselves`,
		`{"a": "${title"`:               "a ${ is never closed with }; write $${ for the characters themselves",
		`{"a": "\${title}"}`:            "${title} stands within an escape: write two backslashes for one",
		`{"a": "\u00${planned.count}"}`: "${planned.count} stands within an escape: write two backslashes for one",
		`{"a": 1${stopped.count}}`:      "${stopped.count} stands beside something else: put it in quotes, or where a value stands alone",
		`{"a": ${stopped.count}0}`:      "${stopped.count} stands beside something else: put it in quotes, or where a value stands alone",
		`{${limit.name}: 1}`:            "${limit.name} stands beside something else: put it in quotes, or where a value stands alone",
		`{"a": "${title}}`:              `it isn't JSON once it is filled in: unexpected end of JSON input: "{\"a\": \"}"`,
		`{"a": ${title},}`:              `it isn't JSON once it is filled in: invalid character '}' looking for beginning of object key string: "{\"a\": \"\",}"`,
		`text: ${title}`:                `it isn't JSON once it is filled in: invalid character 'e' in literal true (expecting 'r'): "te"`,
		strings.Repeat("1", 132000):     "it has 132000 bytes; at most 131072 are allowed",
	} {
		p := parse(t, "  - name: a\n    kind: webhook\n    urlEnv: A\n    body: '"+body+"'\n")
		got := ""
		if all := policy.Errors(nil); errors.As(notify.Check(p), &all) {
			got, _, _ = strings.Cut(all[0].Error(), "\n")
		}
		if want != "" {
			want = "p.yaml:6:11: body: " + want
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
}

// TestNothingBreaksOut: whatever a message says, a body that was taken stays JSON of the same form.
func TestNothingBreaksOut(t *testing.T) {
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		body := anyBody(rt, 2)
		if rapid.IntRange(0, 2).Draw(rt, "whole") == 0 {
			at := rapid.IntRange(0, len(body)).Draw(rt, "at")
			body = body[:at] + rapid.SampledFrom([]string{`"`, `\`, `\u00`, `1`, `,`, `}`, ` `, `${title}`, `"${limit}"`, `$`}).Draw(rt, "slip") + body[at:]
		}
		var came []byte
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			came, _ = io.ReadAll(r.Body)
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
		})
		p := &policy.Policy{Notify: []policy.Channel{{Name: "hook", Kind: policy.Webhook, URL: "https://example.com/", Body: body}}}
		var forms []string
		for _, name := range []string{"x", rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\"\\{}[],:0tn\n$u"))), 1, 20, -1).Draw(rt, "name")} {
			n, err := notify.For(p, notify.Options{Transport: transport})
			if err != nil {
				return
			}
			if errs := n.Send(t.Context(), named(name)); errs != nil {
				rt.Fatalf("%s: %v", body, errs)
			}
			var value any
			if err := json.Unmarshal(came, &value); err != nil {
				rt.Fatalf("%s: %v: %s", body, err, came)
			}
			forms = append(forms, form(value))
		}
		taken++
		if forms[0] != forms[1] {
			rt.Errorf("%s has two forms: %s and %s", body, forms[0], forms[1])
		}
	})
	if taken < 20 {
		t.Errorf("%d bodies were taken", taken)
	}
}

// anyBody is a body of what may stand in one.
func anyBody(t *rapid.T, depth int) string {
	fields := []string{`${title}`, `${stopped.count}`, `${stopped.items.0.flow}`, `${stopped.items.7.flow}`, `${limit.name}`, `${left}`, `${failed}`, `${text}`}
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind == 0:
		return rapid.SampledFrom([]string{`1`, `-0.5e3`, `null`, `true`, `""`, `"\u00e9\\"`}).Draw(t, "constant")
	case kind == 1:
		return rapid.SampledFrom(fields).Draw(t, "bare")
	case kind < 4 || depth == 0:
		return `"` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(fields, `a`, `\\`, `\"`, `$${`, `$`, `}`)), 0, 4).Draw(t, "quoted"), "") + `"`
	case kind == 4:
		return `[` + anyBody(t, depth-1) + `, ` + anyBody(t, depth-1) + `]`
	}
	return `{"a": ` + anyBody(t, depth-1) + `, "k${policy}": ` + anyBody(t, depth-1) + `}`
}

// form is a value with a mark in the place of each text, but for keys of its own.
func form(value any) string {
	switch v := value.(type) {
	case []any:
		text := "["
		for _, item := range v {
			text += form(item) + ","
		}
		return text + "]"
	case map[string]any:
		var parts []string
		for key, item := range v {
			parts = append(parts, key[:1]+form(item))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case string:
		return "text"
	}
	text, _ := json.Marshal(value)
	return string(text)
}
