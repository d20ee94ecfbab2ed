package sweep_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goFiles parses the product's files in a folder and below, by their paths from the
// module's root.
func goFiles(t *testing.T, folder string) map[string]*ast.File {
	t.Helper()
	const root = "../.."
	files := map[string]*ast.File{}
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Whoever has StopExecution elsewhere has gone around the gate. The doctor's
// canary is not the product's to stop: a guard of its own, on the wire, lets it
// touch only flows that it has made itself.
func TestOnlyTheGateStops(t *testing.T) {
	var has []string
	for name, file := range goFiles(t, "") {
		for node := range ast.Preorder(file) {
			if method, ok := node.(*ast.SelectorExpr); ok && method.Sel.Name == "StopExecution" {
				has = append(has, name)
			}
		}
	}
	slices.Sort(has)
	if diff := cmp.Diff([]string{"internal/doctor/canary.go", "internal/stops/gate.go"}, has); diff != "" {
		t.Errorf("who has StopExecution (-want +got):\n%s", diff)
	}
}

// What a sweep yields knows nothing of who judges; who judges nothing of who plans; and
// who plans nothing of who calls.
func TestTheEnginesArrowsGoOneWay(t *testing.T) {
	knows := map[string][]string{
		"result":    {},
		"judge":     {"result"},
		"watch":     {},
		"audit":     {"audit"}, // what shows it
		"stops":     {"judge", "result", "watch"},
		"emergency": {"judge", "result", "watch"},
		"sweep":     {"emergency", "judge", "result", "stops", "watch"},
	}
	for who, may := range knows {
		var does []string
		for _, file := range goFiles(t, "internal/"+who) {
			for _, i := range file.Imports {
				imported, _ := strconv.Unquote(i.Path.Value)
				if of := path.Base(imported); strings.HasPrefix(imported, "github.com/flowreaper/flowreaper/internal/") && knows[of] != nil {
					does = append(does, of)
				}
			}
		}
		slices.Sort(does)
		if diff := cmp.Diff(may, append([]string{}, slices.Compact(does)...)); diff != "" {
			t.Errorf("what %s imports of the engine (-may +does):\n%s", who, diff)
		}
	}
}

// It was one type with 151 methods.
func TestNoTypeOfTheSweepHasManyMethods(t *testing.T) {
	const most = 40
	methods := map[string]int{}
	for _, file := range goFiles(t, "internal/sweep") {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				of := f.Recv.List[0].Type
				if pointer, ok := of.(*ast.StarExpr); ok {
					of = pointer.X
				}
				if named, ok := of.(*ast.Ident); ok {
					methods[named.Name]++
				}
			}
		}
	}
	for of, n := range methods {
		if n > most {
			t.Errorf("%s has %d methods", of, n)
		}
	}
	if methods["sweep"] == 0 {
		t.Error("no methods of the sweep were found")
	}
}

// No package but policy is longer than a person reads in a day.
func TestPackagesStayReadable(t *testing.T) {
	lines := map[string]int{}
	for name := range goFiles(t, "") {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		lines[path.Dir(name)] += strings.Count(string(text), "\n")
	}
	for folder, n := range lines {
		if n > 3000 && !strings.HasPrefix(folder, "policy") {
			t.Errorf("%s has %d lines: give what it does besides a package of its own", folder, n)
		}
	}
}
