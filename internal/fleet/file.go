package fleet

import (
	"fmt"
	"slices"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// The comments of these types are the descriptions in the JSON Schema of fleets' files,
// so they speak to the person who writes one.

// File is the file of a fleet: many accounts and regions.
type File struct {
	At yamltree.Position `yaml:"-"`

	// The version of this file's format: 1.
	Version Version `yaml:"version"`
	// What places have that don't say otherwise, and whose group doesn't.
	Defaults *Settings `yaml:"defaults,omitempty"`
	// Groups: what the places of one have that don't say otherwise.
	Groups []Group `yaml:"groups,omitempty" jsonschema:"minItems=1"`
	// The places: each an account in a region.
	Places []Entry `yaml:"places" jsonschema:"minItems=1"`
}

// Settings are what places may have in common.
type Settings struct {
	// The region, such as cn-hangzhou.
	Region Text `yaml:"region,omitempty"`
	// The RAM role of the place's account that is assumed there: its name, or its ARN. Default: none is, and whoever looks has the right to.
	Role Text `yaml:"role,omitempty"`
	// The external id that the role's trust asks for.
	ExternalID Text `yaml:"externalId,omitempty"`
	// The policy, as a file beside this one. It may extend another.
	Policy Text `yaml:"policy,omitempty"`
	// CloudFlow's endpoint. Default: the region's public one.
	Endpoint Text `yaml:"endpoint,omitempty"`
}

// Group is what some places have in common.
type Group struct {
	At yamltree.Position `yaml:"-"`

	// The group's name, unique: lower-case letters, digits and -.
	Name Text `yaml:"name" jsonschema:"maxLength=50,pattern=^[a-z][a-z0-9-]*$"`
	Settings
}

// Entry is a place: an account in a region.
type Entry struct {
	At yamltree.Position `yaml:"-"`

	// The place's name, unique: 1 to 50 lower-case letters, digits and -. Events, --place and the state's file call it so.
	Name Text `yaml:"name" jsonschema:"maxLength=50,pattern=^[a-z][a-z0-9-]*$"`
	// The group it belongs to.
	Group Text `yaml:"group,omitempty"`
	// The account's id.
	Account Account `yaml:"account"`
	Settings
}

// Version is the version of a file's format.
type Version int

// ReadNode takes 1 and nothing else.
func (v *Version) ReadNode(n *yamltree.Node) error {
	if n.Kind != yamltree.Scalar || n.Text != "1" {
		return fmt.Errorf("must be 1, but is %s: this flowreaper knows no other", n.Describe())
	}
	*v = 1
	return nil
}

// Text is a text that isn't empty, and knows its place.
type Text struct {
	Value string
	At    yamltree.Position
}

// ReadNode reads a text.
func (t *Text) ReadNode(n *yamltree.Node) error {
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Text || n.Text == "" {
		return fmt.Errorf("must be a text, but is %s", n.InsteadOfText())
	}
	*t = Text{n.Text, n.Position}
	return nil
}

// Account is an account's id. YAML takes one without quotes for a number.
type Account Text

var accountForm = pattern.Of(`^[0-9]{1,32}$`)

// ReadNode reads digits, in quotes or not.
func (a *Account) ReadNode(n *yamltree.Node) error {
	kinds := []yamltree.Type{yamltree.Text, yamltree.Number}
	if n.Kind != yamltree.Scalar || !slices.Contains(kinds, n.Type) || !accountForm().MatchString(n.Text) {
		return fmt.Errorf("must be an account's id, such as \"1968132000123456\", but is %s", n.Describe())
	}
	*a = Account{n.Text, n.Position}
	return nil
}
