package fcruntime

// Done is closed when the process has ended.
func (rt *Runtime) Done() <-chan struct{} { return rt.child.ended }

// Kill ends the process at once, as a crash does, and waits for its end.
func (rt *Runtime) Kill() {
	_ = rt.child.cmd.Process.Kill()
	<-rt.child.ended
}
