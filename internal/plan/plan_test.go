package plan

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
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
		Stops:  result.Recording{{Flow: "f", FlowID: "id", Execution: "e", StartedTime: made.Add(-3 * time.Hour), Rule: "two-hours", Reason: "age 3h > 2h"}},
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	name, want := filepath.Join(t.TempDir(), "plan.json"), sample(t)
	fingerprint := write(t, name, want)
	got, p, err := Read(name, fingerprint)
	if err != nil || p.Hash != want.Policy.Hash {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	// A plan of nothing approves nothing: nil would approve everything.
	want.Stops = nil
	write(t, name, want)
	if got, _, err = Read(name, ""); err != nil || got.Stops == nil {
		t.Errorf("error %v, stops %v", err, got.Stops)
	}
}

// TestFilesOfThePolicy: a plan carries them, byte by byte, and another is another policy.
func TestFilesOfThePolicy(t *testing.T) {
	const text = "version: 1\ncalendars: {a: {file: a.ics}, b: {file: b.ics}}\nrules: [{name: r, window: {except: [a, b]}}]\n"
	const calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nSUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n"
	files := policy.Files{
		{Name: "a.ics", Text: []byte(strings.Replace(calendar, "%s", "元旦\u202e", 1))},
		{Name: "b.ics", Text: []byte(strings.Replace(calendar, "%s", "\xd4\xaa\xb5\xa9", 1))}, // in GBK
	}
	p, err := policy.ParseWith("p.yaml", []byte(text), files.Read)
	if err != nil {
		t.Fatal(err)
	}
	name, want := filepath.Join(t.TempDir(), "plan.json"), sample(t)
	want.Policy = PolicyOf(p, []byte(text))
	write(t, name, want)
	got, read, err := Read(name, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || read.Hash != p.Hash {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(files, read.Files()); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	want.Policy.Files[0].Text = strings.Replace(want.Policy.Files[0].Text, "0101", "0102", 1)
	write(t, name, want)
	if _, _, err := Read(name, ""); err == nil || !strings.Contains(err.Error(), "has been changed: the text of its policy has the hash") {
		t.Errorf("an edited calendar: %v", err)
	}
}

func write(t *testing.T, name string, f *File) Fingerprint {
	t.Helper()
	fingerprint, err := Write(name, f)
	if err != nil {
		t.Fatal(err)
	}
	return fingerprint
}

// What a reviewer reads is what is applied: nothing in it turns a line around.
func TestAPlanDeceivesNobody(t *testing.T) {
	name, want := filepath.Join(t.TempDir(), "plan.json"), sample(t)
	want.Stops[0].Reason = "input \u202e\u009b31m\x1b[2J\u200b\U000e0041"
	want.Region, want.Policy.Name = "cn\u2028hangzhou", "p\u202e"
	write(t, name, want)
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(string(raw), func(r rune) bool { return r != '\n' && plain.Deceives(r) }); i >= 0 {
		t.Errorf("a raw character: %q", raw[i:min(len(raw), i+20)])
	}
	got, _, err := Read(name, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// Whoever can write the file can rewrite its policy and the policy's hash
// together. The fingerprint is of the whole file, and kept elsewhere.
func TestAFingerprintHoldsTheWholeFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	f := sample(t)
	expected := write(t, name, f)
	laxer := strings.Replace(text, "maxRuntime: 2h", "maxRuntime: 2m", 1)
	p, err := policy.Parse("p.yaml", []byte(laxer))
	if err != nil {
		t.Fatal(err)
	}
	f.Policy.Text, f.Policy.Hash = laxer, p.Hash
	got := write(t, name, f)
	if _, _, err := Read(name, ""); err != nil {
		t.Fatalf("the rewritten plan is no plan: %v", err)
	}
	want := name + " is not the plan that was expected: its fingerprint is " + string(got) + ", not " + string(expected) +
		"; make the plan anew, or find out who changed it"
	if _, _, err := Read(name, expected); err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(name, got); err == nil {
		t.Error("a byte more was not seen")
	}
}

func TestFingerprintsAsPeopleGiveThem(t *testing.T) {
	whole := fingerprint([]byte("x"))
	digits := strings.TrimPrefix(string(whole), "sha256:")
	for _, given := range []string{string(whole), digits, " " + strings.ToUpper(digits) + "\n"} {
		if got, err := ParseFingerprint(given); err != nil || got != whole {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, given := range []string{"", "sha256:", digits[:8], digits + "00", "md5:" + digits, strings.Replace(digits, "2", "g", 1)} {
		_, err := ParseFingerprint(given)
		want := strconv.Quote(given) + " is no fingerprint: give all of what 'flowreaper plan --out' printed, sha256: and 64 hex digits"
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	write(t, name, sample(t))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, from, to, want string }{
		{"another version", `"version": 1`, `"version": 2`, "its version is 2, and this flowreaper reads version 1: apply it with the flowreaper that made it, or make the plan anew"},
		{"another version, with a key of its own", `"version": 1`, `"version": 2, "groups": []`, "its version is 2, and this flowreaper reads version 1: "},
		{"no version", `"version": 1`, `"mode": "plan"`, "it has no version"},
		{"an unknown key", `"version": 1`, `"version": 1, "force": true`, "it has a key that no plan has, /force"},
		{"a key twice", `"version": 1`, `"version": 1, "policy": {"name": "p", "hash": "h", "text": "t"}`, `duplicate object member name "policy"`},
		{"a key in another case", `"version": 1`, `"version": 1, "POLICY": {"name": "p", "hash": "h", "text": "t"}`, "it has a key that no plan has, /POLICY"},
		{"only in another case", `"region"`, `"Region"`, "it has a key that no plan has, /Region"},
		{"a key within twice", `"flowId": "id"`, `"flowId": "id", "flowId": "other"`, `duplicate object member name "flowId" within "/stops/0`},
		{"a key twice by an escape", `"version": 1`, `"version": 1, "p\u006flicy": {}`, `duplicate object member name "policy"`},
		{"a key within in another case", `"execution"`, `"Execution"`, "it has a key that no plan has, /stops/0/Execution"},
		{"a stop without a start", `"startedTime": "2026-05-04T09:00:00Z"`, `"startedTime": "0001-01-01T00:00:00Z"`, "its stop 1 lacks its flow, its execution or its startedTime"},
		{"a list for an object", `"stops": [`, `"stops": {}, "x": [`, "its /stops is not what it should be"},
		{"an edited policy", "maxRuntime: 2h", "maxRuntime: 2m", "has been changed: the text of its policy has the hash sha256:"},
		{"a second plan behind it", "", "{}", "invalid character '{' after top-level value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(string(whole), test.from, test.to, 1)
			if test.from == "" {
				changed = string(whole) + test.to
			}
			if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Read(name, ""); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// Stops that are nil would approve everything that the policy condemns.
func TestAPlanWithoutStopsIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.json")
	head := `{"version":1,"createdAt":"2026-05-04T12:00:00Z","endpoint":"https://cn-hangzhou.fnf.aliyuncs.com","region":"",` +
		`"policy":{"name":"p","hash":"h","text":"t"}`
	for _, tail := range []string{`}`, `,"stops":null}`} {
		if err := os.WriteFile(name, []byte(head+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := Read(name, "")
		if want := name + " is no plan of this flowreaper's: it has no stops, not even none"; err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", tail, err, want)
		}
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
		{24*time.Hour + time.Minute, f.Endpoint, f.Region, "", "the plan is 1d1m old, and at most 1d are allowed: make it anew, or say --max-plan-age"},
		{-3 * time.Minute, f.Endpoint, f.Region, "", "the plan was made 3m from now: set this machine's clock, or make the plan anew"},
		{math.MinInt64, f.Endpoint, f.Region, "", "the plan was made 106751d23h from now: set this machine's clock, or make the plan anew"},
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
