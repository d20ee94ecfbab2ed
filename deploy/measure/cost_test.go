package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	tests := []struct {
		name        string
		of          size
		invocations int
		each        time.Duration
		want        float64
	}{
		{"invocations alone", size{1, 1}, 10_000, 0, 75},
		{"a vCPU for 100 seconds", size{1, 0}, 1, 100 * time.Second, 100.0075},
		{"a GB for 100 seconds", size{0, 1}, 1, 100 * time.Second, 15.0075},
		{"a month of the least, 1s each", size{0.05, 0.125}, 43_200, time.Second, 324 + 2160 + 810},
	}
	for _, test := range tests {
		if got := test.of.units(test.invocations, test.each); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%s: %v units, want %v", test.name, got, test.want)
		}
	}
}

func TestSums(t *testing.T) {
	var out strings.Builder
	s := &sums{}
	s.print(&out, size{}, time.Minute)
	s.add(time.Second, 4*time.Millisecond)
	s.add(3*time.Second, 8*time.Millisecond)
	s.print(&out, size{0.05, 0.125}, time.Minute)
	want := "after the first: 2.000s and 6.0ms of CPU each, at most 3.000s\n" +
		"a month of 43200 such invocations with 0.05 vCPU and 0.125 GB: 6264 CU, USD 0.13\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestMemoryOf(t *testing.T) {
	got := memoryOf("Name:\tf VmRSS: 1 kB\nVmHWM:\t   20480 kB\nVmRSS:\t    1024 kB\n")
	if want := (usage{resident: 1 << 20, peak: 20 << 20}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
