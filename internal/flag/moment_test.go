package flag

import (
	"strings"
	"testing"
	"time"
)

var momentsNow = time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)

func TestParseMoment(t *testing.T) {
	for text, want := range map[string]string{
		"2027-01-04T14:00:00+08:00": "2027-01-04T06:00:00Z",
		"2027-01-04T14:00:00.5Z":    "2027-01-04T14:00:00.5Z",
		"2027-01-04T14:00+08:00":    "2027-01-04T06:00:00Z",
		"2027-01-04T14:00+0800":     "2027-01-04T06:00:00Z",
		"2027-01-04T14:00Z":         "2027-01-04T14:00:00Z",
		"2027-01-04+08:00":          "2027-01-03T16:00:00Z",
		"2027-01-04-0330":           "2027-01-04T03:30:00Z",
		"2027-01-04Z":               "2027-01-04T00:00:00Z",
		"2h":                        "2027-01-04T10:00:00Z",
		"1d30m":                     "2027-01-03T11:30:00Z",
	} {
		if got, err := parseMoment(text, momentsNow); err != nil || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v, error %v; want %s", text, got, err, want)
		}
	}
	const usual = "is no moment: write one like 2027-01-04T14:00:00+08:00, a day like 2027-01-04+08:00, or how long ago it was, like 2h30m"
	noZone := func(text string) string {
		return "has no zone, without which nobody knows when that was: write " + text + "+08:00 for Beijing's, or " + text + "Z for UTC"
	}
	for text, want := range map[string]string{
		"2027-01-04":                noZone("2027-01-04"),
		"2027/01/04":                noZone("2027-01-04"),
		"2027-01-04T14:00":          noZone("2027-01-04T14:00"),
		"2027-01-04 14:00:00":       noZone("2027-01-04T14:00:00"),
		"2027-01-04 14:00:00+08:00": "is not as moments are written: write 2027-01-04T14:00:00+08:00",
		"2027-01-04 14:00 +0800":    "is not as moments are written: write 2027-01-04T14:00+0800",
		"2027-01-04 14:00 UTC":      "is not as moments are written: write 2027-01-04T14:00Z",
		" 2027-01-04Z":              "is not as moments are written: write 2027-01-04Z",
		"2h ago":                    "is not as moments are written: write 2h, which is so long ago",
		"-2h":                       "is not as moments are written: write 2h, which is so long ago",
		" 2 h":                      "is not as moments are written: write 2h, which is so long ago",
		"1799071200":                "counts from 1970: write 2027-01-04T14:00:00Z",
		"1799071200000":             "counts from 1970: write 2027-01-04T14:00:00Z",
		"yesterday":                 usual,
		"14:00":                     usual,
		"90":                        usual,
		"":                          usual,
		"2027-02-30Z":               usual,
		"2027-01-04T25:00Z":         usual,
	} {
		if got, err := parseMoment(text, momentsNow); err == nil || err.Error() != `"`+text+`" `+want {
			t.Errorf("%q: %v, error %v\nwant %s", text, got, err, want)
		}
	}
}

// FuzzMoments: what is read is as it is written, and what an error says to write can
// be read.
func FuzzMoments(f *testing.F) {
	for _, text := range []string{"2027-01-04T14:00:00+08:00", "2027-01-04 14:00", "2h ago", "1799071200", "2027/01/04", "1d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseMoment(text, momentsNow)
		if err == nil {
			if again, err := parseMoment(at.Format(time.RFC3339Nano), momentsNow); err != nil || !again.Equal(at) {
				t.Errorf("%q is read as %v, which is read as %v, error %v", text, at, again, err)
			}
			return
		}
		if _, meant, ok := strings.Cut(err.Error(), "is not as moments are written: write "); ok {
			if _, err := parseMoment(strings.TrimSuffix(meant, ", which is so long ago"), momentsNow); err != nil {
				t.Errorf("%q: it says to write %s, which is an error: %v", text, meant, err)
			}
		}
	})
}
