package plain

import "testing"

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0 flows", 1: "1 flow", 999: "999 flows", 1000: "1,000 flows", 1234567: "1,234,567 flows"} {
		if got := Count(n, "flow"); got != want {
			t.Errorf("%q, want %q", got, want)
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
