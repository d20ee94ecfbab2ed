package main

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/policy"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

// The values of a policy file that aren't Go's own.
type (
	version   struct{}
	name      struct{}
	ruleName  struct{}
	mode      struct{}
	vars      struct{}
	condition struct{}
	globs     struct{}
	duration  struct{}
	limit     struct{}
	share     struct{}
	amount    struct{}
	windows   struct{}
	triggers  struct{}
	monthDays struct{}
	dates     struct{}
	calendars struct{}
	fileName  struct{}

	calendarNames struct{}
	variable      struct{}
	news          struct{}
	mentions      struct{}
	body          struct{}

	channelNames struct{}
)

const (
	durationText = `([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+`
	nameText     = `^[a-z0-9][a-z0-9-]{0,62}$`
	monthDay     = `\s*([1-9]|[12][0-9]|3[01]|last(-([1-9]|[12][0-9]|30))?)\s*`
	monthSpan    = monthDay + `(\.\.` + monthDay + `)?`
	dateSpan     = `^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*(\.\.\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*)?$`
	globText     = `^!?[A-Za-z_*?][A-Za-z0-9_*?-]{0,255}$`
)

// values are their schemas, and those of the values of test files.
func values() map[reflect.Type]*jsonschema.Schema {
	glob := &jsonschema.Schema{Type: "string", Pattern: globText}
	trigger := &jsonschema.Schema{Type: "string", Enum: []any{"timer", "event", "manual"}}
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[version]():   {Enum: []any{1}},
		reflect.TypeFor[name]():      text(`\S`),
		reflect.TypeFor[ruleName]():  text(nameText),
		reflect.TypeFor[mode]():      {Type: "string", Enum: []any{"plan", "enforce"}},
		reflect.TypeFor[vars]():      {Type: "object", PropertyNames: text(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`), AdditionalProperties: constants(2)},
		reflect.TypeFor[condition](): types("string", "boolean"),
		reflect.TypeFor[globs]():     oneOrMore(glob),
		reflect.TypeFor[duration]():  text("^" + durationText + "$"),
		reflect.TypeFor[limit]():     text(`^(` + durationText + `|vars\.[A-Za-z_][A-Za-z0-9_]{0,63})$`),
		reflect.TypeFor[share]():     text(`^(100(\.0{1,6})?|[0-9]{1,2}(\.[0-9]{1,6})?)%$`),
		reflect.TypeFor[amount]():    {Type: "number", Minimum: json.Number("0")},
		reflect.TypeFor[triggers]():  oneOrMore(trigger),
		reflect.TypeFor[monthDays](): {AnyOf: []*jsonschema.Schema{text("^" + monthSpan + "(," + monthSpan + ")*$"), {Type: "integer", Minimum: "1", Maximum: "31"}}},

		reflect.TypeFor[policy.ChannelKind](): oneOf(policy.ChannelKinds()),

		reflect.TypeFor[variable](): text(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`),
		reflect.TypeFor[news]():     oneOrMore(oneOf(policy.AllNews())),
		reflect.TypeFor[mentions](): {AnyOf: append(oneOrMore(text(`\S`)).AnyOf, &jsonschema.Schema{Type: "object", PropertyNames: oneOf(policy.AllNews()), AdditionalProperties: oneOrMore(text(`\S`))})},

		reflect.TypeFor[body]():          {AnyOf: []*jsonschema.Schema{text(`\S`), {Type: "object"}, {Type: "array"}}},
		reflect.TypeFor[dates]():         oneOrMore(text(dateSpan)),
		reflect.TypeFor[fileName]():      {Type: "string", Pattern: `^[^/\\:]`, Not: text(`\\|://|(^|/)\.\.(/|$)`)},
		reflect.TypeFor[calendarNames](): oneOrMore(text(nameText)),
		reflect.TypeFor[channelNames]():  {AnyOf: []*jsonschema.Schema{text(nameText), {Type: "array", Items: text(nameText)}}},

		reflect.TypeFor[fleet.Version](): {Enum: []any{1}},
		reflect.TypeFor[fleet.Text]():    text(`\S`),
		reflect.TypeFor[fleet.Account](): {AnyOf: []*jsonschema.Schema{text(`^[0-9]{1,32}$`), {Type: "integer", Minimum: "0"}}},

		reflect.TypeFor[policytest.Version]():  {Enum: []any{1}},
		reflect.TypeFor[policytest.Moment]():   {Type: "string", Format: "date-time"},
		reflect.TypeFor[policytest.Duration](): text("^" + durationText + "$"),
		reflect.TypeFor[policytest.DueText]():  {AnyOf: []*jsonschema.Schema{{Enum: []any{"never", "every sweep"}}, {Type: "string", Format: "date-time"}}},
		reflect.TypeFor[policytest.JSON]():     {},
		reflect.TypeFor[policytest.Input]():    {Not: text(`^\s*([{]\s*(".*)?[}]|\[.*\])\s*$`)},
	}
}

func text(pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern}
}

// types is a value of one of several types.
func types(names ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, name := range names {
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Type: name})
	}
	return s
}

// constants are texts, numbers, bools, and lists of them, so many deep.
func constants(deep int) *jsonschema.Schema {
	s := types("string", "number", "boolean")
	if deep > 0 {
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Type: "array", Items: constants(deep - 1)})
	}
	return s
}

// oneOrMore is one, or a list of them.
func oneOrMore(of *jsonschema.Schema) *jsonschema.Schema {
	one := uint64(1)
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{of, {Type: "array", Items: of, MinItems: &one}}}
}

// anyOf asks for at least one of these keys.
func anyOf(s *jsonschema.Schema, keys ...string) {
	for _, key := range keys {
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Required: []string{key}})
	}
}

// needs says that where there is a key, another schema must hold, too.
func needs(key string, other *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{If: &jsonschema.Schema{Required: []string{key}}, Then: other}
}

// on asks for the key on, as a list or as one word.
func on(list, word *jsonschema.Schema) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set("on", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{list, word}})
	return &jsonschema.Schema{Required: []string{"on"}, Properties: properties}
}

// inner is the schema of a type, to be put into another.
func inner(r *jsonschema.Reflector, of any) *jsonschema.Schema {
	s := r.Reflect(of)
	s.Version, s.ID = "", ""
	return s
}
