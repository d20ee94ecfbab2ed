// Command generate writes the JSON Schemas of policies, of policy tests, of
// fleets, of reports and of audits. Run it as go generate does, in the folder above.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy/policytest"
)

// draft7 is the draft that editors' YAML support knows best.
const draft7 = "http://json-schema.org/draft-07/schema#"

func main() {
	schemas, err := generate("..")
	for file, text := range schemas {
		if err == nil {
			err = os.WriteFile(file, text, 0o666)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate returns the schemas by their files' names. The types' comments are
// read from the source, whose root is given.
func generate(root string) (map[string][]byte, error) {
	policy, err := schemaOf(policyFile{}, "A flowreaper policy", root, "schema/generate")
	if err != nil {
		return nil, err
	}
	test, err := schemaOf(policytest.File{}, "Tests of a flowreaper policy", root, "policy/policytest")
	if err != nil {
		return nil, err
	}
	places, err := schemaOf(fleet.File{}, "A fleet: many accounts and regions", root, "internal/fleet")
	if err != nil {
		return nil, err
	}
	report, err := outputSchema(result.Report{}, "The report of a flowreaper sweep", root, "internal/result")
	if err != nil {
		return nil, err
	}
	audited, err := outputSchema(audit.Result{}, "What flowreaper audit found", root, "internal/audit")
	return map[string][]byte{"policy.schema.json": policy, "policytest.schema.json": test, "fleet.schema.json": places, "report.schema.json": report, "audit.schema.json": audited}, err
}

// schemaOf returns the schema of a type whose source is in a folder, for files that
// people write.
func schemaOf(of any, title, root, folder string) ([]byte, error) {
	comments, err := readComments(root, folder)
	if err != nil {
		return nil, err
	}
	r := &jsonschema.Reflector{FieldNameTag: "yaml", DoNotReference: true, Anonymous: true, LookupComment: comments.lookup, AdditionalFields: alsoFields}
	known := values()
	r.Mapper = func(t reflect.Type) *jsonschema.Schema {
		if s, ok := known[t]; ok {
			fresh := *s // each use has a description of its own
			return &fresh
		}
		return nil
	}
	known[reflect.TypeFor[windows]()] = oneOrMore(inner(r, window{})) // of other values
	one := uint64(1)
	known[reflect.TypeFor[calendars]()] = &jsonschema.Schema{Type: "object", MinProperties: &one, PropertyNames: text(nameText), AdditionalProperties: inner(r, calendar{})}
	return encode(r.Reflect(of), title)
}

// outputSchema is the schema of what flowreaper writes, whose type's source is in a
// folder. Later ones may write more.
func outputSchema(of any, title, root, folder string) ([]byte, error) {
	comments, err := readComments(root, "policy")
	if err != nil {
		return nil, err
	}
	own, err := readComments(root, folder)
	if err != nil {
		return nil, err
	}
	maps.Copy(comments, own) // Decision, Undecided and Policy are both's
	r := &jsonschema.Reflector{DoNotReference: true, Anonymous: true, AllowAdditionalProperties: true, LookupComment: comments.lookup}
	r.Mapper = func(t reflect.Type) *jsonschema.Schema {
		switch t {
		case reflect.TypeFor[result.Outcome]():
			return oneOf(result.Outcomes())
		case reflect.TypeFor[audit.By]():
			return oneOf(audit.Bys())
		}
		return nil
	}
	return encode(r.Reflect(of), title)
}

// oneOf is a text that is one of some.
func oneOf[T ~string](words []T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, word := range words {
		s.Enum = append(s.Enum, word)
	}
	return s
}

func encode(s *jsonschema.Schema, title string) ([]byte, error) {
	s.Version, s.Title = draft7, title
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// alsoFields are the keys that a type's fields also read by.
func alsoFields(t reflect.Type) (all []reflect.StructField) {
	for i := range t.NumField() {
		f := t.Field(i)
		if also := f.Tag.Get("also"); also != "" {
			key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			f.Tag = reflect.StructTag(fmt.Sprintf(`yaml:"%s,omitempty" jsonschema:"description=The same as %s."`, also, key))
			f.Name = "Also" + f.Name
			all = append(all, f)
		}
	}
	return all
}

// comments are the comments of types and fields, as one line each.
type comments map[string]string

func (c comments) lookup(t reflect.Type, field string) string {
	key := t.Name()
	if field != "" {
		key += "." + field
	}
	return strings.Join(strings.Fields(c[key]), " ")
}
