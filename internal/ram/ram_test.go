package ram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/sts"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

const function = "acs:ram::7:role/flowreaper-fleet"

// rules are those of policies that differ in what their sweeps call.
var rules = []string{
	"mode: enforce\nrules: [{name: r, maxRuntime: 2h}]",
	"rules: [{name: r, maxRuntime: 2h}]",
	"rules: [{name: r, flows: [etl], when: history.steps > 9}]",
}

func policies(t *testing.T) (all []*policy.Policy) {
	for _, text := range rules {
		p, err := policy.Parse("policy.yaml", []byte("version: 1\n"+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// anyFleet has places of some accounts, of which a role of an account asks for external
// ids or doesn't.
func anyFleet(t *rapid.T, all []*policy.Policy) (places []*fleet.Place) {
	accounts := rapid.IntRange(1, 300).Draw(t, "accounts")
	for i := range rapid.IntRange(1, 300).Draw(t, "places") {
		n := rapid.IntRange(0, accounts-1).Draw(t, "account")
		p := &fleet.Place{Name: fmt.Sprint("p", i), Account: fmt.Sprint(7 + n), Policy: rapid.SampledFrom(all).Draw(t, "policy")}
		if role := rapid.SampledFrom([]string{"", "a", "flowreaper-enforce"}).Draw(t, "role"); role != "" || n > 0 {
			p.Role = &sts.Role{ARN: "acs:ram::" + p.Account + ":role/" + role + "x"}
			if n%2 == 0 {
				p.Role.ExternalID = rapid.SampledFrom([]string{"id/1", "id2"}).Draw(t, "id")
			}
		}
		places = append(places, p)
	}
	return places
}

// statement is one as RAM reads it.
type statement struct {
	Effect    string
	Action    []string
	Resource  any
	Principal *struct{ RAM []string }
	Condition *struct{ StringEquals map[string]any }
}

// read reads documents as RAM does.
func read(t *rapid.T, documents ...Document) (all []statement) {
	for _, d := range documents {
		var page bytes.Buffer
		if err := d.Text(&page); err != nil || page.Len() > 6144+1 {
			t.Fatalf("a policy of %d characters (%v)", page.Len(), err)
		}
		var one struct {
			Version   string
			Statement []statement
		}
		decoder := json.NewDecoder(&page)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&one); err != nil || one.Version != "1" {
			t.Fatalf("%v: %+v", err, d)
		}
		all = append(all, one.Statement...)
	}
	return all
}

// allow says whether one may do so with a resource.
func allow(all []statement, action, resource string) bool {
	return slices.ContainsFunc(all, func(s statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Action, action) && s.Principal == nil && s.Condition == nil &&
			slices.ContainsFunc(list(s.Resource), func(glob string) bool {
				before, after, star := strings.Cut(glob, "*")
				return glob == resource || star && len(resource) >= len(before+after) && strings.HasPrefix(resource, before) && strings.HasSuffix(resource, after)
			})
	})
}

// trust says whether a role does.
func trust(all []statement, caller, externalID string) bool {
	return slices.ContainsFunc(all, func(s statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Action, "sts:AssumeRole") && s.Resource == nil && slices.Contains(s.Principal.RAM, caller) &&
			(s.Condition == nil || slices.Contains(list(s.Condition.StringEquals["sts:ExternalId"]), externalID))
	})
}

func list(v any) (all []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	for _, each := range v.([]any) {
		all = append(all, each.(string))
	}
	return all
}

// What is pasted is what sweeps do with, and no more, in each place of any fleet.
func TestFleetProperty(t *testing.T) {
	all := policies(t)
	rapid.Check(t, func(t *rapid.T) {
		places := anyFleet(t, all)
		mode := rapid.SampledFrom([]policy.Mode{policy.ModePlan, policy.ModeEnforce}).Draw(t, "mode")
		f, err := ofFleet(places, places, mode, []string{function})
		if err != nil {
			t.Fatal(err)
		}
		may, trusts := map[string][]statement{function: read(t, f.Policies...)}, map[string][]statement{}
		for _, r := range f.Roles {
			may[r.ARN], trusts[r.ARN] = read(t, r.Policy), read(t, r.Trust)
		}
		need, assumed := map[string]bool{}, map[string]bool{}
		for _, p := range places {
			caller := function
			if p.Role != nil {
				caller = p.Role.ARN
				assumed[caller] = true
				checkTrust(t, trusts[caller], *p.Role)
			}
			for _, o := range sweep.Operations(mode, p.Policy) {
				need[caller+" "+o] = true
			}
		}
		checkCalls(t, may, need)
		for n := range 310 {
			for _, role := range []string{"x", "ax", "flowreaper-enforcex", "flowreaper-enforce"} {
				arn := fmt.Sprintf("acs:ram::%d:role/%s", n, role)
				if got := allow(may[function], "sts:AssumeRole", arn); got != assumed[arn] {
					t.Fatalf("assuming %s is allowed: %v", arn, got)
				}
			}
		}
	})
}

// checkTrust holds a role's trust to the function alone, with the external id of a place.
func checkTrust(t *rapid.T, of []statement, role sts.Role) {
	if !trust(of, function, role.ExternalID) || trust(of, function, "other") != (role.ExternalID == "") || trust(of, "acs:ram::7:role/x", role.ExternalID) {
		t.Fatalf("%s trusts wrongly: %+v", role.ARN, of)
	}
}

// checkCalls holds what each may call to what it needs.
func checkCalls(t *rapid.T, may map[string][]statement, need map[string]bool) {
	for caller, all := range may {
		for _, o := range []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution", "GetExecutionHistory", "StopExecution", "StartExecution"} {
			if got := allow(all, "fnf:"+o, "acs:fnf:cn-hangzhou:7:flow/etl"); got != need[caller+" "+o] {
				t.Fatalf("%s may %s: %v", caller, o, got)
			}
		}
	}
}
