package soak

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/result"
)

// emulatedFleet is a fleet of emulated accounts, each at an address of its own.
type emulatedFleet struct {
	t      *testing.T
	folder string
	places []*emulatedPlace
}

type emulatedPlace struct {
	name    string
	account string
	server  *emulator.Server
	ill     string // what is wrong with it; "": nothing
}

// The ills of the first places; the others are well.
const (
	unreachable = "nobody answers there"
	broken      = "it breaks every connection"
	wrongRole   = "it has no such role"
	throttled   = "it throttles"
)

var ills = []string{unreachable, broken, wrongRole, throttled}

// newFleet makes so many places, and so many idle flows in each. In each an execution is
// to be stopped. Every other place has a policy that extends the base.
func newFleet(t *testing.T, places, flows int) *emulatedFleet {
	t.Helper()
	f := &emulatedFleet{t: t, folder: t.TempDir()}
	text := "version: 1\ndefaults: {policy: policy.yaml, region: cn-hangzhou, role: flowreaper-enforce, externalId: shared/1}\nplaces:\n"
	for i := range places {
		p := &emulatedPlace{name: fmt.Sprintf("place-%02d", i+1), account: fmt.Sprint(1968132000123400 + i)}
		if i < len(ills) {
			p.ill = ills[i]
		}
		text += fmt.Sprintf("  - {name: %s, account: %s, endpoint: %q%s}\n", p.name, p.account, f.serve(p, flows), []string{"", ", policy: team/strict.yaml"}[i%2])
		f.places = append(f.places, p)
	}
	f.write("fleet.yaml", text)
	f.write("policy.yaml", "version: 1\npolicy: base\nmode: enforce\nrules: [{name: two-hours, flows: [\"etl-*\"], maxRuntime: 2h}]\n")
	f.write("team/strict.yaml", "version: 1\npolicy: strict\nextends: base.yaml\n")
	f.write("team/base.yaml", "version: 1\npolicy: base\nmode: enforce\nrules: [{name: two-hours, flows: [\"etl-*\"], maxRuntime: 2h}]\n")
	return f
}

func (f *emulatedFleet) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		f.t.Fatal(err)
	}
}

// serve serves a place's account, and returns where.
func (f *emulatedFleet) serve(p *emulatedPlace, flows int) string {
	f.t.Helper()
	a := &account.Account{
		Flows: []account.Flow{{Name: "etl-nightly", Executions: []account.Execution{
			{Name: "hanging", StartedAgo: account.Duration(3 * time.Hour)}, {Name: "young", StartedAgo: account.Duration(time.Hour)},
		}}},
		Generate: []account.Generate{{Flows: flows, Prefix: "etl-load-", Live: 2, MaxAge: account.Duration(time.Hour)}},
		Roles:    []account.Role{{ARN: "acs:ram::" + p.account + ":role/flowreaper-enforce", ExternalID: "shared/1"}},
	}
	switch p.ill {
	case throttled:
		a.Generate[0].Flows = min(flows, 15)
	case broken:
		a.Faults = []account.Fault{{Operation: "ListFlows", Kind: account.FaultResetBefore, Times: 1_000_000}}
	case wrongRole:
		a.Roles[0].ARN += "-2"
	}
	server, err := emulator.New(a, emulator.Options{NoQuota: p.ill != throttled})
	if err != nil {
		f.t.Fatal(err)
	}
	p.server = server
	if p.ill == unreachable {
		return "http://127.0.0.1:1" // a port that was closed may be another server's a moment later
	}
	loopback := httptest.NewServer(server)
	f.t.Cleanup(loopback.Close)
	return loopback.URL
}

// without is the environment without this test's own variables.
func without() []string {
	return slices.DeleteFunc(fcruntime.Inherit(os.Environ()), func(v string) bool { return strings.HasPrefix(v, "FLOWREAPER_") })
}

// fleetParts runs a command over the fleet, as JSON, and returns its parts.
func fleetParts[R any](f *emulatedFleet, terminal string, want int, args ...string) (parts []fleetPart[R]) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), terminal, append(args, "--fleet", "fleet.yaml", "-o", "json")...)
	cmd.Dir = f.folder
	cmd.Env = append(without(), "HOME="+f.folder, "XDG_STATE_HOME="+f.folder, "FLOWREAPER_RATES="+unlimited(),
		"ALIBABA_CLOUD_ACCESS_KEY_ID=emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=emulator")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, _ := cmd.Output() // the status says it
	if status := cmd.ProcessState.ExitCode(); status != want {
		f.t.Fatalf("%s: exit status %d, want %d\n%s%s", args[0], status, want, said.String(), out)
	}
	var all struct{ Places []fleetPart[R] }
	if err := json.Unmarshal(out, &all); err != nil {
		f.t.Fatalf("%v\n%s", err, out)
	}
	if len(all.Places) != len(f.places) {
		f.t.Fatalf("%d parts of %d", len(all.Places), len(f.places))
	}
	if !strings.Contains(said.String(), "not all is well in 3 places of") {
		f.t.Errorf("it says %q", said.String())
	}
	return all.Places
}

type fleetPart[R any] struct {
	Place, Account, Error string
	Report                *R
}

// refusals begin what is said of the places that are ill.
var refusals = map[string]string{
	unreachable: "the role acs:ram::1968132000123400:role/flowreaper-enforce could not be assumed, and nothing was done there: dial tcp 127.0.0.1:",
	broken:      "the flows could not be listed",
	wrongRole: "the role acs:ram::1968132000123402:role/flowreaper-enforce could not be assumed, and nothing was done there: the Security Token Service answered 404 Not Found: " +
		"EntityNotExist.Role: The role not exists: acs:ram::1968132000123402:role/flowreaper-enforce.\nCheck the account and the role's name",
}

