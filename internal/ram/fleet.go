package ram

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// Fleet is what a fleet's roles need. Its JSON form is stable.
type Fleet struct {
	Version  int        `json:"version"`
	Trusted  []string   `json:"trusted"`  // who looks at the places: the function's role, and people
	Policies []Document `json:"policies"` // each of them needs all of these: RAM bounds the length of one
	Roles    []*Role    `json:"roles"`    // which they assume, in the order of the places
}

// Role is one that is assumed in its places.
type Role struct {
	ARN    string   `json:"role"`
	Places []string `json:"places"`
	Trust  Document `json:"trust"`
	Policy Document `json:"policy"`

	places []*fleet.Place
}

// ofFleet is what the roles of all these places need, and who is trusted to assume them. The
// roles are those of the chosen places; but a document, which takes an older one's place, is
// never of these places alone.
func ofFleet(all, chosen []*fleet.Place, mode policy.Mode, trusted []string) (*Fleet, error) {
	f := &Fleet{Version: 1, Trusted: trusted, Roles: []*Role{}}
	var bare []*policy.Policy // of places without a role
	for _, p := range all {
		if p.Role == nil {
			bare = append(bare, p.Policy)
		} else {
			f.add(p)
		}
	}
	if err := f.check(all); err != nil {
		return nil, err
	}
	for _, r := range f.Roles {
		if err := r.write(mode, trusted); err != nil {
			return nil, err
		}
	}
	f.assume()
	if len(bare) > 0 {
		f.Policies = append(f.Policies, ofPolicy(mode, bare...))
	}
	f.Roles = slices.DeleteFunc(f.Roles, func(r *Role) bool {
		return !slices.ContainsFunc(chosen, func(p *fleet.Place) bool { return slices.Contains(r.places, p) })
	})
	return f, nil
}

// add takes a place to those of its role.
func (f *Fleet) add(p *fleet.Place) {
	i := slices.IndexFunc(f.Roles, func(r *Role) bool { return r.ARN == p.Role.ARN })
	if i < 0 {
		i = len(f.Roles)
		f.Roles = append(f.Roles, &Role{ARN: p.Role.ARN})
	}
	r := f.Roles[i]
	r.places, r.Places = append(r.places, p), append(r.Places, p.Name)
}

var trustedForm = regexp.MustCompile(`^acs:ram::([0-9]{1,32}):(?:role/[A-Za-z0-9.-]{1,64}|user/[A-Za-z0-9._-]{1,64})$`)

const example = "acs:ram::1968132000123456:role/flowreaper-fleet"

// check refuses who can't look at the places, whatever the documents say.
func (f *Fleet) check(places []*fleet.Place) error {
	if len(f.Trusted) == 0 {
		return fmt.Errorf("whom do the places' roles trust? Name the function's role with --trust, such as --trust %s, and again whoever looks from a terminal", example)
	}
	for i, arn := range f.Trusted {
		form := trustedForm.FindStringSubmatch(arn)
		switch {
		case form == nil:
			return fmt.Errorf("--trust %q is no ARN of a RAM role or user, such as %s", plain.Clip(arn, 150), example)
		case slices.Contains(f.Trusted[:i], arn):
			return fmt.Errorf("--trust %s is given twice", arn)
		case slices.ContainsFunc(f.Roles, func(r *Role) bool { return r.ARN == arn }):
			return fmt.Errorf("--trust %s is the role of a place, which is assumed: give the function a role of its own", arn)
		}
		for _, p := range places {
			if p.Role == nil && p.Account != form[1] {
				return fmt.Errorf("the place %s is in the account %s and has no role, but %s is of another account: give the place a role of its account", p.Name, p.Account, arn)
			}
		}
	}
	return nil
}

// write writes a role's documents.
func (r *Role) write(mode policy.Mode, trusted []string) error {
	var ids texts
	var policies []*policy.Policy
	for _, p := range r.places {
		policies = append(policies, p.Policy)
		if !slices.Contains(ids, p.Role.ExternalID) {
			ids = append(ids, p.Role.ExternalID)
		}
	}
	if len(ids) > 1 && slices.Contains(ids, "") {
		return fmt.Errorf("the places %s have one role, %s, and only some an externalId: give it to all of them, or to none", strings.Join(r.Places, ", "), r.ARN)
	}
	who := Statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Principal: map[string][]string{"RAM": trusted}}
	if ids[0] != "" {
		who.Condition = map[string]map[string]texts{"StringEquals": {"sts:ExternalId": ids}}
	}
	r.Trust, r.Policy = document(who), ofPolicy(mode, policies...)
	return nil
}

// longest is how many characters a RAM policy may have.
const longest = 6144

// assume writes the policies to assume the roles, and no other: as many as it takes.
func (f *Fleet) assume() {
	var resources texts
	for _, r := range f.Roles {
		// As RAM's documentation has it, with a * for the region that a role doesn't have.
		resources = append(resources, strings.Replace(r.ARN, "acs:ram::", "acs:ram:*:", 1))
	}
	for len(resources) > 0 {
		n := len(resources)
		for length(assuming(resources[:n])) > longest {
			n--
		}
		f.Policies = append(f.Policies, assuming(resources[:n]))
		resources = resources[n:]
	}
}

func assuming(resources texts) Document {
	return document(Statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Resource: resources})
}

// length is that of a document as it is printed.
func length(d Document) int {
	text, _ := json.MarshalIndent(d, "", "  ") // texts can't fail
	return len(text)
}
