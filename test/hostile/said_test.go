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
