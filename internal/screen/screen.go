// Package screen knows what is written on: a terminal, with its width and colours, or
// something else; and draws progress on a terminal.
//
//	style := screen.Style(os.Stdout, os.Getenv)
//	draw, done := screen.Bar(os.Stderr)
package screen

import (
	"os"
	"strconv"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/flowreaper/flowreaper/internal/report"
)

const (
	usualWidth = 100
	leastWidth = 40
)

// IsTerminal says whether a stream is one.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Style fits a report to what it is written on: a terminal's width; elsewhere
// COLUMNS, where it says one that a table fits, or usualWidth.
func Style(w any, getenv func(string) string) report.Style {
	style := report.Style{Width: usualWidth}
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil && n >= leastWidth {
		style.Width = n
	}
	if IsTerminal(w) {
		style.Fold, style.Colour = true, getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(w.(*os.File).Fd())); err == nil && width > 0 {
			style.Width = width
		}
	}
	return style
}

// Progress is a Bar of something, in the words of describe: show is nil where there is no
// terminal.
func Progress[P any](w any, describe func(P) (share float64, text string)) (show func(P), done func()) {
	draw, done := Bar(w)
	if draw == nil {
		return nil, done
	}
	return func(p P) { draw(describe(p)) }, done
}

// Bar shows how far something has got, at the end of a terminal. Its function to draw is
// nil where there is none.
func Bar(w any) (draw func(share float64, text string), done func()) {
	if !IsTerminal(w) {
		return nil, func() {}
	}
	const whole = 1000
	bar := progressbar.NewOptions(whole,
		progressbar.OptionSetWriter(w.(*os.File)),
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
