// Package release tests what people rely on from one release to the next: that the
// files which an earlier flowreaper wrote are read. testdata/release-VERSION has those
// of one, as scripts/freeze.sh had its binaries write them: a state file, a plan, a
// history, a report, policies. They never change.
//
// A decoder that leaves out what it doesn't know would lose a field that was renamed and
// say nothing. So what is read is written again, and all that the old file says must
// stand in the new one.
package release

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/plan"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
	"github.com/flowreaper/flowreaper/schema"
)

// each runs a test on every release's folder.
func each(t *testing.T, test func(t *testing.T, dir string)) {
	t.Helper()
	dirs, err := filepath.Glob("../../testdata/release-*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no release is frozen: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { test(t, dir) })
	}
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// lost is what of an old file's JSON a new one doesn't say.
func lost(was, is []byte) ([]string, error) {
	var old, new any
	if err := json.Unmarshal(was, &old); err != nil {
		return nil, err
	}
	err := json.Unmarshal(is, &new)
	return lostIn(old, new, ""), err
}

func lostIn(old, new any, at string) (all []string) {
	switch old := old.(type) {
	case map[string]any:
		there, _ := new.(map[string]any)
		for key, value := range old {
			all = append(all, lostIn(value, there[key], at+"/"+key)...)
		}
		return all
	case []any:
		there, _ := new.([]any)
		for i, value := range old {
			var now any
			if i < len(there) {
				now = there[i]
			}
			all = append(all, lostIn(value, now, fmt.Sprintf("%s/%d", at, i))...)
		}
		return all
	}
	if !cmp.Equal(old, new) {
		return []string{fmt.Sprintf("%s was %v and is %v", at, old, new)}
	}
	return nil
}

func keeps(t *testing.T, what string, was, is []byte) {
	t.Helper()
	gone, err := lost(was, is)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, g := range gone {
		t.Errorf("%s: %s", what, g)
	}
}

const region = "cn-hangzhou"

// madeAt is a moment after all that the release wrote.
func madeAt(t *testing.T, dir string) time.Time {
	t.Helper()
	var p struct {
		CreatedAt time.Time `json:"createdAt"`
	}
	if err := json.Unmarshal(read(t, dir, "plan.json"), &p); err != nil {
		t.Fatal(err)
	}
	return p.CreatedAt.Add(time.Minute)
}

func load(t *testing.T, folder string, now time.Time) (*watch.File, *watch.Watch) {
	t.Helper()
	f := watch.NewFile(filepath.Join(folder, "flowreaper.state"))
	w, err := f.Load(watch.Options{Region: region}, now)
	if err != nil {
		t.Fatal(err)
	}
	return f, w
}

// tried is how many stops scripts/freeze.sh has tried, and running how many
// executions the function knew to run.
const (
	tried   = 2
	running = 3
)

func TestStateIsRead(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		now := madeAt(t, dir)
		for _, slot := range []string{"flowreaper.state", "flowreaper.state.2"} {
			folder := t.TempDir()
			was := read(t, dir, slot)
			if err := os.WriteFile(filepath.Join(folder, "flowreaper.state"), was, 0o600); err != nil {
				t.Fatal(err)
			}
			f, w := load(t, folder, now)
			if n := w.Ledger.Since(now.Add(-time.Hour)); n != tried {
				t.Errorf("%s: %d stops were tried, want %d", slot, n, tried)
			}
			if n := w.Live(); n != running {
				t.Errorf("%s: %d run, want %d", slot, n, running)
			}
			if err := f.Save(w, now); err != nil {
				t.Fatal(err)
			}
			keeps(t, slot, body(was), body(read(t, folder, "flowreaper.state.2")))
		}
	})
}

// body is a slot without its first line.
func body(slot []byte) []byte {
	_, text, _ := strings.Cut(string(slot), "\n")
	return []byte(text)
}

// Both slots and the claims, as a function that goes on finds them.
func TestStateIsGoneOnFrom(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		now := madeAt(t, dir)
		folder := copied(t, dir)
		f, w := load(t, folder, now)
		if w.Ledger.Since(now.Add(-time.Hour)) != tried || w.Live() != running || !w.Ledger.KnownSince().IsZero() {
			t.Errorf("of the past it knows %d stops, %d that run, since %s", w.Ledger.Since(now.Add(-time.Hour)), w.Live(), w.Ledger.KnownSince())
		}
		w.Ledger.Keep(time.Hour)
		if err := f.Claim(w, now, watch.Try{At: now, Flow: "f", Execution: "e"}); err != nil {
			t.Fatal(err)
		}
		_, again := load(t, folder, now)
		if n := again.Ledger.Since(now.Add(-time.Hour)); n != tried+1 {
			t.Errorf("after one more there are %d, want %d", n, tried+1)
		}
	})
}

