package main

import (
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/flowreaper/flowreaper/internal/sweep"
)

// progress shows on a terminal how far a sweep has got, and how long the rest
// takes within the quota. It returns nil where there is no terminal: a log has
// no use for it. done takes the bar away again.
func (t *terminal) progress() (show func(sweep.Progress), done func()) {
	if !isTerminal(t.err) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(1,
		progressbar.OptionSetWriter(t.err.(*os.File)),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false), // the quota knows better than the past
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)
	return func(p sweep.Progress) {
		bar.ChangeMax(max(1, p.Flows+p.Stops))
		bar.Describe(describeProgress(p))
		_ = bar.Set(p.Listed + p.Stopped) // a bar that can't be drawn is no reason to end
	}, func() { _ = bar.Clear() }
}

func describeProgress(p sweep.Progress) string {
	text := "listing the flows"
	if p.Flows > 0 {
		text = fmt.Sprintf("looked at %d of %d flows", p.Listed, p.Flows)
	}
	if p.Stops > 0 {
		text += fmt.Sprintf(", stopped %d of %d", p.Stopped, p.Stops)
	}
	if p.Left > 0 {
		text += fmt.Sprintf(", %v left", p.Left)
	}
	return text
}
