package main

import (
	"fmt"
	"io"
	"time"
)

// Function Compute's published prices, in its units: so many for an invocation,
// a second of one vCPU, and a second of one GB of memory.
const (
	unitsPerInvocation = 75.0 / 10_000
	unitsPerVCPUSecond = 1.0
	unitsPerGBSecond   = 0.15
	dollarsPerUnit     = 0.00002
)

// month is how many invocations a timer makes in thirty days.
func month(every time.Duration) int { return int(30 * 24 * time.Hour / every) }

// size is what a function is given, and pays for while an invocation lasts.
type size struct {
	vcpu, gb float64
}

// units is what invocations of such a length cost.
func (s size) units(invocations int, each time.Duration) float64 {
	return float64(invocations) * (unitsPerInvocation + each.Seconds()*(s.vcpu*unitsPerVCPUSecond+s.gb*unitsPerGBSecond))
}

// sums adds up invocations.
type sums struct {
	count                  int
	duration, cpu, longest time.Duration
}

func (s *sums) add(duration, cpu time.Duration) {
	s.count++
	s.duration += duration
	s.cpu += cpu
	s.longest = max(s.longest, duration)
}

// print tells the mean, and what a month of it costs. The first sweep, which
// finds out about everything, is not among them.
func (s *sums) print(out io.Writer, of size, every time.Duration) {
	if s.count == 0 {
		return
	}
	mean := s.duration / time.Duration(s.count)
	units := of.units(month(every), mean)
	fmt.Fprintf(out, "after the first: %.3fs and %.1fms of CPU each, at most %.3fs\n",
		mean.Seconds(), float64(s.cpu)/float64(s.count)/float64(time.Millisecond), s.longest.Seconds())
	fmt.Fprintf(out, "a month of %d such invocations with %g vCPU and %g GB: %.0f CU, USD %.2f\n",
		month(every), of.vcpu, of.gb, units, units*dollarsPerUnit)
}
