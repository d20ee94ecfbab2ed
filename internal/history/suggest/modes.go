package suggest

import (
	"math"
	"slices"
	"sort"
)

// twoModes are two kinds of runs.
type twoModes struct {
	short, long float64 // milliseconds
	share       float64 // of the shorter
}

const bins = 256

// density is how many of the lengths are close to each of some, by logarithm. Below a
// second lengths aren't told apart.
type density struct {
	logs       []float64 // of the lengths, sorted
	near       [bins]float64
	from, step float64
}

// modes finds two modes: each with a twentieth of the lengths and ten of them, one half
// as long again as the other, and a valley between them that is no chance, and less than
// 60% as high as the lower mode.
func modes(lengths []int64) (m twoModes, ok bool) {
	d := newDensity(lengths)
	if d == nil {
		return m, false
	}
	top := d.highest(0, bins)
	for other := range bins {
		low := d.lowest(min(top, other), max(top, other)+1)
		lesser, valley := d.near[other], d.near[low]
		if valley > 0.6*lesser || lesser-valley < 3*math.Sqrt(lesser+valley) {
			continue
		}
		// Its summit is the highest beyond the valley.
		summit := d.highest(0, low)
		if other > top {
			summit = d.highest(low, bins)
		}
		found := d.kinds(min(top, summit), max(top, summit), low)
		if clear := found.long >= 1.5*found.short && d.enough(found.share); clear && !ok {
			m, ok = found, true
		}
	}
	return m, ok
}

// newDensity smooths by Silverman's rule; nil where all lengths are much the same.
func newDensity(lengths []int64) *density {
	d := &density{logs: make([]float64, len(lengths))}
	n := float64(len(lengths))
	mean, square := 0.0, 0.0
	for i, length := range lengths {
		d.logs[i] = math.Log(float64(max(length, 1000)))
		mean += d.logs[i] / n
	}
	for _, x := range d.logs {
		square += (x - mean) * (x - mean) / n
	}
	last := len(lengths) - 1
	spread := math.Sqrt(square)
	if quarters := (d.logs[last*3/4] - d.logs[last/4]) / 1.34; quarters > 0 {
		spread = min(spread, quarters)
	}
	d.from, d.step = d.logs[0], (d.logs[last]-d.logs[0])/(bins-1)
	if d.step*bins < math.Log(1.5) {
		return nil
	}
	d.smooth(max(0.9*spread*math.Pow(n, -0.2), d.step))
	return d
}

func (d *density) smooth(width float64) {
	var raw [bins]float64
	for _, x := range d.logs {
		raw[min(bins-1, int(math.Round((x-d.from)/d.step)))]++
	}
	var kernel [bins]float64
	for away := range kernel {
		x := float64(away) * d.step / width
		kernel[away] = math.Exp(-x * x / 2)
	}
	for i, n := range raw {
		for j := 0; n > 0 && j < bins; j++ {
			d.near[j] += n * kernel[max(i-j, j-i)]
		}
	}
}

// highest and lowest are the first bins that are so, from one to before another.
func (d *density) highest(from, to int) int {
	return from + slices.Index(d.near[from:to], slices.Max(d.near[from:to]))
}

func (d *density) lowest(from, to int) int {
	return from + slices.Index(d.near[from:to], slices.Min(d.near[from:to]))
}

func (d *density) at(bin int) float64 { return d.from + d.step*float64(bin) }

func (d *density) kinds(short, long, valley int) twoModes {
	shorter := sort.SearchFloat64s(d.logs, d.at(valley))
	return twoModes{math.Exp(d.at(short)), math.Exp(d.at(long)), float64(shorter) / float64(len(d.logs))}
}

func (d *density) enough(share float64) bool {
	lesser := min(share, 1-share)
	return lesser >= 0.05 && lesser*float64(len(d.logs)) >= 10
}
