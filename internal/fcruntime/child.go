package fcruntime

import (
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// pipeDelay is how long the child's output is still read after its end, for
// the case that a process of its own holds the pipe open.
const pipeDelay = time.Second

// child is the function's process.
type child struct {
	cmd    *exec.Cmd
	stderr *tail
	ended  chan struct{} // closed once the process was waited for and its output is written
}

func startChild(o Options, api string) (*child, error) {
	logs := &syncWriter{w: o.Logs}
	stdout, stderr := &lineWriter{to: logs}, &lineWriter{to: logs}
	c := &child{
		cmd:    exec.Command(o.Binary),
		stderr: &tail{},
		ended:  make(chan struct{}),
	}
	c.cmd.Env = environment(o, api)
	c.cmd.Stdout = stdout
	c.cmd.Stderr = io.MultiWriter(c.stderr, stderr)
	c.cmd.WaitDelay = pipeDelay
	c.cmd.SysProcAttr = childAttributes()

	started := make(chan error)
	go func() {
		// Linux ends the child when the thread that started it ends, so this
		// goroutine keeps its thread for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = c.cmd.Wait() // ProcessState says how it ended
		stdout.flush()
		stderr.flush()
		close(c.ended)
	}()
	return c, <-started
}

func (c *child) hasEnded() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// end asks the process to end, ends it after grace, and waits for its end.
func (c *child) end(grace time.Duration) {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended, or where there is no SIGTERM
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		_ = c.cmd.Process.Kill() // fails only when it has ended
		<-c.ended
	}
}
