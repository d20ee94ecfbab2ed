package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// The function reads what its policy extends, and the calendars that are named there:
// the base's protect holds, and nothing is stopped in its calendar's days.
func TestThePolicyExtendsABase(t *testing.T) {
	binary, folder := build(t), t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	policyFile := write("policy.yaml", "version: 1\nextends: shared/base.yaml\nmode: enforce\nrules: [{name: two-hours, flows: [etl], maxRuntime: 2h, window: {except: [closed]}}]\n")
	write("shared/base.yaml", "version: 1\npolicy: everywhere\ncalendars: {closed: {file: closed.ics}}\nprotect: {flows: [payroll]}\nrules: [{name: four-hours, maxRuntime: 4h}]\n")
	const head, tail = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\n", "END:VEVENT\nEND:VCALENDAR\n"
	late := func(name string, hours int) account.Flow {
		return account.Flow{Name: name, Executions: []account.Execution{{Name: "late", StartedAgo: account.Duration(time.Duration(hours) * time.Hour)}}}
	}
	for _, test := range []struct {
		calendar string
		want     []string
	}{{"", []string{"etl/late", "web/late"}}, {"RRULE:FREQ=DAILY\n", []string{"web/late"}}} {
		write("shared/closed.ics", head+test.calendar+tail)
		server, err := emulator.New(&account.Account{Flows: []account.Flow{late("etl", 3), late("payroll", 5), late("web", 5)}}, emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		d := deploy(t, binary, "", server, "FLOWREAPER_POLICY="+policyFile)
		r, err := d.invoke(timerEvent(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, stopped(server)); diff != "" || r.Policy.Name != "everywhere" {
			t.Errorf("%q: policy %s, stopped %s", test.calendar, r.Policy.Name, diff)
		}
		if err := d.runtime.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
