// Package hostile plays a CloudFlow that answers as no emulator of ours does
// against the built binaries: empty pages with tokens, listings without end,
// times finer than a millisecond, fields left out or given twice, statuses
// unheard of, Dates centuries off, bodies torn, slow and compressed, gateways
// that echo what they were sent.
//
// It is a module of its own that requires nothing, so that it shares nothing
// with the product or its emulator: what goes over the wire is written here,
// byte by byte, and what comes back is read as a user would, from the exit
// status, the report and the logs. What is right is what the documentation
// promises: in doubt nothing is stopped, and it is said.
//
//	make hostile
package hostile
