package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\nEND:VCALENDAR\n"

// What a policy names is in its package, where the policy names it.
func TestFilesOfThePolicy(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	binary := write(t, from, "binary", "a program")
	policy := write(t, from, "prod.yaml", "version: 1\nextends: shared/base.yaml\ncalendars: {a: {file: hr/a.ics}, b: {file: b.ics}}\nrules: [{name: r, window: {except: [a, b]}}]\n")
	write(t, from, "hr/a.ics", calendar)
	write(t, from, "b.ics", calendar)
	write(t, from, "shared/base.yaml", "version: 1\nextends: deep.yaml\n")
	write(t, from, "shared/deep.yaml", "version: 1\ncalendars: {c: {file: c.ics}}\nprotect: {window: {days: Mon, also: [c]}}\n")
	write(t, from, "shared/c.ics", calendar)
	write(t, from, "c.ics", calendar)
	if err := pack(to, binary, policy, policyName); err != nil {
		t.Fatal(err)
	}
	var got []string
	packed := os.DirFS(filepath.Join(to, "function")).(interface {
		ReadFile(string) ([]byte, error)
	})
	for _, name := range []string{"b.ics", "flowreaper-function", "hr/a.ics", "policy.yaml", "shared/base.yaml", "shared/c.ics", "shared/deep.yaml", "c.ics"} {
		if text, err := packed.ReadFile(name); err == nil && len(text) > 0 {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff([]string{"b.ics", "flowreaper-function", "hr/a.ics", "policy.yaml", "shared/base.yaml", "shared/c.ics", "shared/deep.yaml"}, got); diff != "" {
		t.Error(diff)
	}
}

// A fleet's package has every policy, and what each of them names.
func TestFilesOfTheFleet(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	binary := write(t, from, "binary", "a program")
	fleet := write(t, from, "places.yaml", "version: 1\ndefaults: {region: cn-hangzhou}\nplaces: [{name: a, account: 1, policy: policy.yaml}, {name: b, account: 2, policy: team/b.yaml}]\n")
	write(t, from, "policy.yaml", "version: 1\nrules: [{name: r, maxRuntime: 2h}]\n")
	write(t, from, "team/b.yaml", "version: 1\nextends: base.yaml\n")
	write(t, from, "team/base.yaml", "version: 1\ncalendars: {a: {file: hr/a.ics}}\nrules: [{name: r, window: {except: a}}]\n")
	write(t, from, "team/hr/a.ics", calendar)
	write(t, from, "other.yaml", "version: 1\nrules: [{name: r, maxRuntime: 2h}]\n")
	if err := packFleet(to, binary, "--fleet", fleet); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(to, "function")
	var got []string
	err := filepath.WalkDir(packed, func(file string, d fs.DirEntry, err error) error {
		if text, _ := os.ReadFile(file); len(text) > 0 {
			name, _ := filepath.Rel(packed, file)
			got = append(got, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fleet.yaml", "flowreaper-function", "policy.yaml", "team/b.yaml", "team/base.yaml", "team/hr/a.ics"}, got); diff != "" {
		t.Error(diff)
	}
	if err := packFleet(to, binary, "--flet", fleet); err == nil || err.Error() != "--flet is no option: there is --fleet" {
		t.Error(err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	from := t.TempDir()
	binary := write(t, from, "binary", "a program")
	policy := write(t, from, "prod.yaml", "version: 1\ncalendars: {a: {file: policy.yaml}}\nrules: [{name: r, window: {except: a}}]\n")
	write(t, from, "policy.yaml", calendar)
	want := policy + " names the file policy.yaml, but in the package that is another: rename it"
	if err := pack(t.TempDir(), binary, policy, policyName); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	name = filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
