package policytest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// suite runs test files, by name, on the policy policy.yaml.
func suite(t *testing.T, files ...[2]string) *Suite {
	t.Helper()
	s := &Suite{}
	for _, file := range files {
		f, err := Parse(file[0], []byte("version: 1\npolicy: policy.yaml\nnow: 2026-03-04T12:00:00Z\ncases:\n"+file[1]))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(f, func(string) ([]byte, error) { return []byte(tested), nil }); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

var (
	both   = flow("etl-a", "", "startedAgo: 2d", "want: {decision: stop}")
	wrong  = flow("etl-a", "", "startedAgo: 3h", `input: {priority: "<low>"}`)
	others = flow("crowd", "", "startedAgo: 1h", "want: {decision: keep}\n          - {name: newer, startedAgo: 1m, want: {decision: stop}}")
)

// TestRulesThatArent: a want of a rule that the policy doesn't have is no want.
func TestRulesThatArent(t *testing.T) {
	text := "version: 1\npolicy: policy.yaml\nnow: 2026-03-04T12:00:00Z\ncases:\n" +
		flow("etl-a", "", "startedAgo: 2d", "want: {decision: stop, rule: etll, wouldAlso: [quota], undecided: [etl]}")
	f, err := Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	err = (&Suite{}).Run(f, func(string) ([]byte, error) { return []byte(tested), nil })
	want := `a.yaml:11:19: no such rule: the policy has no "etll"; did you mean "etl"?
  11 |             want: {decision: stop, rule: etll, wouldAlso: [quota], undecided: [etl]}
     |                   ^
a.yaml:11:19: no such rule: the policy has no "quota"; there are: etl, day, crowd, idle, alarm`
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v", err)
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	report := suite(t, [2]string{"a.yaml", both}, [2]string{"b.yaml", wrong + strings.Replace(others, "one", `"tw\to"`, 1)}).Report(true)
	if err := report.Text(&b); err != nil {
		t.Fatal(err)
	}
	want := `FAIL b.yaml:5:5: one
     b.yaml:9:13: etl-a/run
       decision: want keep, got stop
       rule etl condemns: flow.name "etl-a" matches flows ["etl-*"] and age 3h > 2h and input.priority "<low>" != "high"

FAIL policy.yaml:10:5: no case exercises the rule idle: give one an execution that it condemns
FAIL policy.yaml:11:5: no case exercises the rule alarm: give one an execution that it condemns
ok   a.yaml: 1 case passed
FAIL b.yaml: 1 of 2 cases failed
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestJUnit(t *testing.T) {
	var b strings.Builder
	if err := suite(t, [2]string{"b.yaml", wrong}, [2]string{"c.yaml", both + strings.Replace(others, "one", "two", 1)}).Report(true).JUnit(&b); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5" failures="3">
  <testsuite name="b.yaml" tests="1" failures="1">
    <testcase name="one" classname="policy.yaml" file="b.yaml" line="5">
      <failure message="etl-a/run: decision: want keep, got stop">b.yaml:9:13: etl-a/run
  decision: want keep, got stop
  rule etl condemns: flow.name &#34;etl-a&#34; matches flows [&#34;etl-*&#34;] and age 3h &gt; 2h and input.priority &#34;&lt;low&gt;&#34; != &#34;high&#34;</failure>
    </testcase>
  </testsuite>
  <testsuite name="c.yaml" tests="2" failures="0">
    <testcase name="one" classname="policy.yaml" file="c.yaml" line="5"></testcase>
    <testcase name="two" classname="policy.yaml" file="c.yaml" line="12"></testcase>
  </testsuite>
  <testsuite name="coverage" tests="2" failures="2">
    <testcase name="idle" classname="policy.yaml" file="policy.yaml" line="10">
      <failure message="policy.yaml:10:5: no case exercises the rule idle: give one an execution that it condemns"></failure>
    </testcase>
    <testcase name="alarm" classname="policy.yaml" file="policy.yaml" line="11">
      <failure message="policy.yaml:11:5: no case exercises the rule alarm: give one an execution that it condemns"></failure>
    </testcase>
  </testsuite>
</testsuites>
`
	got := strings.ReplaceAll(b.String(), "&#xA;", "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(suite(t, [2]string{"a.yaml", wrong}).Report(false))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"passed":false,"files":[{"file":"a.yaml","policy":"policy.yaml","cases":[{"name":"one","line":5,"column":5,"passed":false,"failures":[` +
		`{"flow":"etl-a","execution":"run","line":9,"column":13,"differences":[{"what":"decision","want":"keep","got":"stop"}],` +
		`"explanation":"rule etl condemns: flow.name \"etl-a\" matches flows [\"etl-*\"] and age 3h \u003e 2h and input.priority \"\u003clow\u003e\" != \"high\""}]}]}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

// TestCoverage: what only would also condemn has been exercised, across all
// files; what is only mentioned has not.
func TestCoverage(t *testing.T) {
	missed := func(s *Suite) string {
		var names []string
		for _, m := range s.Report(true).Missed {
			names = append(names, m.Rule)
		}
		return strings.Join(names, " ")
	}
	if got := missed(suite(t, [2]string{"a.yaml", both})); got != "crowd idle alarm" {
		t.Errorf("missed %s", got)
	}
	if got := missed(suite(t, [2]string{"a.yaml", both}, [2]string{"b.yaml", others})); got != "idle alarm" {
		t.Errorf("missed %s", got)
	}
	if !suite(t, [2]string{"a.yaml", both}).Report(false).Passed || suite(t, [2]string{"a.yaml", both}).Report(true).Passed {
		t.Error("a rule that no case exercises fails with coverage, and only then")
	}
}

func TestPolicyThatCannotBeRead(t *testing.T) {
	f, err := Parse("t/a.yaml", []byte("version: 1\npolicy: p.yaml\nnow: 2026-03-04T12:00:00Z\ncases:\n"+both))
	if err != nil {
		t.Fatal(err)
	}
	err = (&Suite{}).Run(f, func(path string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "t/p.yaml") {
		t.Errorf("error %v", err)
	}
	err = (&Suite{}).Run(f, func(string) ([]byte, error) { return []byte("version: 1\n"), nil })
	if want := "t/p.yaml:1:1: rules is missing: a policy without rules stops nothing"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v", err)
	}
}
