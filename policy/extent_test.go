package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// extent prints what each scope of a policy's extent asks for.
func extent(t *testing.T, rules string) []string {
	t.Helper()
	var all []string
	for _, s := range mustParse(t, "version: 1\nrules:\n"+rules).Extent() {
		names, named := s.FlowNames()
		asks := "all flows"
		if named {
			asks = strings.Join(names, " ")
		}
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s: %s", asks, s.Needs()), ": "))
	}
	return slices.Compact(all)
}

func TestExtent(t *testing.T) {
	tests := []struct {
		name, rules string
		want        []string
	}{
		{"by globs", `  - {name: a, flows: ["etl-*"], maxRuntime: 1h}`, []string{"all flows"}},
		{"by name", `  - {name: a, when: flow.name == "x" and execution.input.y == 1}`, []string{"x: input"}},
		{"both", "  - {name: a, flows: [x], maxRuntime: 1h}\n  - {name: b, maxRuntime: 1d}", []string{"all flows"}},
		{"apart, by their triggers", "  - {name: a, flows: [x], maxRuntime: 1h}\n  - {name: b, on: [event], maxRuntime: 1d}",
			[]string{"x", "all flows", "x"}},
		{"apart, by a window", "  - {name: a, flows: [x], maxRuntime: 1h}\n  - {name: b, on: [timer], maxRuntime: 1d, window: {days: Sun}}",
			[]string{"all flows", "x"}},
		{"each at its own time", "  - {name: a, flows: [x], on: [timer], window: {days: Sat}}\n  - {name: b, on: [timer], maxRuntime: 1d, window: {days: Sun}}",
			[]string{"all flows", "x", "all flows"}},
		{"a constant is no time", "  - {name: a, on: [timer], flows: [x], when: true}", []string{"x"}},
		{"by an event, which there is none of", "  - {name: a, on: [event], when: flow.name == event.data.flow}", []string{"all flows"}},
		{"history for the cause alone", "  - {name: a, on: [timer], flows: [x], maxRuntime: 1h, cause: \"at ${history.currentStep}\"}", []string{"x: history"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, extent(t, test.rules)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No sweep asks for what the extent doesn't.
func TestExtentHoldsEverySweep(t *testing.T) {
	for _, file := range []string{"guardrails", "full"} {
		p := readPolicy(t, file+".yaml")
		var most Need
		for _, s := range p.Extent() {
			most |= s.Needs()
		}
		for hour := range 24 * 7 {
			for _, kind := range []string{"timer", "cloudevent", "alarm", "custom", "manual"} {
				now := time.Date(2026, 3, 4, hour, 30, 0, 0, time.UTC)
				s := p.Scope(now, &Event{Kind: kind, Time: now})
				if got := s.Needs(); !most.Has(got) {
					t.Errorf("%s, %s at %v needs %s, of at most %s", file, kind, now, got, most)
				}
			}
		}
	}
}
