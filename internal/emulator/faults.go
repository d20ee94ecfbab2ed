package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"sync"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// faults are the account's, and those that were added since.
type faults struct {
	mu     sync.Mutex
	active []*fault
}

// fault counts down as it is met.
type fault struct {
	account.Fault
	skip int
	left int // -1: no end
}

func (f *faults) add(added []account.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range added {
		f.active = append(f.active, &fault{Fault: a, skip: a.Skip, left: cmp.Or(a.Times, -1)})
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
}

// The two places where faults meet requests.
var (
	faultsOutside = []string{account.FaultResetBefore, account.FaultHTML502, account.FaultEmpty503}
	faultsInside  = []string{account.FaultError, account.FaultResetAfter, account.FaultSlow, account.FaultTorn}
)

// meet returns the fault that meets the request at a place, and counts it.
// Every fault that fits and still skips counts the request as skipped.
func (f *faults) meet(r *request, kinds []string) *account.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		switch {
		case !slices.Contains(kinds, fault.Kind) || !fault.fits(r) || fault.left == 0:
		case fault.skip > 0:
			fault.skip--
		default:
			if fault.left > 0 {
				fault.left--
			}
			return &fault.Fault
		}
	}
	return nil
}

func (f *fault) fits(r *request) bool {
	return (f.Operation == "" || f.Operation == r.operation) &&
		(f.Flow == "" || f.Flow == r.flow()) &&
		(f.Execution == "" || f.Execution == r.get("ExecutionName"))
}

// errorOfFault is the documented error of the fault's code or status, and
// otherwise one of that code and status that says that it isn't real.
func errorOfFault(f *account.Fault) *apiError {
	e := apiError{status: http.StatusInternalServerError, code: "InternalServerError", message: "An error that the emulator was asked for."}
	for _, known := range slices.Backward(documentedErrors) {
		if known.code == f.Code || f.Code == "" && known.status == cmp.Or(f.Status, e.status) {
			e = known
		}
	}
	e.status, e.code = cmp.Or(f.Status, e.status), cmp.Or(f.Code, e.code)
	e.hint = "A fault of the emulator."
	return &e
}