func (p *emulatedPlace) check(t *testing.T, command, err string) (well bool) {
	t.Helper()
	want, ill := refusals[p.ill]
	if !ill && err != "" || ill && !strings.Contains(err, want) {
		t.Errorf("%s %s (%s): %q, want %q", command, p.name, p.ill, err, want)
	}
	return !ill
}

// TestSoakFleet has forty accounts looked at by one command: what is wrong with four of them
// is said, and leaves the others alone.
func TestSoakFleet(t *testing.T) {
	f := newFleet(t, 40, number(t, "FLOWREAPER_SOAK_FLOWS", 15, 100))
	terminal := build(t, "../../cmd/flowreaper")
	for i, part := range fleetParts[result.Report](f, terminal, 3, "plan") {
		p := f.places[i]
		if !p.check(t, "plan", part.Error) {
			continue
		}
		r := part.Report
		if r.Name != p.name || r.Account != p.account || !r.Complete || len(r.Decisions) != 1 || r.Decisions[0].Outcome != result.Planned {
			t.Errorf("%s: %+v", p.name, r)
		}
		if name := []string{"base", "strict"}[i%2]; r.Policy.Name != name {
			t.Errorf("%s: the policy is %s", p.name, r.Policy.Name)
		}
		if (r.Throttled > 0) != (p.ill == throttled) {
			t.Errorf("%s: throttled %d times", p.name, r.Throttled)
		}
	}
	for i, part := range fleetParts[doctor.Report](f, terminal, 3, "doctor") {
		if p := f.places[i]; p.ill != broken && p.check(t, "doctor", part.Error) && len(part.Report.Unmatched) > 0 {
			t.Errorf("%s: %+v", p.name, part.Report)
		}
	}
	for i, part := range fleetParts[audit.Result](f, terminal, 3, "audit") {
		if p := f.places[i]; p.check(t, "audit", part.Error) && (!part.Report.Complete || part.Report.Account != p.account || part.Report.Flows.Read < 2) {
			t.Errorf("%s: %+v", p.name, part.Report)
		}
	}
}

// TestSoakFleetByTheFunction has one process of the function sweep forty places in turn, twice: it
// stops in each what is to be stopped, keeps to each place's own file, and stays small.
func TestSoakFleetByTheFunction(t *testing.T) {
	f := newFleet(t, 40, number(t, "FLOWREAPER_SOAK_FLOWS", 15, 1000))
	state := filepath.Join(t.TempDir(), "flowreaper.state")
	var logs bytes.Buffer
	rt, err := fcruntime.Start(t.Context(), fcruntime.Options{
		Binary: build(t, "../../function"), Logs: &logs, Region: "cn-hangzhou", AccountID: "1",
		Env: append(without(), "FLOWREAPER_FLEET="+filepath.Join(f.folder, "fleet.yaml"), "FLOWREAPER_STATE="+state, "FLOWREAPER_RATES="+unlimited()),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	for turn := range 2 {
		for i, p := range f.places {
			body := fmt.Sprintf(`{"place":%q}`, p.name)
			if i%2 == 1 {
				body = fmt.Sprintf(`{"triggerTime":%q,"triggerName":"every-minute","payload":"{\"place\": \"%s\"}"}`, time.Now().UTC().Format(time.RFC3339), p.name)
			}
			f.checkSweep(rt, p, turn, body)
		}
	}
	for _, p := range f.places {
		stops := p.server.Stats().Stops
		if _, ill := refusals[p.ill]; ill != (len(stops) == 0) || len(stops) > 1 {
			t.Errorf("%s (%s): stopped %+v", p.name, p.ill, stops)
		}
		if _, err := os.Stat(strings.TrimSuffix(state, ".state") + "-" + p.name + ".state"); (err == nil) == (p.ill == unreachable || p.ill == wrongRole) {
			t.Errorf("%s (%s): its file: %v", p.name, p.ill, err)
		}
	}
	if runtime.GOOS == "linux" {
		peak := peakMemory(t, rt.PID())
		fmt.Printf("Fleet: 40 places, %.1f MiB resident at the most, want at most 64\n", float64(peak)/1024)
		if peak > mostMemory {
			t.Errorf("%d KiB were resident, want at most %d", peak, mostMemory)
		}
	}
}

func (f *emulatedFleet) checkSweep(rt *fcruntime.Runtime, p *emulatedPlace, turn int, body string) {
	f.t.Helper()
	answer, err := rt.Invoke(f.t.Context(), fcruntime.Invocation{
		Event: []byte(body), Timeout: time.Minute, Credentials: fcruntime.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	var failed *fcruntime.FunctionError
	if errors.As(err, &failed) {
		if want := map[string]string{unreachable: "FlowReaperCredentials", wrongRole: "FlowReaperCredentials", broken: "FlowReaperSweep"}[p.ill]; failed.Type != want {
			f.t.Errorf("%s (%s): %v, want %q", p.name, p.ill, err, want)
		}
		return
	}
	if err != nil {
		f.t.Fatal(err)
	}
	var r result.Report
	if err := json.Unmarshal(answer.Body, &r); err != nil {
		f.t.Fatal(err)
	}
	if r.Name != p.name || r.Account != p.account || r.Trigger.Kind != "timer" || r.Ledger != "file" || len(r.Decisions) != 1-turn {
		f.t.Errorf("%s, turn %d: %+v", p.name, turn, r)
	}
}
