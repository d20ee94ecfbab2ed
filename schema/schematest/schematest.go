// Package schematest holds what flowreaper writes to its schemas, in tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/flowreaper/flowreaper/schema"
)

var (
	report  = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(schema.Report) })
	audited = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(schema.Audit) })
)

func compile(text string) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", document); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
}

// Conforms says what of a report's JSON doesn't conform to its schema; nil where
// all does.
func Conforms(text []byte) error { return conforms(report, text) }

// AuditConforms is Conforms for an audit's.
func AuditConforms(text []byte) error { return conforms(audited, text) }

func conforms(to func() (*jsonschema.Schema, error), text []byte) error {
	s, err := to()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// Report fails the test unless what a value's JSON is conforms to the schema of
// reports.
func Report(t testing.TB, r any) {
	t.Helper()
	text, err := json.Marshal(r)
	if err == nil {
		err = Conforms(text)
	}
	if err != nil {
		t.Errorf("a report that its schema doesn't allow: %v\n%s", err, text)
	}
}
