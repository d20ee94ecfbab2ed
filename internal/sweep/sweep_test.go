package sweep_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func TestTriggerAndEventNameTheSameKind(t *testing.T) {
	for _, test := range []struct {
		trigger result.Trigger
		event   *policy.Event
		want    string
	}{
		{result.Trigger{}, nil, "manual"},
		{result.Trigger{Kind: "timer"}, nil, "timer"},
		{result.Trigger{}, &policy.Event{Kind: "timer"}, "timer"},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
		o := c.options(parse(t, "version: 1\npolicy: test\nrules:\n  - {name: seen, when: event.kind == \""+test.want+"\"}\n"))
		o.Trigger, o.Event = test.trigger, test.event
		r, err := sweep.Run(t.Context(), o)
		if err != nil || r.Trigger.Kind != test.want || r.Executions.Condemned != 1 {
			t.Errorf("error %v, trigger %+v, want %s, %+v", err, r.Trigger, test.want, r.Executions)
		}
	}
}

// Whoever calls StopExecution elsewhere has gone around the gate. The doctor's
// canary is not the product's to stop: a guard of its own, on the wire, lets it
// touch only flows that it has made itself.
func TestOnlyTheGateStops(t *testing.T) {
	var calls []string
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for node := range ast.Preorder(file) {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				continue
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "StopExecution" {
				calls = append(calls, filepath.ToSlash(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"../../internal/doctor/canary.go", "../../internal/stops/gate.go"}, calls); diff != "" {
		t.Errorf("calls of StopExecution (-want +got):\n%s", diff)
	}
}
