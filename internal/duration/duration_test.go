package duration_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/duration"
)

func TestParseFormatAndRough(t *testing.T) {
	tests := []struct {
		text        string
		want        time.Duration
		full, rough string
	}{
		{"2h", 2 * time.Hour, "2h", "2h"},
		{"3h2m7s", 3*time.Hour + 2*time.Minute + 7*time.Second, "3h2m7s", "3h2m"},
		{"2h3s", 2*time.Hour + 3*time.Second, "2h3s", "2h3s"},
		{"1.5d", 36 * time.Hour, "1d12h", "1d12h"},
		{"2w1d", 15 * 24 * time.Hour, "15d", "15d"},
		{"1d1h1m", 25*time.Hour + time.Minute, "1d1h1m", "1d1h"},
		{"45s", 45 * time.Second, "45s", "45s"},
		{"45.25s", 45250 * time.Millisecond, "45.25s", "45s"},
		{"90s", 90 * time.Second, "1m30s", "1m30s"},
		{"1m0.5s", 60500 * time.Millisecond, "1m", "1m"},
		{"59.9999s", 59999900 * time.Microsecond, "59.999s", "59s"},
		{"1h4s", time.Hour + 4*time.Second, "1h4s", "1h4s"},
		{"24h", 24 * time.Hour, "1d", "1d"},
		{"250ms", 250 * time.Millisecond, "250ms", "250ms"},
		{"0s", 0, "0s", "0s"},
		{"0.0000001ms", 0, "0s", "0s"},
		{"1h1h", 2 * time.Hour, "2h", "2h"},
		{"0.1s", 100 * time.Millisecond, "100ms", "100ms"},
	}
	for _, test := range tests {
		got, err := duration.Parse(test.text)
		if err != nil || got != test.want {
			t.Errorf("%s: %v, %v", test.text, got, err)
		}
		if full, rough := duration.Format(got), duration.Rough(got); full != test.full || rough != test.rough {
			t.Errorf("%s: %s, roughly %s", test.text, full, rough)
		}
	}
	if got := duration.Format(-90 * time.Second); got != "-1m30s" {
		t.Error(got)
	}
	if got := duration.Format(-1 << 63); got != "-106751d23h47m16s" {
		t.Error(got)
	}
	for _, bad := range []string{"", "2", "h", "-2h", "2 h", "2H", "1us", "1e3s", ".5h", "2h.", "٣h", "15250w2d", strings.Repeat("1h", 40)} {
		if d, err := duration.Parse(bad); err == nil {
			t.Errorf("%q reads as %v", bad, d)
		}
	}
}

// What is written is read as the same, but for what is left out.
func TestWhatIsWrittenIsReadAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Min(0).Draw(t, "d"))
		if rapid.Bool().Draw(t, "short") {
			d %= time.Hour
		}
		least := time.Millisecond
		if d >= time.Minute {
			least = time.Second
		}
		if read, err := duration.Parse(duration.Format(d)); err != nil || read != d.Truncate(least) {
			t.Errorf("%s: %v, %v", duration.Format(d), read, err)
		}
		if read, err := duration.Parse(duration.Rough(d)); err != nil || read > d {
			t.Errorf("roughly %s: %v, %v", duration.Rough(d), read, err)
		}
	})
}

// TestWhatIsMeant: what is suggested is what was meant, or nothing is.
func TestWhatIsMeant(t *testing.T) {
	const usual = "write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)"
	for text, want := range map[string]string{
		"1,5h": "write 1.5h", "1h,30m": "write 1h30m", "1,500s": usual, "1M": usual, "P1M": usual, "PT30M": "write 30m", "2H": "write 2h",
	} {
		if _, err := duration.Parse(text); err == nil || err.Error() != strconv.Quote(text)+" is not a duration: "+want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
