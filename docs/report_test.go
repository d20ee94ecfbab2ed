package docs

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/audit/show"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/schema"
)

// node is what this test reads of a JSON Schema.
type node struct {
	Properties  map[string]*node
	Items       *node
	Required    []string
	Enum        []any
	Description string
}

// fields calls found with each field beneath a node, by its path: a.b, or a[].b.
func (n *node) fields(path string, found func(path string, field *node, always bool)) {
	for _, name := range slices.Sorted(maps.Keys(n.Properties)) {
		field, at := n.Properties[name], path+name
		found(at, field, slices.Contains(n.Required, name))
		field.fields(at+".", found)
		if field.Items != nil {
			field.Items.fields(at+"[].", found)
		}
	}
}

var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\|(.*)\\|$")

// part is a section of a document, by its heading.
func part(t *testing.T, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no %s", file, heading)
	}
	before, _, _ := strings.Cut(after, "\n## ")
	return before
}

// TestReport: the document tells each field of the schema, and no other, and which
// are always there; the schema says what each is.
func TestReport(t *testing.T) {
	told := part(t, "report.md", "Fields") + part(t, "report.md", "Outcomes")
	fieldsAreTold(t, schema.Report, part(t, "report.md", "Fields"), told, 80)
}

// TestAudit is the same of what audit writes.
func TestAudit(t *testing.T) {
	told := part(t, "audit.md", "Fields")
	fieldsAreTold(t, schema.Audit, told, told, 35)
	text, err := os.ReadFile("audit.md")
	if err != nil {
		t.Fatal(err)
	}
	columns := "`" + strings.Join(show.Columns(), "`, `") + "`"
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), columns) {
		t.Errorf("audit.md doesn't name the columns of CSV in their order: %s", columns)
	}
}

// TestFleet: the page tells each key of a place, and no other.
func TestFleet(t *testing.T) {
	var root node
	if err := json.Unmarshal([]byte(schema.Fleet), &root); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cell := range sections(t, "docs/fleet.md")[1].Rows {
		if key := strings.Trim(cell, "`"); key != "" { // the table's head has no code
			got = append(got, key)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(root.Properties["places"].Items.Properties)), got); diff != "" {
		t.Errorf("keys of a place (-schema +docs/fleet.md):\n%s", diff)
	}
}

// fieldsAreTold holds a table of fields to a schema; told is where the values of its
// enumerations are.
func fieldsAreTold(t *testing.T, of, table, told string, least int) {
	t.Helper()
	var root node
	if err := json.Unmarshal([]byte(of), &root); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	root.fields("", func(path string, field *node, always bool) {
		want[path] = always
		if field.Description == "" && !strings.HasPrefix(path, "calls.") {
			t.Errorf("%s has no description in the schema", path)
		}
		for _, value := range field.Enum {
			text, isText := value.(string)
			if isText && !strings.Contains(told, "`"+text+"`") {
				t.Errorf("the document doesn't tell the %q of %s", text, path)
			}
		}
	})
	got := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		if _, twice := got[m[1]]; twice {
			t.Errorf("%s is told twice", m[1])
		}
		got[m[1]] = m[2] == "always"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields, and whether they are always there (-schema +document):\n%s", diff)
	}
	if len(got) < least {
		t.Errorf("only %d fields were found", len(got))
	}
}

// TestOutcomes: the document, the schema and the code know the same.
func TestOutcomes(t *testing.T) {
	var want, got, declared []string
	for _, o := range result.Outcomes() {
		want = append(want, string(o))
	}
	for _, m := range row.FindAllStringSubmatch(part(t, "report.md", "Outcomes"), -1) {
		got = append(got, m[1])
	}
	source, err := os.ReadFile("../internal/result/report.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\n\t([A-Z]\w+) +Outcome += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		declared = append(declared, m[2])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-code +document:\n%s", diff)
	}
	if diff := cmp.Diff(want, declared); diff != "" {
		t.Errorf("-Outcomes +declared:\n%s", diff)
	}
}
