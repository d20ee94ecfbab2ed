package fcruntime_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A function that polls ends of itself when its parent is killed: it reports
// the API's failure to a pipe that nobody reads. One that works, or hangs, must
// be ended.
func TestNoOrphanOfAKilledParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentOf+"="+binary)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, scanErr := fmt.Fscan(out, &pid)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	if scanErr != nil {
		t.Fatal(scanErr)
	}
	timeout := time.After(30 * time.Second)
	for look := time.Tick(5 * time.Millisecond); running(pid); {
		select {
		case <-look:
		case <-timeout:
			t.Errorf("process %d is an orphan", pid)
			syscall.Kill(pid, syscall.SIGKILL)
			return
		}
	}
}

// running is false for a process that ended and that nobody has waited for.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	var id int
	var name, state string
	_, err = fmt.Sscan(string(stat), &id, &name, &state)
	return err == nil && state != "Z"
}
