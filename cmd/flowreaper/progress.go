package main

import (
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
)

// progress shows on a terminal how far a sweep has got, and how long the rest
// takes within the quota, in the words of describe. It returns nil where there
// is no terminal. done takes the bar away again.
func (t *terminal) progress(describe func(result.Progress) string) (show func(result.Progress), done func()) {
	draw, done := screen.Bar(t.err)
	if draw == nil {
		return nil, done
	}
	return func(p result.Progress) { draw(p.Share, describe(p)) }, done
}
