// Command function is flowreaper as a Function Compute function, runtime go1:
// an event sets off one sweep, whose report is its answer. A timer's or a
// person's has it look for what its rules condemn by now; an alarm, a CloudEvent
// or any other has it judge by the rules on events, and stay at it until nothing
// of what they condemn is left.
//
// It is configured by the environment, see settings, and by a policy file. The
// policy is compiled once, when the process starts; one that is wrong fails
// every invocation with its errors. Credentials come with each invocation, from
// the function's role.
package main

import (
	"fmt"
	"os"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

const whatThisIs = `This is flowreaper's function: Function Compute starts it (runtime go1), people don't.
On this machine: flowreaper invoke --function %s --event testdata/events/timer.json
`

// version is set by the Makefile with -ldflags "-X main.version=…".
var version = "dev"

func main() {
	if os.Getenv("FC_RUNTIME_API") == "" {
		fmt.Fprintf(os.Stderr, whatThisIs, os.Args[0])
		os.Exit(1)
	}
	restrainMemory()
	log := newLog(os.Stdout)
	if os.Getenv("FLOWREAPER_FLEET") != "" {
		fc.Start(newFleet(os.Getenv, os.Environ(), log).answer)
		return
	}
	fc.Start(newFunction(os.Getenv, os.Environ(), log).answer)
}
