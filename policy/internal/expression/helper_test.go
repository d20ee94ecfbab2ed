package expression

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// testVariables are a small language of every type.
var testVariables = []Variable{
	{Name: "now", Type: Moment},
	{Name: "event.kind", Type: Text},
	{Name: "flow.name", Type: Text},
	{Name: "flow.env", Type: Object},
	{Name: "execution.status", Type: Text},
	{Name: "execution.startedTime", Type: Moment},
	{Name: "execution.age", Type: Length, Show: Rough},
	{Name: "execution.input", Type: Any},
	{Name: "execution.cost", Type: Any},
	{Name: "history.steps", Type: Int},
}

var testConstants = map[string]any{
	"limit": 2 * time.Hour, "word": "etl", "count": 5, "names": []any{"a", "b"}, "pattern": "^etl-", "days": []any{24 * time.Hour},
}

func testLanguage() *Language { return New(testVariables, testConstants) }

// testEnv holds values by name; an error is what reading it answers.
type testEnv map[string]any

func (e testEnv) Value(variable int) (any, error) {
	value := e[testVariables[variable].Name]
	if err, ok := value.(error); ok {
		return nil, err
	}
	return value, nil
}

var testNow = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func fullEnv() testEnv {
	return testEnv{
		"now": testNow, "event.kind": "timer", "flow.name": "etl-nightly",
		"flow.env":              map[string]string{"FLOWREAPER": "off"},
		"execution.status":      "Running",
		"execution.startedTime": testNow.Add(-3*time.Hour - 2*time.Minute - 7*time.Second),
		"execution.age":         3*time.Hour + 2*time.Minute + 7*time.Second,
		"execution.cost":        errors.New("the cost was not computed"),
		"history.steps":         7,
		"execution.input": map[string]any{
			"priority": "low", "n": 5, "f": 5.0, "nothing": nil, "yes": true, "text": "abc",
			"list": []any{1, 2.5, "x", nil}, "items": []any{map[string]any{"id": 1}, map[string]any{"id": 2}},
			"deep": map[string]any{"er": map[string]any{"x": "found"}}, "odd key": 1,
		},
	}
}

// compile compiles or fails the test.
func compile(t testing.TB, text string) *Expression {
	t.Helper()
	e, problems := testLanguage().Compile(text)
	if len(problems) > 0 {
		t.Fatalf("%s: %s", text, problemTexts(problems))
	}
	return e
}

func problemTexts(problems []Problem) string {
	var texts []string
	for _, p := range problems {
		texts = append(texts, fmt.Sprintf("%d: %s", p.Offset, p.Message))
	}
	return strings.Join(texts, "\n")
}
