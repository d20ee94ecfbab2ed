// Package soak runs the whole of flowreaper for a long time, or through the
// worst: simulated days of large accounts, weeks of random policies, a process
// that is killed, an account that fills its memory. It holds tests only; nothing
// imports it.
//
// A day is simulated under testing/synctest: the emulator in memory with the
// documented quotas, the real client, and the engine as the function drives it,
// a sweep at second 10 of every minute. What happened is asked of the emulator,
// never of flowreaper's own reports, and held against a judge that shares no
// code with the product.
//
// Small accounts run with every `go test`. The large ones need
// FLOWREAPER_SOAK=1, as `make soak` sets it; `make bench` prints their figures.
// CONTRIBUTING.md lists the variables that set their sizes.
package soak
