// Package pattern has regular expressions that are compiled when they are first asked for:
// a function's cold start waits for none of those that it doesn't come to.
package pattern

import (
	"regexp"
	"sync"
)

// Of is the regular expression of a text, which must be one.
//
//go:noinline // or each has code of its own: of a function's binary 80 KiB
func Of(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
