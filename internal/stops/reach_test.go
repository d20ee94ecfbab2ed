package stops_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// That nothing but the gate can stop is the compiler's to say.
func TestTheStopperIsOutOfReach(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "./testdata/reach").CombinedOutput()
	if err == nil {
		t.Fatal("it compiles")
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n")[1:] { // the first names the package
		_, said, _ := strings.Cut(line, ": ")
		got = append(got, said)
	}
	want := []string{
		"s.stopper undefined (cannot refer to unexported field stopper)",
		"s.Stopper undefined (type *stops.Stops has no field or method Stopper, but does have unexported field stopper)",
		"s.send undefined (cannot refer to unexported method send)",
		"next.gate undefined (cannot refer to unexported field gate)",
		"next.pass undefined (cannot refer to unexported field pass)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the compiler (-want +got):\n%s", diff)
	}
}
