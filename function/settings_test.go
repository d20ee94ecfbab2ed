package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

func variables(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestSettings(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(binary), "policy.yaml")
	for _, test := range []struct {
		name string
		env  map[string]string
		want settings
	}{
		{"nothing set", nil, settings{policyFile: beside, mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"empty is unset", map[string]string{"FLOWREAPER_MODE": "", "FLOWREAPER_POLICY": ""}, settings{policyFile: beside, mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"enforce changes nothing", map[string]string{"FLOWREAPER_MODE": "enforce"}, settings{policyFile: beside, mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"plan", map[string]string{"FLOWREAPER_MODE": "plan"}, settings{policyFile: beside, mode: policy.ModePlan, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"off", map[string]string{"FLOWREAPER_MODE": "off"}, settings{policyFile: beside, mode: policy.ModePlan, off: true, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"the code's folder", map[string]string{"FC_FUNC_CODE_PATH": "/code"}, settings{policyFile: "/code/policy.yaml", mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"beneath the code's folder", map[string]string{"FC_FUNC_CODE_PATH": "/code", "FLOWREAPER_POLICY": "policies/prod.yaml"}, settings{policyFile: "/code/policies/prod.yaml", mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"an absolute path", map[string]string{"FC_FUNC_CODE_PATH": "/code", "FLOWREAPER_POLICY": "/mnt/oss/prod.yaml"}, settings{policyFile: "/mnt/oss/prod.yaml", mode: policy.ModeEnforce, tick: time.Minute, rates: cloudflow.Rates{}}},
		{"where to call", map[string]string{"FC_FUNC_CODE_PATH": "/code", "FLOWREAPER_ENDPOINT": "http://127.0.0.1:8790", "FLOWREAPER_REGION": "cn-beijing"}, settings{
			policyFile: "/code/policy.yaml", mode: policy.ModeEnforce, endpoint: "http://127.0.0.1:8790", region: "cn-beijing",
			tick: time.Minute, rates: cloudflow.Rates{},
		}},
		{"pace and state", map[string]string{"FC_FUNC_CODE_PATH": "/code", "FLOWREAPER_TICK": "0.5d", "FLOWREAPER_RATES": "ListExecutions=1/4", "FLOWREAPER_STATE": "/mnt/oss/state"}, settings{
			policyFile: "/code/policy.yaml", mode: policy.ModeEnforce, state: "/mnt/oss/state",
			tick: 12 * time.Hour, rates: cloudflow.Rates{"ListExecutions": {PerSecond: 1, Burst: 4}},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSettings(variables(test.env))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(settings{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPolicyWithACalendar: the function reads what lies beside its policy.
func TestPolicyWithACalendar(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("policy.yaml", "version: 1\ncalendars: {hr: {file: hr.ics}}\nrules: [{name: r, window: {except: hr}}]\n")
	_, err := loadPolicy(file)
	want := file + ":2:24: file of calendars.hr: there is no hr.ics beside the policy: put it there, or correct the name\n" +
		"   2 | calendars: {hr: {file: hr.ics}}\n     |                        ^"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	write("hr.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\nEND:VCALENDAR\n")
	if p, err := loadPolicy(file); err != nil || len(p.Files()) != 1 {
		t.Errorf("%v, %v", p, err)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	const modes = ": set it to plan, off or enforce, or leave it unset (which is enforce); nothing is done until then"
	const ticks = ": set it to the time between two timer events, 15s to 1d, such as 1m, or leave it unset (which is 1m)"
	for _, test := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"unknown mode", map[string]string{"FLOWREAPER_MODE": "dry-run"}, `FLOWREAPER_MODE is "dry-run"` + modes},
		{"a mode's case", map[string]string{"FLOWREAPER_MODE": "OFF"}, `FLOWREAPER_MODE is "OFF"` + modes},
		{"a mode with a space", map[string]string{"FLOWREAPER_MODE": "plan "}, `FLOWREAPER_MODE is "plan "` + modes},
		{"plain http to another machine", map[string]string{"FLOWREAPER_ENDPOINT": "http://fnf.example.com"}, `FLOWREAPER_ENDPOINT, FLOWREAPER_REGION: endpoint "http://fnf.example.com" is plain http to another machine, ` +
			"which would show the requests' signatures and tokens to the network: use https (http is for loopback addresses only)"},
		{"what would log the token", map[string]string{"DEBUG": "dara"}, "DEBUG has the word dara, with which Alibaba Cloud's libraries print every request with its signature and token: take it out"},
		{"a tick that is none", map[string]string{"FLOWREAPER_TICK": "60"}, `FLOWREAPER_TICK is "60"` + ticks},
		{"a tick too short", map[string]string{"FLOWREAPER_TICK": "10s"}, `FLOWREAPER_TICK is "10s"` + ticks},
		{"rates of nothing", map[string]string{"FLOWREAPER_RATES": "ListExecutions"}, `FLOWREAPER_RATES: rate "ListExecutions": write it as Operation=perSecond/burst, as in ListExecutions=1.96/8`},
		{"a state beneath the code", map[string]string{"FLOWREAPER_STATE": "state"}, `FLOWREAPER_STATE is "state": give an absolute path, on a mounted OSS bucket or NAS; the function's own folder doesn't outlive its process`},
		{"not a region", map[string]string{"FLOWREAPER_REGION": "Hangzhou!"}, `FLOWREAPER_ENDPOINT, FLOWREAPER_REGION: region "Hangzhou!" is not a region's id: write it as in cn-hangzhou, or give an endpoint`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := readSettings(variables(test.env)); err == nil || err.Error() != test.want {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

// A policy with mistakes may name variables of its own: they are told first, and alone.
func TestMistakesComeBeforeMisspeltVariables(t *testing.T) {
	_, mistakes := policy.Parse("p.yaml", []byte("version: 1\nnotify: [{name: a, kind: webhook, urlEnv: FLOWREAPER_ROBOT}]\n"))
	unreadable := errors.New("it can't be read")
	environ := []string{"FLOWREAPER_ROBOT=x"}
	for _, test := range []struct {
		others []string
		err    error
		typ    errorType
		tells  []bool // of the variable, of err
	}{
		{nil, mistakes, policyError, []bool{false, true}},
		{nil, unreadable, configError, []bool{true, true}},
		{nil, nil, configError, []bool{true, false}},
		{[]string{"FLOWREAPER_ROBOT"}, unreadable, policyError, []bool{false, true}},
	} {
		err := readWith(environ, test.others, test.err)
		tells := []bool{strings.Contains(err.Error(), "FLOWREAPER_ROBOT is none"), test.err != nil && strings.Contains(err.Error(), test.err.Error())}
		if typeOf(err) != test.typ || !slices.Equal(tells, test.tells) {
			t.Errorf("%v: %s: %v", test.err, typeOf(err), err)
		}
	}
	if err := readWith(environ, []string{"FLOWREAPER_ROBOT"}, nil); err != nil {
		t.Error(err)
	}
}
