package main

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/result"
)

// written are the fields of the lines that the function writes, by their msg: paths as
// Log Service names them, those of arrays without what is in them.
func written(t *testing.T) map[string]map[string]bool {
	t.Helper()
	f, log := working("http://127.0.0.1:1")
	report, decision := &result.Report{}, result.Decision{}
	plaintest.Fill(report)
	plaintest.Fill(&decision)
	f.logDecision("run", decision)
	f.logReport(report, errors.New("failed"))
	f.logFailure("failed", errors.New("why"))
	(&notifier{log: f.log}).warn([]*notify.Error{{Channel: "c", Text: "t"}})
	all := map[string]map[string]bool{}
	for _, line := range lines(t, log) {
		fields := map[string]bool{}
		collect("message.", line, fields)
		all[line["msg"].(string)] = fields
	}
	return all
}

func collect(path string, of map[string]any, into map[string]bool) {
	for name, value := range of {
		if inner, ok := value.(map[string]any); ok {
			collect(path+name+".", inner, into)
			continue
		}
		into[path+name] = true
	}
}

var (
	ofMsg     = regexp.MustCompile(`message\.msg: (\w+)`)
	named     = regexp.MustCompile(`message\.[\w.]+`)
	ofOutcome = regexp.MustCompile(`message\.outcome: (\w+)`)
	console   = regexp.MustCompile("(?s)```sql\n(.*?)\n```")
)

// heldToTheLines says what a query names that the lines which it asks for don't have.
func heldToTheLines(t *testing.T, all map[string]map[string]bool, query string) {
	t.Helper()
	msg := ofMsg.FindStringSubmatch(query)
	if msg == nil || all[msg[1]] == nil {
		t.Errorf("it asks for no line that the function writes: %s", query)
		return
	}
	for _, field := range named.FindAllString(query, -1) {
		if !all[msg[1]][field] {
			t.Errorf("lines with msg %s have no %s: %s", msg[1], field, query)
		}
	}
	for _, m := range ofOutcome.FindAllStringSubmatch(query, -1) {
		if !slices.Contains(result.Outcomes(), result.Outcome(m[1])) {
			t.Errorf("no outcome is %s: %s", m[1], query)
		}
	}
	if strings.Count(query, "(") != strings.Count(query, ")") || strings.Count(query, `"`)%2 != 0 || strings.Count(query, "'")%2 != 0 {
		t.Errorf("what is opened in it is not closed: %s", query)
	}
}

// The queries of the documentation name what the function writes.
func TestQueriesOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	queries, all := console.FindAllStringSubmatch(string(text), -1), written(t)
	for _, q := range queries {
		heldToTheLines(t, all, q[1])
	}
	if len(queries) < 6 {
		t.Errorf("only %d queries were found", len(queries))
	}
}
