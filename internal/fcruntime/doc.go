// Package fcruntime is Function Compute's runtime API on this machine: it
// starts a go1 binary as Function Compute does, hands it events, and returns
// what it answers.
//
//	rt, err := fcruntime.Start(ctx, fcruntime.Options{
//		Binary: "bin/function",
//		Env:    append(fcruntime.Inherit(os.Environ()), "FLOWREAPER_POLICY=policy.yaml"),
//		Logs:   os.Stderr,
//	})
//	if err != nil { … }
//	defer rt.Close()
//	answer, err := rt.Invoke(ctx, fcruntime.Invocation{Event: event, Timeout: time.Minute, Credentials: …})
//
// An error of Invoke is a [*FunctionError] when the function answered one, a
// [*TimeoutError] when its time was over, an [*ExitError] when its process
// ended. One Runtime is one instance of the function: one process, which is
// not started again once it has ended. Invocations may overlap. A [Printer] is one
// for people at a terminal, who hand it an event once, or again and again.
//
// The API is the one that github.com/aliyun/fc-runtime-go-sdk v0.3.1 speaks:
// the process polls …/invocation/next and posts to …/invocation/{id}/response
// or …/error. It listens on loopback, beneath a path that only the child
// knows, since what it hands out carries credentials. Initializers and
// lifecycle hooks are not called.
package fcruntime
