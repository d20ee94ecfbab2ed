package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// s is a fleet's file, as long as triggers names its places.
const s = "extend: ../../s.yaml\nresources:\n  flowreaper:\n    props:\n      environmentVariables:\n        FLOWREAPER_FLEET: fleet.yaml\n"

// timer is a trigger in it.
func timer(name, payload string) string {
	return fmt.Sprintf("        - {triggerName: %s, triggerType: timer, triggerConfig: {enable: true, payload: '%s'}}\n", name, payload)
}

func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	const wrong = "f.yaml doesn't go with fleet.yaml:\n"
	payments, orders := timer("first", `{"place": "payments"}`), timer("orders", `{"place":"orders"}`)
	write(t, "fleet.yaml", "version: 1\ndefaults: {policy: policy.yaml, region: cn-hangzhou, role: r}\nplaces: [{name: payments, account: 1}, {name: orders, account: 2}]\n")
	write(t, "policy.yaml", "version: 1\nrules: [{name: r, maxRuntime: 2h}]\n")
	for name, test := range map[string]struct{ file, fleet, want string }{
		"a timer a place":  {s + "      triggers:\n" + payments + orders, "fleet.yaml", ""},
		"CloudFlow's":      {s + "      triggers: []\n", "fleet.yaml", ""},
		"of one place":     {strings.Replace(s, "_FLEET: fleet", "_POLICY: policy", 1), "", ""},
		"an event besides": {s + "      triggers:\n" + payments + orders + "        - {triggerName: a, triggerType: eventbridge}\n", "fleet.yaml", ""},
		"no fleet":         {s, "", "f.yaml is a fleet's: say which, with FLEET=fleet.yaml"},
		"no file of a fleet": {strings.Replace(s, "_FLEET: fleet", "_POLICY: policy", 1), "fleet.yaml",
			"f.yaml has no FLOWREAPER_FLEET, so that its function would read no fleet: deploy a fleet's file, with FILE=deploy/fleet/s.yaml, or leave FLEET out"},
		"s.yaml's triggers": {s, "fleet.yaml", wrong + "it has no triggers, and those of the file that it extends name no place: give it one a place, or, where CloudFlow fans out, triggers: []"},
		"a place is forgotten": {s + "      triggers:\n" + orders, "fleet.yaml",
			wrong + "no timer names payments, and nobody would sweep there: add a timer for each, or take them out of the fleet"},
		"misspelt": {s + "      triggers:\n" + timer("a", `{"place": "paymets"}`) + timer("b", `{"palce": "orders"}`) + timer("c", "sweep") + payments + payments, "fleet.yaml",
			wrong + `the timer a: there is no place "paymets" in the fleet; did you mean "payments"?
the timer b has the payload "{\"palce\": \"orders\"}", which must name a place: '{"place": "payments"}'
the timer c has the payload "sweep", which must name a place: '{"place": "payments"}'
the timers first and first name one place, payments
no timer names orders, and nobody would sweep there: add a timer for each, or take them out of the fleet`},
		"too many": {s + "      triggers:\n" + strings.Repeat(payments, 11), "fleet.yaml",
			wrong + "it has 11 triggers, and Function Compute allows a function 10: have CloudFlow fan out (docs/fleet.md)"},
		"no such fleet": {s + "      triggers:\n" + orders, "flet.yaml", "the fleet flet.yaml does not exist: check its name and folder"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, "f.yaml", test.file)
			got := ""
			if err := check("f.yaml", test.fleet); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if err := check("g.yaml", ""); err == nil || err.Error() != "the file to deploy can't be read: open g.yaml: no such file or directory" {
		t.Error(err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is shipped goes with the fleet that the documentation shows.
func TestShippedFile(t *testing.T) {
	folder := t.TempDir()
	page, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```yaml\n# fleet.yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	if err := os.Mkdir(filepath.Join(folder, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	fleet := filepath.Join(folder, "fleet.yaml")
	write(t, fleet, shown)
	for _, name := range []string{"policy.yaml", "policies/production.yaml", "policies/sandbox.yaml"} {
		write(t, filepath.Join(folder, name), "version: 1\nrules: [{name: r, maxRuntime: 2h}]\n")
	}
	if err := check("../fleet/s.yaml", fleet); err != nil {
		t.Error(err)
	}
}