// The claims alone, where both slots were lost.
func TestClaimsAreRead(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		now := madeAt(t, dir)
		folder := copied(t, dir)
		for _, slot := range []string{"flowreaper.state", "flowreaper.state.2"} {
			if err := os.Remove(filepath.Join(folder, slot)); err != nil {
				t.Fatal(err)
			}
		}
		if _, w := load(t, folder, now); w.Ledger.Since(now.Add(-time.Hour)) != tried {
			t.Errorf("%d stops were claimed, want %d", w.Ledger.Since(now.Add(-time.Hour)), tried)
		}
	})
}

func TestPlanIsRead(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		f, p, err := plan.Read(filepath.Join(dir, "plan.json"), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Check(madeAt(t, dir), time.Hour, f.Endpoint, region, p.Hash); err != nil {
			t.Error(err)
		}
		var stops []string
		for _, s := range f.Stops {
			stops = append(stops, s.Flow+"/"+s.Execution+" "+s.Rule)
		}
		if diff := cmp.Diff([]string{"etl-orders/nightly-1 etl-max-runtime", "etl-stubborn/run-1 etl-max-runtime"}, stops); diff != "" {
			t.Errorf("its stops (-want +got):\n%s", diff)
		}
		anew := filepath.Join(t.TempDir(), "plan.json")
		if _, err := plan.Write(anew, f); err != nil {
			t.Fatal(err)
		}
		keeps(t, "plan.json", read(t, dir, "plan.json"), read(t, anew))
	})
}

func TestHistoryIsRead(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		dir = filepath.Join(dir, "history")
		h, err := history.Open(dir, history.Options{Input: true})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		var all []string
		for flow, err := range h.Flows() {
			if err != nil {
				t.Fatal(err)
			}
			if flow.Covered == nil || len(flow.Missing()) > 0 || len(flow.Odd) > 0 {
				t.Errorf("%s: covered %v, missing %v, odd %v", flow.Name, flow.Covered, flow.Missing(), flow.Odd)
			}
			for _, e := range flow.Executions {
				all = append(all, fmt.Sprintf("%s/%s %s %s %s", flow.Name, e.Name, e.Status, length(e), *e.Input))
			}
		}
		want := []string{
			"batch-orders/run-1 Running 0s ", "batch-orders/run-2 Running 0s ",
			"etl-stubborn/run-1 Running 0s ", "payroll-march/run-1 Running 0s ",
			"etl-orders/nightly-00 Failed 50m0s ", `etl-orders/nightly-0 Succeeded 1h0m0s {"priority":"high"}`,
			`etl-orders/nightly-1 Running 0s {"priority":"low"}`, `etl-orders/nightly-2 Running 0s {"priority":"low"}`,
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("its executions (-want +got):\n%s", diff)
		}
		anew := t.TempDir()
		if err := h.Coverage.Save(anew); err != nil {
			t.Fatal(err)
		}
		keeps(t, history.CoverageFile, read(t, dir, history.CoverageFile), read(t, anew, history.CoverageFile))
	})
}

// length is how long an execution took, 0 where it had not ended.
func length(e history.Execution) time.Duration {
	if e.StoppedTime.IsZero() {
		return 0
	}
	return e.StoppedTime.Sub(e.StartedTime)
}

// Policies and their tests mean what they meant.
func TestPoliciesAreRead(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		for _, name := range []string{"policy.yaml", "full.yaml", "guardrails.yaml"} {
			if _, err := policy.Parse(name, read(t, dir, name)); err != nil {
				t.Error(err)
			}
		}
		file, err := policytest.Parse("guardrails_test.yaml", read(t, dir, "guardrails_test.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var s policytest.Suite
		if err := s.Run(file, func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		if r := s.Report(true); !r.Passed {
			if err := r.Text(&said); err != nil {
				t.Fatal(err)
			}
			t.Error(said.String())
		}
	})
}

// A program that reads an old report's fields finds them in a new one: today's schema
// knows each. It may ask for more.
func TestReportHasItsSchema(t *testing.T) {
	each(t, func(t *testing.T, dir string) {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Report))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("report.schema.json", asRead(document)); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile("report.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		report, err := jsonschema.UnmarshalJSON(strings.NewReader(string(read(t, dir, "report.json"))))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(report); err != nil {
			t.Error(err)
		}
	})
}

// asRead makes of a schema one that asks for no key, and allows none that it doesn't name.
func asRead(schema any) any {
	switch s := schema.(type) {
	case map[string]any:
		if _, list := s["required"].([]any); list {
			delete(s, "required")
		}
		if _, object := s["properties"]; object && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for key := range s {
			s[key] = asRead(s[key])
		}
	case []any:
		for i := range s {
			s[i] = asRead(s[i])
		}
	}
	return schema
}
