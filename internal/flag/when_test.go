package flag

import (
	"testing"
	"time"
)

func TestWhen(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-28":                "2026-11-28T00:00:00Z",
		"2026-11-28+08:00":          "2026-11-27T16:00:00Z",
		"2026-11-28T10:00Z":         "2026-11-28T10:00:00Z",
		"2026-11-28T10:00:00+08:00": "2026-11-28T02:00:00Z",
		"2h":                        "2027-01-04T10:00:00Z",
		"1w":                        "2026-12-28T12:00:00Z",
	} {
		if got, err := When("since", text, momentsNow); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, error %v; want %s", text, got, err, want)
		}
	}
	const (
		either = ", or give a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z"
		none   = " is no date or time that there is: give a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z"
		length = " is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)" + either
		zone   = " has no zone, without which nobody knows when that was: write 2026-11-28T10:00+08:00 for Beijing's, or 2026-11-28T10:00Z for UTC"
	)
	for text, want := range map[string]string{
		"2026/11/01":                " is not as dates are written: write 2026-11-01",
		"2026-11-1":                 " is not as dates are written: write 2026-11-01",
		"20261101":                  " is not as dates are written: write 2026-11-01",
		"2026年11月1日":                " is not as dates are written: write 2026-11-01",
		" 2026-11-01":               " is not as dates are written: write 2026-11-01",
		"2026-11-28 10:00":          zone,
		"2026-11-28T10:00":          zone,
		"2026-11-28 10:00:00Z":      " is not as moments are written: write 2026-11-28T10:00:00Z", // as tables show it
		"2026-11-28 10:00:00 +0800": " is not as moments are written: write 2026-11-28T10:00:00+0800",
		"7d ago":                    " is not as moments are written: write 7d, which is so long ago",
		"-7d":                       " is not as moments are written: write 7d, which is so long ago",
		"1700000000":                " counts from 1970: write 2023-11-14T22:13:20Z",
		"2026-02-30":                none,
		"2026-11-28T25:00Z":         none,
		"2026-11":                   none,
		"7":                         " is not a duration: it has no unit; of seconds write 7s" + either,
		"7days":                     " is not a duration: write 7d" + either,
		"yesterday":                 length,
	} {
		if got, err := When("since", text, momentsNow); err == nil || err.Error() != `--since: "`+text+`"`+want {
			t.Errorf("%q: %v, error %v\nwant --since: %q%s", text, got, err, text, want)
		}
	}
	if _, err := When("since", "7d", time.Time{}); err == nil || err.Error() != "--since 7d: the history doesn't tell when it was recorded: give a date such as 2026-03-01" {
		t.Error(err)
	}
}
