package main

import (
	"io"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
)

func TestProgressSaysHowFarAndHowLong(t *testing.T) {
	tests := []struct {
		of            result.Progress
		plans, sweeps string
	}{
		{result.Progress{}, "listing the flows", "listing the flows"},
		{result.Progress{Listed: 40, Flows: 1000, Left: 8*time.Minute + 10*time.Second},
			"looked at 40 of 1,000 flows, 8m10s left", "looked at 40 of 1,000 flows, 8m10s left"},
		{result.Progress{Listed: 9, Flows: 9, Tried: 1, Left: time.Second},
			"looked at 9 of 9 flows, 1s left", "looked at 9 of 9 flows, tried 1 stop, 1s left"},
		{result.Progress{Listed: 9, Flows: 9, Tried: 1200},
			"looked at 9 of 9 flows", "looked at 9 of 9 flows, tried 1,200 stops"},
	}
	for _, test := range tests {
		if got := test.of.Looking(); got != test.plans {
			t.Errorf("%+v, of a plan: %q, want %q", test.of, got, test.plans)
		}
		if got := test.of.LookingAndStopping(); got != test.sweeps {
			t.Errorf("%+v, of a sweep that stops: %q, want %q", test.of, got, test.sweeps)
		}
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	if show, _ := screen.Progress(io.Discard, func(int) (float64, string) { return 0, "" }); show != nil {
		t.Error("progress is shown where there is no terminal")
	}
}
