// Command flowreaper is the terminal to the policies that flowreaper stops
// workflow executions by: it validates, plans and applies them, runs a
// CloudFlow of its own to try them on, and invokes the function's binary as
// Function Compute does.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(mainStatus())
}

// mainStatus exists so that deferred calls run before os.Exit.
func mainStatus() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, environ: os.Environ()}
	return t.run(ctx, os.Args[1:])
}
