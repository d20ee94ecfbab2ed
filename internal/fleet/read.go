package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/sts"
	"github.com/flowreaper/flowreaper/internal/yamlread"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy"
)

// MostPlaces is how many places a file may have: far more than one function reaches.
const MostPlaces = 2000

// reader checks a file, and collects everything that is wrong.
type reader struct {
	fleet    *Fleet
	name     string
	text     []byte
	read     func(string) ([]byte, error)
	problems []yamltree.Problem
	others   policy.Errors             // of the policies' files
	compiled map[string]*policy.Policy // by their names in the file; nil: it can't be, and that has been said
}

// fail says once what several places have from their group or the defaults.
func (r *reader) fail(at yamltree.Position, format string, args ...any) {
	problem := yamltree.Problem{Position: at, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(r.problems, problem) {
		r.problems = append(r.problems, problem)
	}
}

func (r *reader) errors() policy.Errors {
	return append(yamlread.Placed(r.name, r.text, r.problems), r.others...)
}

func (r *reader) all() {
	root, problems := yamltree.Parse(r.text)
	r.problems = problems
	switch {
	case len(problems) > 0:
	case root == nil:
		r.fail(yamltree.Position{Line: 1, Column: 1}, "the file is empty: it needs version: 1 and places")
	case root.Value("rules").Kind == yamltree.Sequence:
		r.fail(root.Position, "this is a policy, and no fleet's file: give it with --policy, or name it as a place's policy")
	case root.Value("cases").Kind == yamltree.Sequence:
		r.fail(root.Position, "this is a file of policy tests, and no fleet's file: 'flowreaper test FILE' runs it")
	}
	if len(r.problems) > 0 {
		return
	}
	var f File
	if r.problems = yamlread.Read(root, &f); len(r.problems) > 0 {
		return // what is missing may only be misspelt
	}
	switch n := len(f.Places); {
	case n == 0:
		r.fail(f.At, "places is empty: a fleet without places stops nothing")
	case n > MostPlaces:
		r.fail(f.At, "the file has %d places, at most %d are read: make two of it", n, MostPlaces)
	default:
		r.places(&f)
	}
}

// nameForm leaves room for a session's name at the Security Token Service, of 64 characters.
var nameForm = pattern.Of(`^[a-z][a-z0-9-]{0,49}$`)

// named checks a name. lines are those of the names so far.
func (r *reader) named(name Text, what string, lines map[string]int) {
	if !nameForm().MatchString(name.Value) {
		r.fail(name.At, "the name of a %s must be 1 to 50 lower-case letters, digits and -, the first a letter, but is %q", what, yamltree.Brief(name.Value))
	}
	if line, twice := lines[name.Value]; twice {
		r.fail(name.At, "the name %s is given to two %ss; first in line %d", name.Value, what, line)
	}
	lines[name.Value] = name.At.Line
}

func (r *reader) places(f *File) {
	groups, lines := map[string]*Group{}, map[string]int{}
	for i := range f.Groups {
		g := &f.Groups[i]
		r.named(g.Name, "group", lines)
		groups[g.Name.Value] = g
	}
	lines = map[string]int{}
	same := map[[2]string]string{} // who has an account and region
	for i := range f.Places {
		e := &f.Places[i]
		r.named(e.Name, "place", lines)
		s, known := r.settings(e, f, groups)
		if !known {
			continue // of what it hasn't, its group may have had
		}
		p := r.place(e, s)
		if other, twice := same[[2]string{p.Account, p.Region}]; twice && p.Region != "" {
			r.fail(e.At, "%s and %s are one account and region, whose quota and limits are counted once: make one place of them", other, p.Name)
		}
		same[[2]string{p.Account, p.Region}] = p.Name
		r.fleet.Places = append(r.fleet.Places, p)
		r.fleet.names[p.Name] = p
		r.fleet.groups[e.Group.Value] = append(r.fleet.groups[e.Group.Value], p.Name)
	}
}

// settings are a place's own, else its group's, else the defaults; false where there is no
// such group.
func (r *reader) settings(e *Entry, f *File, groups map[string]*Group) (Settings, bool) {
	s := e.Settings
	if e.Group.Value != "" {
		g := groups[e.Group.Value]
		if g == nil {
			r.fail(e.Group.At, "there is no group %q%s", yamltree.Brief(e.Group.Value), spelling.DidYouMean(e.Group.Value, groupNames(f)))
			return s, false
		}
		s.or(g.Settings)
	}
	if f.Defaults != nil {
		s.or(*f.Defaults)
	}
	return s, true
}

func groupNames(f *File) []string {
	names := make([]string, len(f.Groups))
	for i, g := range f.Groups {
		names[i] = g.Name.Value
	}
	return names
}

// or takes what s doesn't say from others.
func (s *Settings) or(others Settings) {
	s.Region, s.Role, s.ExternalID = cmp.Or(s.Region, others.Region), cmp.Or(s.Role, others.Role), cmp.Or(s.ExternalID, others.ExternalID)
	s.Policy, s.Endpoint = cmp.Or(s.Policy, others.Policy), cmp.Or(s.Endpoint, others.Endpoint)
}

func (r *reader) place(e *Entry, s Settings) *Place {
	p := &Place{Name: e.Name.Value, Account: e.Account.Value, Region: s.Region.Value, Endpoint: s.Endpoint.Value, File: s.Policy.Value}
	if p.Region == "" {
		r.fail(e.At, "the place %s has no region: give it one, or its group, or the defaults", p.Name)
	} else if at, err := cloudflow.ParseEndpoint(p.Endpoint, p.Region); err != nil {
		r.fail(cmp.Or(s.Endpoint, s.Region).At, "%v", err)
	} else if !cloudflow.IsRegion(p.Region) {
		r.fail(s.Region.At, "region %q is not a region's id: write it as in cn-hangzhou", yamltree.Brief(p.Region))
	} else {
		r.checkRegion(e, s, at)
		p.Role = r.role(e, s, at)
	}
	if p.File == "" {
		r.fail(e.At, "the place %s has no policy: give it one, or its group, or the defaults", p.Name)
	} else {
		p.File = path.Clean(p.File)
		p.Policy = r.policy(s.Policy)
	}
	return p
}

// checkRegion holds the region to what it is for, and to the endpoint's own.
func (r *reader) checkRegion(e *Entry, s Settings, at cloudflow.Endpoint) {
	if own, _ := at.Region(); own != "" && own != s.Region.Value {
		r.fail(s.Endpoint.At, "%s is in %s, but the place %s is in %s: which is it?", at, own, e.Name.Value, s.Region.Value)
	}
}

var (
	roleName       = pattern.Of(`^[A-Za-z0-9.-]{1,64}$`)
	roleARN        = pattern.Of(`^acs:ram::([0-9]{1,32}):role/([A-Za-z0-9.-]{1,64})$`)
	externalIDForm = pattern.Of(`^[A-Za-z0-9+=,.@:/_-]+$`)
)

// role is the role to assume, in the place's own account; nil for none.
func (r *reader) role(e *Entry, s Settings, at cloudflow.Endpoint) *sts.Role {
	arn, id := s.Role.Value, s.ExternalID.Value
	if arn == "" {
		if id != "" {
			r.fail(s.ExternalID.At, "externalId is what a role's trust asks for, but the place %s has no role", e.Name.Value)
		}
		return nil
	}
	if roleName().MatchString(arn) {
		arn = "acs:ram::" + e.Account.Value + ":role/" + arn
	}
	switch m := roleARN().FindStringSubmatch(arn); {
	case m == nil:
		r.fail(s.Role.At, "role must be a RAM role's name, such as flowreaper-enforce, or its ARN, such as acs:ram::%s:role/flowreaper-enforce, but is %q", e.Account.Value, yamltree.Brief(s.Role.Value))
	case m[1] != e.Account.Value:
		r.fail(s.Role.At, "the role is of the account %s, but the place %s is in %s: give the role's name alone, and it is that of the place's own account", m[1], e.Name.Value, e.Account.Value)
	case !sts.CanAssume(at):
		r.fail(s.Endpoint.At, "no Security Token Service is known beside %s, which could be asked for the role: leave the endpoint out, or give CloudFlow's own", at)
	}
	if id != "" && (len(id) < 2 || len(id) > 1224 || !externalIDForm().MatchString(id)) {
		r.fail(s.ExternalID.At, "externalId must be 2 to 1224 letters, digits and + = , . @ : / _ -, without blanks")
	}
	return &sts.Role{ARN: arn, ExternalID: id}
}

// policy reads and compiles a policy, once.
func (r *reader) policy(named Text) *policy.Policy {
	name := path.Clean(named.Value)
	if p, done := r.compiled[name]; done {
		return p
	}
	r.compiled[name] = nil
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(named.Value, `\:`) {
		r.fail(named.At, "policy must be the name of a file beside the fleet's, or in a folder there, such as policies/payments.yaml, but is %q: what lies elsewhere isn't in the function's package", yamltree.Brief(named.Value))
		return nil
	}
	text, err := r.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.fail(named.At, "there is no %s beside the fleet's file: put it there, or correct the name", yamltree.Brief(name))
		return nil
	case err != nil:
		r.fail(named.At, "%s can't be read: %v", yamltree.Brief(name), err)
		return nil
	}
	p, err := policy.ParseWith(r.shown(name), text, besideOf(r.read, name))
	if err == nil {
		err = notify.Check(p)
	}
	if mistakes := policy.Errors(nil); errors.As(err, &mistakes) {
		r.others = append(r.others, mistakes...)
		return nil
	}
	if err != nil {
		r.fail(named.At, "%v", err)
		return nil
	}
	r.compiled[name] = p
	r.keep(name, text, p)
	return p
}

// keep takes a policy's text along, and those of the files that it names.
func (r *reader) keep(name string, text []byte, p *policy.Policy) {
	f := r.fleet
	f.Policies = append(f.Policies, p)
	all := []policy.File{{Name: name, Text: text}}
	for _, file := range p.Files() {
		all = append(all, policy.File{Name: path.Join(path.Dir(name), file.Name), Text: file.Text})
	}
	for _, file := range all {
		if !slices.ContainsFunc(f.Files, func(other policy.File) bool { return other.Name == file.Name }) {
			f.Files = append(f.Files, file)
		}
	}
}
