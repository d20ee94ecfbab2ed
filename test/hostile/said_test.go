package hostile

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"
)

// echoes are what gateways put of a request into their own answers.
var echoes = map[string]func(c call) string{
	"as it came":        func(c call) string { return c.whole },
	"decoded":           func(c call) string { s, _ := url.QueryUnescape(c.whole); return s },
	"escaped again":     func(c call) string { return url.QueryEscape(c.whole) },
	"for HTML":          func(c call) string { s, _ := url.QueryUnescape(c.whole); return html.EscapeString(s) },
	"for HTML, numbers": func(c call) string { s, _ := url.QueryUnescape(c.whole); return entities(s) },
	"for JSON":          func(c call) string { s, _ := url.QueryUnescape(c.whole); return quote(s) },
	"in base64":         func(c call) string { return base64.StdEncoding.EncodeToString([]byte(c.whole)) },
	"in base64, decoded": func(c call) string {
		s, _ := url.QueryUnescape(c.whole)
		return base64.StdEncoding.EncodeToString([]byte(s))
	},
	"in base64 for URLs": func(c call) string { return base64.URLEncoding.EncodeToString([]byte("x" + token)) },
	"the secret":         func(call) string { return "canonical string, " + keySecret + "&" },
	"the token, cut":     func(call) string { return strings.Repeat("x", 20) + token[:70] },
	"the token's end":    func(call) string { return token[30:] },
	"in small letters":   func(c call) string { return strings.ToLower(url.QueryEscape(token)) },
	"over lines":         func(call) string { return token[:50] + "\n" + token[50:] },
}

