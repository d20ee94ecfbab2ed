package fcruntime

import "syscall"

// childAttributes gives the child a process group of its own, so that a
// Ctrl-C on the terminal reaches it through us only; and has the kernel end it
// when we are killed, so that a sweep does not go on unseen.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
