package show

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/policy"
)

// A spreadsheet runs what begins like a formula, and whoever stops an execution, or names
// it, chooses the text.
func TestNoFieldIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"is too long":               "is too long",
		`=HYPERLINK("http://evil")`: `'=HYPERLINK("http://evil")`,
		"+1+cmd|' /C calc'!A0":      "'+1+cmd|' /C calc'!A0",
		"-2+3":                      "'-2+3",
		"@SUM(A1)":                  "'@SUM(A1)",
		"  =1":                      "'  =1",
		"\u00a0=1":                  "'\u00a0=1",
		"＝1":                        "'＝1",
		"＠SUM(A1)":                  "'＠SUM(A1)",
		"\t=1":                      `\x09=1`,
		"\r\n=1":                    `\x0d\x0a=1`,
		"a=b":                       "a=b",
		"12345678":                  "'12345678", // a hash of digits alone is no number
		"12345e67":                  "'12345e67",
		"1234abcd":                  "1234abcd",
		"2027-01-04T14:00:00.000Z":  "2027-01-04T14:00:00.000Z",
	} {
		if got := field(text); got != want {
			t.Errorf("%q is written as %q, not as %q", text, got, want)
		}
	}
}

// The page's rows have a cell for each column.
func TestPage(t *testing.T) {
	l := Page(&audit.Result{Stops: []audit.Stop{{Flow: "f", Execution: "e"}}}).List
	if len(l.Rows) != 1 || len(l.Rows[0]) != len(l.Columns) {
		t.Errorf("the columns %+v, the row %+v", l.Columns, l.Rows)
	}
}

// Every field of a line goes through it, and a line has as many as there are columns.
func TestCSV(t *testing.T) {
	at := time.Date(2027, 1, 4, 12, 0, 0, 5e6, time.UTC)
	r := &audit.Result{Stops: []audit.Stop{
		{Flow: "=f", Execution: "=e", StartedTime: at, StoppedTime: at, By: audit.Flowreaper, Error: "=E", Cause: "=c, \"quoted\"\nline", OfPolicy: new(true),
			Tail: &policy.Tail{Policy: "=p", Hash: "01234567", Rule: "r", Run: "=run", At: at, By: "=by"}},
		{Flow: "f", Execution: "e", By: audit.Unknown, Unread: "=why"},
	}}
	var b bytes.Buffer
	if err := CSV(&b, r); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll() // which refuses lines of other lengths
	if err != nil {
		t.Fatal(err)
	}
	const moment = "2027-01-04T12:00:00.005Z"
	want := [][]string{
		Columns(),
		{moment, moment, "'=f", "'=e", "flowreaper", "'=p", "'01234567", "true", "r", "'=run", moment, "'=by", "'=E", `'=c, "quoted"\x0aline`, ""},
		{"", "", "f", "e", "unknown", "", "", "", "", "", "", "", "", "", "'=why"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
