package fleet

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/sts"
)

const rules = "version: 1\npolicy: base\nmode: enforce\nrules: [{name: two-hours, maxRuntime: 2h}]\n"

// folder is what lies beside the fleet's file.
type folder map[string]string

func (f folder) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func TestParse(t *testing.T) {
	f, err := Parse("fleet.yaml", []byte(`version: 1
defaults: {policy: policy.yaml, region: cn-hangzhou, role: flowreaper-plan, externalId: abc-1}
groups:
  - {name: production, role: flowreaper-enforce, policy: policies/production.yaml}
places:
  - {name: payments, group: production, account: 1968132000123456, region: cn-shanghai}
  - name: sandbox
    account: "77"
    role: acs:ram::77:role/other
    externalId: its/own
  - {name: near, account: 77, region: cn-beijing, endpoint: "https://cn-beijing-internal.fnf.aliyuncs.com", policy: ./policy.yaml}
`), folder{"policy.yaml": rules, "policies/production.yaml": strings.Replace(rules, "base", "production\ncalendars: {holidays: {file: days.ics}}", 1),
		"policies/days.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"}.read)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range f.Places {
		got = append(got, fmt.Sprintf("%s %s %s %q %+v %s %s", p.Name, p.Account, p.Region, p.Endpoint, *p.Role, p.File, p.Policy.Name))
	}
	want := []string{
		fmt.Sprintf(`payments 1968132000123456 cn-shanghai "" %+v policies/production.yaml production`, sts.Role{ARN: "acs:ram::1968132000123456:role/flowreaper-enforce", ExternalID: "abc-1"}),
		fmt.Sprintf(`sandbox 77 cn-hangzhou "" %+v policy.yaml base`, sts.Role{ARN: "acs:ram::77:role/other", ExternalID: "its/own"}),
		fmt.Sprintf(`near 77 cn-beijing "https://cn-beijing-internal.fnf.aliyuncs.com" %+v policy.yaml base`, sts.Role{ARN: "acs:ram::77:role/flowreaper-plan", ExternalID: "abc-1"}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f.Places[1].Policy != f.Places[2].Policy || len(f.Policies) != 2 {
		t.Error("a policy was read twice")
	}
	var files []string
	for _, file := range f.Files {
		files = append(files, file.Name)
	}
	if diff := cmp.Diff([]string{"policies/production.yaml", "policies/days.ics", "policy.yaml"}, files); diff != "" {
		t.Error(diff)
	}
	if want := "3 places, of 2 accounts in 3 regions, by 2 policies"; f.Holds() != want {
		t.Errorf("%q, want %q", f.Holds(), want)
	}
}

// What a place and its group don't say, the defaults do, whatever it is.
func TestEverySettingIsInherited(t *testing.T) {
	var defaults, got Settings
	plaintest.Fill(&defaults)
	got.or(defaults)
	if diff := cmp.Diff(defaults, got); diff != "" {
		t.Errorf("what Settings.or leaves out (-defaults +got):\n%s", diff)
	}
}

// Whole texts: they are what a person has at hand.
func TestMistakes(t *testing.T) {
	beside := folder{"policy.yaml": rules, "bad/p.yaml": "version: 1\nrules: [{name: r, maxRuntme: 2h}]\n"}
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", `f/fleet.yaml:1:1: the file is empty: it needs version: 1 and places`},
		{"keys", "version: 2\ndefault: {policy: policy.yaml}\nplaces:\n  - {nme: a, account: x, rol: r, externalId: 5}\n", `f/fleet.yaml:1:10: version must be 1, but is the number 2: this flowreaper knows no other
   1 | version: 2
     |          ^
f/fleet.yaml:2:1: unknown key "default"; did you mean "defaults"?
   2 | default: {policy: policy.yaml}
     | ^
f/fleet.yaml:4:6: unknown key "nme"; did you mean "name"?
   4 |   - {nme: a, account: x, rol: r, externalId: 5}
     |      ^
f/fleet.yaml:4:23: account must be an account's id, such as "1968132000123456", but is the text "x"
   4 |   - {nme: a, account: x, rol: r, externalId: 5}
     |                       ^
f/fleet.yaml:4:26: unknown key "rol"; did you mean "role"?
   4 |   - {nme: a, account: x, rol: r, externalId: 5}
     |                          ^
f/fleet.yaml:4:46: externalId must be a text, but is the number 5: quote it
   4 |   - {nme: a, account: x, rol: r, externalId: 5}
     |                                              ^`},
		{"a policy", rules, `f/fleet.yaml:1:1: this is a policy, and no fleet's file: give it with --policy, or name it as a place's policy
   1 | version: 1
     | ^`},
		{"policy tests", "version: 1\npolicy: policy.yaml\ncases: []\n", `f/fleet.yaml:1:1: this is a file of policy tests, and no fleet's file: 'flowreaper test FILE' runs it
   1 | version: 1
     | ^`},
		{"no value", "version: 1\nplaces:\n", `f/fleet.yaml:2:1: places has no value: give one
   2 | places:
     | ^`},
		{"what places have in common, once", `version: 1
defaults: {policy: policy.yaml, region: CN-Shanghai, role: a b, externalId: a b, endpoint: "https://cn-shanghai.fnf.aliyuncs.com"}
places: [{name: a, account: 1}, {name: b, account: 1, region: cn-shanghai}, {name: c, account: 1, region: cn-shanghai-finance-1, endpoint: "https://cn-shanghai-finance-1.fnf.aliyuncs.com"}]
`, `f/fleet.yaml:2:41: region "CN-Shanghai" is not a region's id: write it as in cn-hangzhou
   2 | defaults: {policy: policy.yaml, region: CN-Shanghai, role: a b, externalId: a b, endpoint: "https://cn-shanghai.fnf.aliy
     |                                         ^
f/fleet.yaml:2:60: role must be a RAM role's name, such as flowreaper-enforce, or its ARN, such as acs:ram::1:role/flowreaper-enforce, but is "a b"
   2 | defaults: {policy: policy.yaml, region: CN-Shanghai, role: a b, externalId: a b, endpoint: "https://cn-shanghai.fnf.aliy
     |                                                            ^
f/fleet.yaml:2:77: externalId must be 2 to 1224 letters, digits and + = , . @ : / _ -, without blanks
   2 | {policy: policy.yaml, region: CN-Shanghai, role: a b, externalId: a b, endpoint: "https://cn-shanghai.fnf.aliyuncs.com"}
     |                                                                   ^`},
		{"none", "version: 1\nplaces: []\n", `f/fleet.yaml:1:1: places is empty: a fleet without places stops nothing
   1 | version: 1
     | ^`},
		{"what only several keys show", `version: 1
groups: [{name: prod, region: cn-hangzhou}, {name: prod}]
places:
  - {name: A b, account: 1, group: prd, policy: policy.yaml}
  - {name: a, account: 1}
  - {name: a, account: 1, region: cn-hangzhou, policy: ../policy.yaml, role: acs:ram::2:role/x}
  - {name: b, account: 1, region: cn-hangzhou, policy: polic.yaml, role: a/b}
  - {name: c, account: 2, region: cn-hangzou, policy: policy.yaml}
  - {name: d, account: 3, region: cn-shanghai, endpoint: "https://cn-beijing.fnf.aliyuncs.com", policy: bad/p.yaml}
  - {name: e, account: 4, region: cn-shanghai, endpoint: "https://gateway.example.com", policy: bad/p.yaml, role: r, externalId: a b}
  - {name: g, account: 5, region: cn-shanghai, policy: policy.yaml, externalId: ab}
`, `f/fleet.yaml:2:52: the name prod is given to two groups; first in line 2
   2 | groups: [{name: prod, region: cn-hangzhou}, {name: prod}]
     |                                                    ^
f/fleet.yaml:4:12: the name of a place must be 1 to 50 lower-case letters, digits and -, the first a letter, but is "A b"
   4 |   - {name: A b, account: 1, group: prd, policy: policy.yaml}
     |            ^
f/fleet.yaml:4:36: there is no group "prd"; did you mean "prod"?
   4 |   - {name: A b, account: 1, group: prd, policy: policy.yaml}
     |                                    ^
f/fleet.yaml:5:5: the place a has no region: give it one, or its group, or the defaults
   5 |   - {name: a, account: 1}
     |     ^
f/fleet.yaml:5:5: the place a has no policy: give it one, or its group, or the defaults
   5 |   - {name: a, account: 1}
     |     ^
f/fleet.yaml:6:12: the name a is given to two places; first in line 5
   6 |   - {name: a, account: 1, region: cn-hangzhou, policy: ../policy.yaml, role: acs:ram::2:role/x}
     |            ^
f/fleet.yaml:6:56: policy must be the name of a file beside the fleet's, or in a folder there, such as policies/payments.yaml, but is "../policy.yaml": what lies elsewhere isn't in the function's package
   6 |   - {name: a, account: 1, region: cn-hangzhou, policy: ../policy.yaml, role: acs:ram::2:role/x}
     |                                                        ^
f/fleet.yaml:6:78: the role is of the account 2, but the place a is in 1: give the role's name alone, and it is that of the place's own account
   6 |   - {name: a, account: 1, region: cn-hangzhou, policy: ../policy.yaml, role: acs:ram::2:role/x}
     |                                                                              ^
f/fleet.yaml:7:5: a and b are one account and region, whose quota and limits are counted once: make one place of them
   7 |   - {name: b, account: 1, region: cn-hangzhou, policy: polic.yaml, role: a/b}
     |     ^
f/fleet.yaml:7:56: there is no polic.yaml beside the fleet's file: put it there, or correct the name
   7 |   - {name: b, account: 1, region: cn-hangzhou, policy: polic.yaml, role: a/b}
     |                                                        ^
f/fleet.yaml:7:74: role must be a RAM role's name, such as flowreaper-enforce, or its ARN, such as acs:ram::1:role/flowreaper-enforce, but is "a/b"
   7 |   - {name: b, account: 1, region: cn-hangzhou, policy: polic.yaml, role: a/b}
     |                                                                          ^
f/fleet.yaml:8:35: region "cn-hangzou" is none that is known; did you mean cn-hangzhou? If it is one, give its endpoint
   8 |   - {name: c, account: 2, region: cn-hangzou, policy: policy.yaml}
     |                                   ^
f/fleet.yaml:9:58: https://cn-beijing.fnf.aliyuncs.com is in cn-beijing, but the place d is in cn-shanghai: which is it?
   9 |   - {name: d, account: 3, region: cn-shanghai, endpoint: "https://cn-beijing.fnf.aliyuncs.com", policy: bad/p.yaml}
     |                                                          ^
f/fleet.yaml:10:58: no Security Token Service is known beside https://gateway.example.com, which could be asked for the role: leave the endpoint out, or give CloudFlow's own
  10 |   - {name: e, account: 4, region: cn-shanghai, endpoint: "https://gateway.example.com", policy: bad/p.yaml, role: r, ext
     |                                                          ^
f/fleet.yaml:10:130: externalId must be 2 to 1224 letters, digits and + = , . @ : / _ -, without blanks
  10 |  account: 4, region: cn-shanghai, endpoint: "https://gateway.example.com", policy: bad/p.yaml, role: r, externalId: a b}
     |                                                                                                                     ^
f/fleet.yaml:11:81: externalId is what a role's trust asks for, but the place g has no role
  11 |   - {name: g, account: 5, region: cn-shanghai, policy: policy.yaml, externalId: ab}
     |                                                                                 ^
f/bad/p.yaml:2:19: unknown key "maxRuntme"; did you mean "maxRuntime"?
   2 | rules: [{name: r, maxRuntme: 2h}]
     |                   ^`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f/fleet.yaml", []byte(test.text), beside.read)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The name of a place may be a stranger's.
func TestPlace(t *testing.T) {
	text := "version: 1\ndefaults: {policy: policy.yaml, region: cn-hangzhou}\ngroups: [{name: production}]\nplaces:\n"
	for i := range 12 {
		group := ""
		if i == 3 || i == 4 {
			group = ", group: production"
		}
		text += fmt.Sprintf("  - {name: place-%d, account: %d%s}\n", i, i, group)
	}
	f, err := Parse("fleet.yaml", []byte(text), folder{"policy.yaml": rules}.read)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := f.Place("place-11"); err != nil || p.Account != "11" {
		t.Errorf("%+v, %v", p, err)
	}
	const all = "; there are: place-0, place-1, place-2, place-3, place-4, place-5, place-6, place-7, place-8, place-9, and 2 more"
	for name, want := range map[string]string{
		"palce-1":                `there is no place "palce-1" in the fleet; did you mean "place-1"?`,
		"":                       `there is no place "" in the fleet` + all,
		"../fleet":               `there is no place "../fleet" in the fleet` + all,
		"\x1b[31m\n":             `there is no place "\x1b[31m\n" in the fleet` + all,
		strings.Repeat("x", 1e6): `there is no place "` + strings.Repeat("x", 49) + `…" in the fleet` + all,
	} {
		if _, err := f.Place(name); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	selected, err := f.Select([]string{"place-1*", "!place-10"})
	if err != nil || len(selected) != 2 || selected[0].Name != "place-1" || selected[1].Name != "place-11" {
		t.Errorf("%v, %v", selected, err)
	}
	for slip, want := range map[string]string{"plase-1": `plase-1 matches no place of the fleet; did you mean "place-1"?`, "!plase-1": `!plase-1 matches no place of the fleet; did you mean "place-1"?`} {
		if selected, err := f.Select([]string{"place-*", slip}); err == nil || err.Error() != want {
			t.Errorf("%v, %v, want %s", selected, err, want)
		}
	}
	for glob, want := range map[string]string{
		"":                 `"" is not a glob of places' names: it names none; * stands for any characters, ? for one, and a ! before it excludes`,
		"place-1, place-2": `"place-1, place-2" is not a glob of places' names: no place's name has a ","; give --place for each: "place-1", "place-2"`,
		"production":       "no place matches\nthere is no place \"production\" in the fleet, but a group of that name: its places are place-3, place-4",
	} {
		if _, err := f.Select([]string{glob}); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if _, err := f.Select([]string{"x*"}); err == nil || err.Error() != "no place matches\nthere is no place \"x*\" in the fleet"+all {
		t.Errorf("%v", err)
	}
}

// What the documentation shows is a fleet.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yaml\n# fleet.yaml\n")
	block, _, _ = strings.Cut(block, "```")
	f, err := Parse("fleet.yaml", []byte(block), folder{"policy.yaml": rules, "policies/production.yaml": rules, "policies/sandbox.yaml": rules}.read)
	if err != nil || len(f.Places) != 3 || f.Places[1].Role.ARN != "acs:ram::1968132000123456:role/flowreaper-enforce" || f.Places[2].Role.ExternalID != "" {
		t.Errorf("%+v, %v", f, err)
	}
}
