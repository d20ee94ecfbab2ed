package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// written are the fields of the lines that the function writes, by their msg, each with
// its type in Log Service's index: paths as Log Service names them, those of arrays
// without what is in them.
func written(t *testing.T) map[string]map[string]string {
	t.Helper()
	f, log := working("http://127.0.0.1:1")
	report, decision := &result.Report{}, result.Decision{}
	plaintest.Fill(report)
	plaintest.Fill(&decision)
	f.of, f.log = &fleet.Place{Name: "orders"}, f.log.With("place", "orders")
	f.policy = &policy.Policy{Name: "p", Rules: []*policy.Rule{{Name: "a"}, {Name: "b"}}}
	f.logStart()
	f.logDecision("run", decision)
	f.logReport(report, errors.New("failed"))
	f.logFailure("failed", errors.New("why"))
	(&notifier{log: f.log}).warn([]*notify.Error{{Channel: "c", Text: "t"}})
	all := map[string]map[string]string{}
	for _, line := range lines(t, log) {
		fields := map[string]string{}
		collect("message.", line, fields)
		all[line["msg"].(string)] = fields
	}
	return all
}

func collect(path string, of map[string]any, into map[string]string) {
	for name, value := range of {
		switch value := value.(type) {
		case map[string]any:
			collect(path+name+".", value, into)
		case float64:
			into[path+name] = "long"
			if value != math.Trunc(value) { // as plaintest fills what may have a fraction
				into[path+name] = "double"
			}
		default:
			into[path+name] = "text"
		}
	}
}

var (
	ofMsg     = regexp.MustCompile(`message\.msg: (\w+)`)
	named     = regexp.MustCompile(`message\.[\w.]+`)
	ofOutcome = regexp.MustCompile(`message\.outcome: (\w+)`)
	console   = regexp.MustCompile("(?s)```sql\n(.*?)\n```")
)

