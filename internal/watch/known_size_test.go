package watch

import (
	"testing"
	"unsafe"
)

// A large account has a million of them. The allocator's next larger size, 112
// bytes, took the function beyond the memory that it is deployed with.
func TestWhatIsKnownOfAnExecutionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(known{}); size > 96 {
		t.Errorf("%d bytes are kept of an execution, want at most 96", size)
	}
}

// Sweeps are told apart also where their numbers begin anew; none has number 0.
func TestTurnsBeginAnew(t *testing.T) {
	if n := turn(65535).next(); n != 1 {
		t.Errorf("after sweep 65535 comes %d, want 1", n)
	}
}
