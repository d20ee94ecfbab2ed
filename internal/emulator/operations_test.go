package emulator

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// Faults may name the operations that there are, and no others.
func TestFaultsKnowTheOperations(t *testing.T) {
	want := slices.Sorted(maps.Keys(operations))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(account.Operations()))); diff != "" {
		t.Errorf("account.Operations (-want +got):\n%s", diff)
	}
}