// heldToTheLines says what a query names that the lines which it asks for don't have.
func heldToTheLines(t *testing.T, all map[string]map[string]string, query string) {
	t.Helper()
	there := map[string]string{}
	for _, msg := range ofMsg.FindAllStringSubmatch(query, -1) {
		if all[msg[1]] == nil {
			t.Errorf("the function writes no line with msg %s: %s", msg[1], query)
		}
		maps.Copy(there, all[msg[1]])
	}
	for _, field := range named.FindAllString(query, -1) {
		if there[field] == "" {
			t.Errorf("the lines that it asks for have no %s: %s", field, query)
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

// logService is deploy/sls/queries.json.
type logService struct {
	Index     map[string]string
	Dashboard []struct {
		Title, Type, Query, Start string
		X, Y                      []string
	}
	Searches []struct{ Name, Query string }
	Alerts   []struct {
		Name, Title, Query, Start, Interval, Text string
		Severity                                  int
	}
}

func readLogService(t *testing.T) (of logService, queries []string) {
	t.Helper()
	text, err := os.ReadFile("../deploy/sls/queries.json")
	if err != nil {
		t.Fatal(err)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&of); err != nil {
		t.Fatal(err)
	}
	for _, c := range of.Dashboard {
		queries = append(queries, c.Query)
	}
	for _, s := range of.Searches {
		queries = append(queries, s.Query)
	}
	for _, a := range of.Alerts {
		queries = append(queries, a.Query)
	}
	return of, queries
}

func documented(t *testing.T) (queries []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range console.FindAllStringSubmatch(string(text), -1) {
		queries = append(queries, q[1])
	}
	return queries
}

// The queries of the documentation, of the dashboard, the saved searches and the alerts
// name what the function writes.
func TestQueriesNameWhatTheFunctionWrites(t *testing.T) {
	all := written(t)
	_, deployed := readLogService(t)
	queries := append(documented(t), deployed...)
	for _, q := range queries {
		if !strings.HasPrefix(q, "durationMs > 0 ") { // Function Compute writes that
			heldToTheLines(t, all, q)
		}
	}
	if len(queries) < 20 {
		t.Errorf("only %d queries were found", len(queries))
	}
}

// Places of a fleet may have rules, flows and executions of the same names: what isn't a
// chart over all of them tells them apart.
func TestQueriesTellPlacesApart(t *testing.T) {
	of, _ := readLogService(t)
	queries := documented(t)
	for _, c := range of.Dashboard {
		if c.Type == "table" {
			queries = append(queries, c.Query)
		}
	}
	for _, s := range of.Searches {
		queries = append(queries, s.Query)
	}
	for _, a := range of.Alerts {
		queries = append(queries, a.Query)
		if !strings.Contains(a.Text, "${place}") {
			t.Errorf("%s doesn't say in which place", a.Name)
		}
	}
	for _, q := range queries {
		if !strings.Contains(q, `"message.place"`) {
			t.Errorf("it doesn't know the place: %s", q)
		}
		for _, by := range regexp.MustCompile(`group by ([a-z, ]+)`).FindAllString(q, -1) {
			if !strings.Contains(by, "place") {
				t.Errorf("%s puts places together: %s", by, q)
			}
		}
	}
}

// What is searched and counted is in the index, as what it is, and nothing else.
func TestTheIndexHasWhatQueriesName(t *testing.T) {
	of, deployed := readLogService(t)
	types := map[string]string{}
	for _, fields := range written(t) {
		maps.Copy(types, fields)
	}
	want := map[string]string{}
	for _, q := range append(documented(t), deployed...) {
		for _, field := range named.FindAllString(q, -1) {
			want[strings.TrimPrefix(field, "message.")] = types[field]
		}
	}
	if diff := cmp.Diff(want, of.Index); diff != "" {
		t.Errorf("index of deploy/sls/queries.json (-want +got):\n%s", diff)
	}
}

// The page tells of each chart and of each alert.
func TestChartsAndAlertsAreTold(t *testing.T) {
	of, _ := readLogService(t)
	page, err := os.ReadFile("../deploy/sls/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, c := range of.Dashboard {
		want = append(want, c.Title)
	}
	for _, a := range of.Alerts {
		want = append(want, a.Name)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `?([a-z-]*[a-z])`? \\|").FindAllStringSubmatch(string(page), -1) {
		if m[1] != "chart" && m[1] != "alert" { // the tables' heads
			got = append(got, m[1])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deploy/sls/README.md (-queries.json +page):\n%s", diff)
	}
}

// What a chart draws, and what an alert says, its query yields.
func TestQueriesYieldWhatIsShown(t *testing.T) {
	of, _ := readLogService(t)
	yields := func(query, column string) bool {
		return regexp.MustCompile(`\b(as |select |, )` + column + `\b`).MatchString(query)
	}
	for _, c := range of.Dashboard {
		for _, column := range slices.Concat(c.X, c.Y) {
			if !yields(c.Query, column) {
				t.Errorf("%s draws %s, which its query doesn't yield: %s", c.Title, column, c.Query)
			}
		}
	}
	for _, a := range of.Alerts {
		for _, m := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(a.Text, -1) {
			if !yields(a.Query, m[1]) {
				t.Errorf("%s says %s, which its query doesn't yield: %s", a.Name, m[1], a.Query)
			}
		}
	}
}

// Log Service searches no lists: what they hold stands before them, and nothing where they
// hold nothing.
func TestListsAreCounted(t *testing.T) {
	f, log := working("http://127.0.0.1:1")
	f.logReport(&result.Report{
		Undecided: []result.Undecided{{Rule: "b"}, {Rule: "a"}, {Rule: "b"}}, Calendars: []string{"x ends", "y is over"},
		Incomplete: []result.FlowNote{{}}, Unmatched: []policy.Unmatched{{}, {}},
	}, nil)
	f.logReport(&result.Report{}, nil)
	logged := lines(t, log)
	want := map[string]any{"undecided": 3., "undecidedRules": "a b", "calendars": "x ends; y is over", "incomplete": 1., "unmatched": 2.}
	if diff := cmp.Diff(want, logged[0]["counted"]); diff != "" {
		t.Error(diff)
	}
	if logged[1]["counted"] != nil {
		t.Errorf("all is well, and there is %v", logged[1]["counted"])
	}
}
