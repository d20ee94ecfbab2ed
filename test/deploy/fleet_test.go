package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fleetFile = "deploy/fleet/s.yaml"

// accounts are those of the fleet that deploy/fleet/s.yaml has triggers for, by its places.
type accounts map[string]cloud

// newAccounts writes the fleet into the copy. One place has a policy of its own.
func newAccounts(t *testing.T, d deployment) accounts {
	t.Helper()
	all := accounts{}
	text := "version: 1\ndefaults: {region: cn-hangzhou, policy: policy.yaml, role: flowreaper-enforce, externalId: 3f0b7c1e}\nplaces:\n"
	for i, place := range []string{"payments", "payments-shanghai", "sandbox"} {
		all[place] = newCloud(t, fmt.Appendf([]byte(executions), "roles: [{arn: \"acs:ram::%d:role/flowreaper-enforce\", externalId: 3f0b7c1e}]\n", i+1))
		text += fmt.Sprintf("  - {name: %s, account: %d, endpoint: %q%s}\n", place, i+1, all[place].url, []string{"", "", ", policy: sandbox.yaml"}[i])
	}
	writeFile(t, filepath.Join(d.dir, "fleet.yaml"), text)
	writeFile(t, filepath.Join(d.dir, "policy.yaml"), "version: 1\nmode: enforce\nrules: [{name: longer-than-a-day, flows: [nightly], maxRuntime: 1d}]\n")
	writeFile(t, filepath.Join(d.dir, "sandbox.yaml"), "version: 1\nrules: [{name: longer-than-an-hour, flows: [nightly], maxRuntime: 1h}]\n")
	for _, policy := range []string{"policy", "sandbox"} {
		writeFile(t, filepath.Join(d.dir, policy+".test.yaml"), "version: 1\npolicy: "+policy+".yaml\nnow: 2026-03-04T12:00:00Z\n"+
			"cases: [{name: days, flows: [{name: nightly, executions: [{name: old, startedAgo: 2d, want: {decision: stop}}]}]}]\n")
	}
	return all
}

// areSwept lets each timer fire on the package that was handed over: as shipped all is
// planned, in its own place, and each place's state is in its own file.
func (all accounts) areSwept(t *testing.T, h handedOver) {
	c := cloud{bucket: t.TempDir()}
	found := map[string]int{"payments": 1, "payments-shanghai": 1, "sandbox": 2}
	for _, trigger := range h.Props["triggers"].([]any) {
		r := c.invoke(t, h.code(), h.Props, triggerEvent(t, trigger.(map[string]any)))
		if r.Mode != "plan" || !r.Complete || len(r.Decisions) != found[r.Place] || r.Decisions[0].Outcome != "planned" {
			t.Errorf("%+v", r)
		}
		delete(found, r.Place)
	}
	if len(found) > 0 {
		t.Errorf("not swept: %v", slices.Collect(maps.Keys(found)))
	}
	for place, account := range all {
		account.expectStopped(t)
		if _, err := os.Stat(filepath.Join(c.bucket, "flowreaper-"+place+".state")); err != nil {
			t.Error(err)
		}
	}
}

// Without its fleet a fleet's file is not deployed, nor another file with one, nor a fleet
// that it has no timers for; and nothing is built before that is said.
func TestFleetCheck(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	writeFile(t, filepath.Join(p.dir, "fleet.yaml"), "version: 1\ndefaults: {region: cn-hangzhou, policy: deploy/policy.yaml, role: r}\nplaces: [{name: payments, account: 1}]\n")
	for _, test := range []struct{ args, want string }{
		{"FILE=" + fleetFile, fleetFile + " is a fleet's: say which, with FLEET=fleet.yaml\n"},
		{"FLEET=fleet.yaml", "s.yaml has no FLOWREAPER_FLEET, so that its function would read no fleet: deploy a fleet's file, with FILE=deploy/fleet/s.yaml, or leave FLEET out\n"},
	} {
		refused(t, p, test.want, "make", "deploy", test.args)
	}
	refused(t, p, fleetFile+" doesn't go with fleet.yaml:\n"+
		"the timer payments-shanghai: there is no place \"payments-shanghai\" in the fleet; there are: payments\n"+
		"the timer sandbox: there is no place \"sandbox\" in the fleet; there are: payments\n", "make", "deploy", "FILE="+fleetFile, "FLEET=fleet.yaml")
}

// What keeps one policy from being deployed keeps a fleet, whichever place's it is.
func TestBrokenFleetIsNotDeployed(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	newAccounts(t, d)
	deploy := []string{"make", "deploy", "FILE=" + fleetFile, "FLEET=fleet.yaml"}
	tests := string(readFile(t, filepath.Join(d.dir, "sandbox.test.yaml")))
	d.edit(t, "sandbox.test.yaml", "startedAgo: 2d", "startedAgo: 30m")
	d.refuses(t, "sandbox.test.yaml:4:59: nightly/old\n       decision: want stop, got keep", deploy...)
	if err := os.Remove(filepath.Join(d.dir, "sandbox.test.yaml")); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, "the policy sandbox.yaml has no tests: put them into sandbox.test.yaml\n", deploy...)
	writeFile(t, filepath.Join(d.dir, "sandbox.test.yaml"), tests)
	d.edit(t, "sandbox.yaml", "maxRuntime: 1h", "maxRuntime: 1h, when: execution.input.priority != 1")
	d.refuses(t, "warnings: 1, and --strict allows none", deploy...)
}

// A policy's tests are called as it is, as the scripts for CI and a fleet's check have it.
func TestTestsAreNamedAsThePolicy(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	for policy, tests := range map[string]string{"a/b.yaml": "a/b.test.yaml", "b.yml": "b.test.yml"} {
		r := p.run(t, nil, "make", "-n", "policy-check", "POLICY="+policy)
		if !strings.HasSuffix(r.stdout, "\nbin/flowreaper test "+tests+"\n") {
			t.Errorf("the tests of %s: status %d\n%s%s", policy, r.status, r.stdout, r.stderr)
		}
	}
}

func refused(t *testing.T, p project, want, name string, args ...string) {
	t.Helper()
	r := p.run(t, nil, name, args...)
	if _, err := os.Stat(filepath.Join(p.dir, "bin")); r.status == 0 || err == nil || len(r.stderr) < len(want) || r.stderr[:len(want)] != want {
		t.Errorf("%v: status %d (bin: %v), want a failure that says\n%s%s%s", args, r.status, err, want, r.stdout, r.stderr)
	}
}
