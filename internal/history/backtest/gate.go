package backtest

import (
	"fmt"
	"strconv"

	"github.com/flowreaper/flowreaper/policy"
)

// Gate is how many false stops are allowed: a number, or a share of what Succeeded.
type Gate struct {
	text  string
	stops int     // where share is below 0
	share float64 // of what Succeeded
}

// ParseGate reads a gate, such as 10 or 0.1%. "" is nil, which allows any number.
func ParseGate(text string) (*Gate, error) {
	if text == "" {
		return nil, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return &Gate{text, n, -1}, nil
	}
	if share, ok := policy.ParseShare(text); ok {
		return &Gate{text, 0, share}, nil
	}
	return nil, fmt.Errorf("%q is neither a number such as 10 nor a share such as 0.1%%", text)
}

// String is the gate as it was read.
func (g *Gate) String() string { return g.text }

// Exceeded says whether there are more false stops than that.
func (g *Gate) Exceeded(stops, succeeded int) bool {
	switch {
	case g == nil:
		return false
	case g.share < 0:
		return stops > g.stops
	}
	const rounding = 1e-9
	return float64(stops) > g.share*float64(succeeded)+rounding
}
