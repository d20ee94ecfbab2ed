// Package expression is the language of a policy's conditions: expr's syntax
// and type checker, an allow-list of what may be written, and an evaluator
// whose time is bounded.
//
// [New] makes a [Language] from the variables that conditions may read.
// [Language.Conditions] parses, checks and folds a text, and splits it at its
// top-level ANDs into [Expression]s; [Expression.Holds] evaluates one, and
// [Expression.Describe] explains it with the values it saw.
//
// expr's own virtual machine is not used: it cannot be stopped, and `x in y`
// inside any() over an execution's input, which may be 1 MiB large and is
// written by strangers, runs for hours. Here every element and every character
// that is looked at is paid for from a budget, and running out of it is an
// error like any other. Where the two differ on purpose:
//
//   - a path through a missing key, through nil or beyond a list's end is nil,
//     never an error; into anything else that is no object it is an error
//   - an overflow, a division by zero and a number that is not finite are errors
//   - abs() and sum() take durations, too; min() and max() of an empty list are errors; fromJSON()
//     reads numbers exactly, and refuses a key that is given twice and texts beyond 1 MiB
//   - durations know d and w, and string() prints them as people write them
//
// What is the same, and worth knowing where things are stopped by it: values of
// different kinds are never equal, so that x == 3 is false, and x != 3 true,
// where x is the text "3" or nil; < and > of different kinds are errors.
// Numbers are compared exactly, whether JSON wrote 5 or 5.0, and also beyond
// 2^53.
package expression
