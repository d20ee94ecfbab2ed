package plan

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

var made = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const text = "version: 1\npolicy: test\nmode: enforce\nrules: [{name: two-hours, maxRuntime: 2h}]\n"

func sample(t *testing.T) *File {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &File{
		CreatedAt: made, Endpoint: "https://cn-hangzhou.fnf.aliyuncs.com", Region: "cn-hangzhou",
		Policy: Policy{Name: p.Name, Hash: p.Hash, Text: text},
		Stops:  sweep.Recording{{Flow: "f", FlowID: "id", Execution: "e", StartedTime: made.Add(-3 * time.Hour), Rule: "two-hours", Reason: "age 3h > 2h"}},
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	name, want := filepath.Join(t.TempDir(), "plan.json"), sample(t)
	if err := Write(name, want); err != nil {
		t.Fatal(err)
	}
	got, p, err := Read(name)
	if err != nil || p.Hash != want.Policy.Hash {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	// A plan of nothing approves nothing: nil would approve everything.
	want.Stops = nil
	if err := Write(name, want); err != nil {
		t.Fatal(err)
	}
	if got, _, err = Read(name); err != nil || got.Stops == nil {
		t.Errorf("error %v, stops %v", err, got.Stops)
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	if err := Write(name, sample(t)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, from, to, want string }{
		{"another version", `"version": 1`, `"version": 2`, "its version is 2, and this flowreaper reads version 1"},
		{"an unknown key", `"version": 1`, `"version": 1, "force": true`, `unknown field "force"`},
		{"no stops", `"stops": [`, `"stops": null, "stops2": [`, `unknown field "stops2"`},
		{"a stop without a start", `"startedTime": "2026-05-04T09:00:00Z"`, `"startedTime": "0001-01-01T00:00:00Z"`, "its stop 1 lacks its flow, its execution or its startedTime"},
		{"an edited policy", "maxRuntime: 2h", "maxRuntime: 2m", "has been changed: the text of its policy has the hash sha256:"},
		{"a second plan behind it", "", "{}", "something follows it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(string(whole), test.from, test.to, 1)
			if test.from == "" {
				changed = string(whole) + test.to
			}
			if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Read(name); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestWhereAPlanFits(t *testing.T) {
	f := sample(t)
	for _, test := range []struct {
		age                    time.Duration
		endpoint, region, hash string
		want                   string
	}{
		{0, f.Endpoint, f.Region, "", ""},
		{24 * time.Hour, f.Endpoint, f.Region, f.Policy.Hash, ""},
		{24*time.Hour + time.Minute, f.Endpoint, f.Region, "", "the plan is 24h1m0s old, and at most 24h are allowed: make it anew, or say --max-plan-age"},
		{-3 * time.Minute, f.Endpoint, f.Region, "", "the plan was made 3m0s from now: set this machine's clock, or make the plan anew"},
		{math.MinInt64, f.Endpoint, f.Region, "", "the plan was made 2562047h47m16.854775807s from now: set this machine's clock, or make the plan anew"},
		{0, "https://cn-beijing.fnf.aliyuncs.com", f.Region, "", "the plan was made for the endpoint https://cn-hangzhou.fnf.aliyuncs.com, not for https://cn-beijing.fnf.aliyuncs.com"},
		{0, f.Endpoint, "cn-beijing", "", `the plan was made for the region "cn-hangzhou", not for "cn-beijing"`},
		{0, f.Endpoint, f.Region, "sha256:1", "the plan was made by a policy with the hash " + f.Policy.Hash + ", not sha256:1: make it anew, or leave --policy out (the plan carries its policy)"},
	} {
		got := ""
		if err := f.Check(made.Add(test.age), 24*time.Hour, test.endpoint, test.region, test.hash); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
