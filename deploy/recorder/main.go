// Command recorder is flowreaper record as a Function Compute function, runtime go1:
// a daily timer sets off a recording into a folder of a mounted bucket, so that a
// history outlives what CloudFlow keeps. What it links the function that stops does
// not.
//
// It is configured by the environment, see readSettings. Credentials come with each
// invocation, from a role that may read and no more.
package main

import (
	"fmt"
	"os"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

const whatThisIs = `This is flowreaper's recorder: Function Compute starts it (runtime go1), people don't.
On this machine: flowreaper record --out DIR
`

// version is set by the Makefile with -ldflags "-X main.version=…".
var version = "dev"

func main() {
	if os.Getenv("FC_RUNTIME_API") == "" {
		fmt.Fprint(os.Stderr, whatThisIs)
		os.Exit(1)
	}
	fc.Start(newRecorder(os.Getenv, os.Environ(), os.Stdout).answer)
}