func entities(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`+/=&<>"'%\|~`, c) {
			fmt.Fprintf(&b, "&#x%X;", c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// An execution that comes twice is seen once.
func TestSeenOnce(t *testing.T) {
	t.Parallel()
	for how, policy := range brakes {
		t.Run(how, func(t *testing.T) {
			w := runaway(t)
			one, other := row("etl", "run-1", ago(time.Minute)), row("etl", "run-2", ago(time.Hour))
			w.on("ListExecutions", func(c call) *answer {
				switch {
				case c.Get("FlowName") != "etl" || len(w.account.stopped) > 0:
					return nil
				case c.Get("NextToken") == "":
					return page("Executions", "a", one, other, one)
				}
				return page("Executions", "", other, one)
			})
			if r := w.machine(policy).invoke(alarm); r.report.Executions.Seen != 3 || r.report.Executions.Condemned != 3 {
				t.Errorf("executions %+v, want 3 seen and condemned\n%s", r.report.Executions, r)
			}
		})
		t.Run("on a timer, "+how, func(t *testing.T) {
			w := overdue(t)
			one, other := row("etl", "run-1", ago(3*time.Hour)), row("etl", "run-2", ago(4*time.Hour))
			w.on("ListExecutions", func(c call) *answer {
				if c.Get("NextToken") == "" {
					return page("Executions", "a", one, other, one)
				}
				return page("Executions", "", other, one)
			})
			if r := w.machine(replace(twoHours, "mode: enforce", "mode: plan")).invoke(timer); r.report.Executions.Seen != 2 || r.report.Executions.Condemned != 2 {
				t.Errorf("executions %+v, want 2 seen and condemned\n%s", r.report.Executions, r)
			}
		})
	}
}

// No part of a secret is seen, wherever an answer echoes it and however. (But for
// the names of what is reported, which are as they are.)
func TestSecretsThatAreEchoed(t *testing.T) {
	t.Parallel()
	places := map[string]func(echo string) *answer{
		"in a 502's page":  func(echo string) *answer { return &answer{status: 502, body: "<html><pre>" + echo + "</pre></html>"} },
		"at its beginning": func(echo string) *answer { return &answer{status: 403, body: echo} },
		"in a message": func(echo string) *answer {
			return refuse(400, "InvalidArgument", "server string to sign is:"+echo)
		},
		"in a code": func(echo string) *answer { return refuse(400, echo, "no") },
		"in a request id": func(echo string) *answer {
			return say(`{"RequestId":%s,"Code":"X"}`, quote(echo))
		},
		"in a StartedTime": func(echo string) *answer {
			return page("Executions", "", `{"Name":"run-1","StartedTime":`+quote(echo)+`}`)
		},
		"in a FlowName": func(echo string) *answer {
			return page("Executions", "", `{"Name":"run-1","FlowName":`+quote(echo)+`}`)
		},
		"in a Status": func(echo string) *answer {
			return page("Executions", "", `{"Name":"run-1","Status":`+quote(echo)+`}`)
		},
		"in a token":        func(echo string) *answer { return say(`{"Executions":[],"NextToken":%s}`, quote(echo)) },
		"in a field's name": func(echo string) *answer { return say(`{"Executions":[{%s:1,%s:1}]}`, quote(echo), quote(echo)) },
		"in a header": func(echo string) *answer {
			return &answer{status: 400, header: map[string][]string{"X-Acs-Request-Id": {strings.ReplaceAll(echo, "\n", "")}}}
		},
	}
	for place, with := range places {
		t.Run(place, func(t *testing.T) { // a flow for each echo
			w := overdue(t)
			w.account.flows = nil
			for how := range echoes {
				w.account.flows = append(w.account.flows, flow(how))
			}
			w.on("ListExecutions", func(c call) *answer { return with(echoes[c.Get("FlowName")](c)) })
			w.machine(twoHours).apply("--timeout", "4s")
			w.stopped()
			if n := w.came("ListExecutions"); n < len(echoes) {
				t.Errorf("only %d of %d were echoed", n, len(echoes))
			}
		})
	}
	t.Run("a signature that is refused", func(t *testing.T) {
		w := overdue(t, "run-1")
		w.on("ListFlows", func(c call) *answer { return refuse(403, "SignatureDoesNotMatch", "server string to sign is:"+c.whole) })
		w.machine(twoHours).apply().want(1)
	})
	t.Run("where it redirects to", func(t *testing.T) {
		w := overdue(t, "run-1")
		w.on("ListFlows", func(c call) *answer {
			return &answer{status: 302, header: map[string][]string{"Location": {"https://" + url.PathEscape(c.Get("SecurityToken")) + ".example/" + c.whole}}}
		})
		w.machine(twoHours).apply().want(1)
	})
	t.Run("the function's log", func(t *testing.T) {
		w := overdue(t, "run-1")
		w.on("ListExecutions", func(c call) *answer { return places["in a 502's page"](c.whole) })
		w.on("ListFlows", func(c call) *answer {
			if c.Get("NextToken") == "" {
				return page("Flows", "a", flow("etl"))
			}
			return refuse(403, "AccessDenied", c.whole)
		})
		w.machine(twoHours).invoke(timer, "--timeout", "6s").doubtful()
	})
}

// Names that would turn a line round, or clear the screen, are printed so that
// they don't; this is looked at after each run.
func TestNamesThatRewriteTheScreen(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"\u202e", "\u009b", "\u2066", "\u001b[2J", "\u200e", "\r", "\u2028"} {
		t.Run(quote(odd), func(t *testing.T) {
			name := "run" + odd + "1"
			both(t, twoHours+"    cause: 'it is ${execution.name} of ${flow.name}, ${execution.input.x}'\n", func(w *wire) {
				flowName := fmt.Sprintf(`"Name":%s,"Id":"id"`, quote("etl"+odd))
				w.account.flows = []string{"{" + flowName + `,"Definition":"version: v1","Environment":{"Variables":[]}}`, flow("other")}
				w.account.rows = []string{`{"Name":` + quote(name) + `,"FlowName":` + quote("etl"+odd) + `,"Status":"Running",` + startedTime + `,` + input(`{"x":`+quote(odd)+`}`) + `}`}
				w.on("ListExecutions", func(c call) *answer {
					if c.Get("FlowName") != "other" {
						return nil
					}
					return refuse(400, "Odd"+odd, "message"+odd)
				})
			}, func(w *wire, r *result) {
				r.doubtful()
				w.stopped("etl" + odd + "/" + name)
			})
		})
	}
}
