package plain

import (
	"math"
	"testing"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0 flows", 1: "1 flow", 999: "999 flows", 1000: "1,000 flows", 1234567: "1,234,567 flows"} {
		if got := Count(n, "flow"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0%", 1: "100%", 0.5: "50%", 2. / 3: "67%", 0.001: "0.1%", 0.00123: "0.12%", 1e-7: "0.00001%", 0.0299: "3%", 0.9999: "100%", math.NaN(): "0%"} {
		if got := Percent(share); got != want {
			t.Errorf("%v: got %s, want %s", share, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{{"", 4, ""}, {"abcd", 4, "abcd"}, {"abcde", 4, "abc…"}, {"äöü日本", 4, "äöü…"}, {"äöü日", 4, "äöü日"}} {
		if got := Clip(test.text, test.most); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.text, test.most, got, test.want)
		}
	}
}
