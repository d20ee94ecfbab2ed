package main

import (
	"math"
	"os"
	"runtime"
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

func TestUsageOf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	before, err := usageOf(os.Getpid())
	for spent := time.Now(); time.Since(spent) < 5*time.Millisecond; {
	}
	after, failed := usageOf(os.Getpid())
	if err != nil || failed != nil || before.resident < 1<<20 || before.peak < before.resident || after.cpu <= before.cpu {
		t.Errorf("%+v (%v), then %+v (%v)", before, err, after, failed)
	}
}
