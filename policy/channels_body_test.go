package policy

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBodies(t *testing.T) {
	for body, want := range map[string]string{
		`{"text": "${title}", "n": [1, -2.5, true, null, "<&>"], "o": {}, "l": []}`:                      `{"text":"${title}","n":[1,-2.5,true,null,"<&>"],"o":{},"l":[]}`,
		"\n      title: ${title}\n      on: [x]\n      none: ~\n      late: |\n        a\n        \"b\"": `{"title":"${title}","on":["x"],"none":null,"late":"a\n\"b\"\n"}`,
		"|\n      {\"n\": ${stopped.count}}":                                                             "{\"n\": ${stopped.count}}\n",
		"'[\"${title}\"]'":                                                                               `["${title}"]`,
		`["${title}", {"a b": "$${"}]`:                                                                   `["${title}",{"a b":"$${"}]`,
	} {
		p := mustParse(t, notifying("  - name: a\n    kind: webhook\n    urlEnv: A\n    body: "+body+"\n"))
		if diff := cmp.Diff(want, p.Notify[0].Body); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
}

func TestBodyErrors(t *testing.T) {
	for body, want := range map[string][]string{
		`" "`:                     {`7:11: body must be JSON in a text, a mapping or a list, but is the text " "`},
		`5`:                       {"7:11: body must be JSON in a text, a mapping or a list, but is the number 5"},
		`{a: [0x10, +1], a: 010}`: {"7:16: body has the number 0x10, which JSON writes in another way: write it so, or quote it", "7:22: body has the number +1, which JSON writes in another way: write it so, or quote it", "7:27: the key a is given twice; first in line 7", "7:30: body has the number 010, which JSON writes in another way: write it so, or quote it"},
	} {
		_, err := Parse("p.yaml", []byte(notifying("  - name: a\n    kind: webhook\n    urlEnv: A\n    body: "+body+"\n")))
		var got []string
		for _, e := range problems(err) {
			got = append(got, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
	_, err := Parse("p.yaml", []byte(notifying("  - {name: a, kind: slack, urlEnv: A, body: {text: x}}\n")))
	if all := problems(err); len(all) != 1 || all[0].Message != "body is a webhook's: what a slack robot is sent is laid down, and template says its text" {
		t.Errorf("%v", err)
	}
	p := mustParse(t, notifying("  - name: a\n    kind: webhook\n    urlEnv: A\n    body: x\n"))
	if got, want := p.Notify[0].BodyError(errors.New("no JSON")).Error(), "policy.yaml:7:11: body: no JSON\n   7 |     body: x\n     |           ^"; got != want {
		t.Errorf("%s", got)
	}
}
