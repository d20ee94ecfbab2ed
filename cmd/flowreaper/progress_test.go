package main

import (
	"io"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/sweep"
)

func TestProgressSaysHowFarAndHowLong(t *testing.T) {
	for want, p := range map[string]sweep.Progress{
		"listing the flows":                               {},
		"looked at 40 of 1000 flows, 8m10s left":          {Listed: 40, Flows: 1000, Left: 8*time.Minute + 10*time.Second},
		"looked at 9 of 9 flows, stopped 1 of 3, 1s left": {Listed: 9, Flows: 9, Stopped: 1, Stops: 3, Left: time.Second},
	} {
		if got := describeProgress(p); got != want {
			t.Errorf("%+v: %q, want %q", p, got, want)
		}
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	if show, _ := (&terminal{err: io.Discard}).progress(); show != nil {
		t.Error("progress is shown where there is no terminal")
	}
}
