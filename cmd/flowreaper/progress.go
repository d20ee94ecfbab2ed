package main

import (
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/flowreaper/flowreaper/internal/result"
)

// progress shows on a terminal how far a sweep has got, and how long the rest
// takes within the quota, in the words of describe. It returns nil where there
// is no terminal. done takes the bar away again.
func (t *terminal) progress(describe func(result.Progress) string) (show func(result.Progress), done func()) {
	draw, done := t.bar()
	if draw == nil {
		return nil, done
	}
	return func(p result.Progress) { draw(p.Share, describe(p)) }, done
}

// bar is nil where there is no terminal: a log has no use for it.
func (t *terminal) bar() (draw func(share float64, text string), done func()) {
	if !isTerminal(t.err) {
		return nil, func() {}
	}
	const whole = 1000
	bar := progressbar.NewOptions(whole,
		progressbar.OptionSetWriter(t.err.(*os.File)),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false), // the quota knows better than the past
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)
	return func(share float64, text string) {
		bar.Describe(text)
		_ = bar.Set(min(int(whole*share), whole-1)) // done ends it; a bar that can't be drawn is no reason to end
	}, func() { _ = bar.Clear() }
}
