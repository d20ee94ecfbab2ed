package suggest

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"1/1000": "0.1%", "0.1%": "0.1%", "0.001": "0.1%", "1/20": "5%", "3/1000": "0.3%", "5%": "5%",
		"":          `"" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
		"0":         `"0" is none at all, which no number of runs can show: write it like 1/1000, 0.1% or 0.001`,
		"0/1000":    `"0/1000" is none at all, which no number of runs can show: write it like 1/1000, 0.1% or 0.001`,
		"1/0":       `"1/0" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
		"1000":      `"1000" is all good runs: of one in 1000 write 1/1000`,
		"2":         `"2" is all good runs: of per cent write 2%`,
		"0.06":      `"0.06" stops more than 5% of good runs: no limit is suggested below their 95th percentile; write it like 1/1000, 0.1% or 0.001`,
		"1/10":      `"1/10" stops more than 5% of good runs: no limit is suggested below their 95th percentile; write it like 1/1000, 0.1% or 0.001`,
		"NaN":       `"NaN" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
		"1e-3":      `"1e-3" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
		"-1/1000":   `"-1/1000" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
		"1 in 1000": `"1 in 1000" is not a share of good runs: write it like 1/1000, 0.1% or 0.001`,
	} {
		share, err := ParseShare(text)
		got := plain.Percent(share)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s\nwant %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"1.15": "", "1": "", "10": "",
		"15%":  `"15%" is not a margin: write it like 1.15, of 15% more`,
		"1,15": `"1,15" is not a margin: write it like 1.15, of 15% more`,
		"0.9":  `"0.9" sets the limit below what shall not be stopped: give 1 or more, such as 1.15 of 15% more`,
		"15":   `"15" is more than ten times what shall not be stopped: give 10 at most; of per cent more write 1.15, of 15%`,
		"Inf":  `"Inf" is not a margin: write it like 1.15, of 15% more`,
	} {
		_, err := ParseMargin(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s\nwant %s", text, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for given, want := range map[time.Duration]string{
		time.Second: "1m", 61*time.Second + 1: "1m2s", 2*time.Hour + time.Second: "2h1m", 40*time.Minute + time.Second: "40m30s", 20 * time.Hour: "20h",
		51*time.Hour + time.Minute: "2d4h", 364*24*time.Hour + time.Minute: "364d1h", 365 * 24 * time.Hour: "365d", 366 * 24 * time.Hour: "",
	} {
		got := ""
		if limit, ok := readable(float64(given) / float64(time.Millisecond)); ok {
			got = limitText(limit)
			if limit < given || float64(limit) > max(1.02*float64(given)+2*float64(time.Second), float64(time.Minute)) {
				t.Errorf("%v: %v", given, limit)
			}
		}
		if got != want {
			t.Errorf("%v: got %s, want %s", given, got, want)
		}
	}
}
