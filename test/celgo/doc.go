// Package celgo measures one verdict against cel-go, on the same rule and the
// same data in the same run. It is a module of its own, so that cel-go stays out
// of the product's.
package celgo
