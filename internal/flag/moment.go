package flag

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// Moment is a flag for a moment, or how long ago it was.
func Moment(flags *pflag.FlagSet, to *time.Time, name, usage string) {
	flags.Var((*momentFlag)(to), name, usage)
}

type momentFlag time.Time

func (m *momentFlag) Set(text string) error {
	at, err := parseMoment(text, time.Now())
	if err != nil {
		return slipError{err}
	}
	*m = momentFlag(at)
	return nil
}

// String is "" for none, so that help shows no default.
func (m *momentFlag) String() string {
	if time.Time(*m).IsZero() {
		return ""
	}
	return time.Time(*m).Format(time.RFC3339)
}

func (m *momentFlag) Type() string { return "moment" }

// Moments without seconds, and days, which are their first moments; and all of them
// without a zone, by which they could be any of two dozen.
var (
	shorter  = []string{"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700", "2006-01-02Z07:00", "2006-01-02Z0700"}
	zoneless = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}
)

// parseMoment reads RFC 3339, a day with its zone, or a duration: so long before now.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if ago, err := duration.Parse(text); err == nil {
		return now.Add(-ago), nil
	}
	if at, ok := absolute(text); ok {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%q %w", plain.Clip(text, 41), notMoment(text))
}

func absolute(text string) (time.Time, bool) {
	if at, err := moment.Parse(text); err == nil {
		return at, true
	}
	for _, layout := range shorter {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

var (
	sinceEpoch = regexp.MustCompile(`^[0-9]{10}([0-9]{3})?$`) // in seconds, or milliseconds
	spaces     = regexp.MustCompile(` +`)
	zoneNames  = regexp.MustCompile(`(?i) *(UTC|GMT)$`)
)

// notMoment says why a text is none, and how to write what was meant.
func notMoment(text string) error {
	if err := meantMoment(text); err != nil {
		return err
	}
	return errors.New("is no moment: write one like 2027-01-04T14:00:00+08:00, a day like 2027-01-04+08:00, or how long ago it was, like 2h30m")
}

// meantMoment says how to write the moment that was meant; nil where none was.
func meantMoment(text string) error {
	meant := strings.TrimSpace(strings.NewReplacer("/", "-", "T ", "T").Replace(zoneNames.ReplaceAllString(text, "Z")))
	if day, rest, ok := strings.Cut(meant, " "); ok && !strings.Contains(day, "T") && strings.Contains(rest, ":") {
		meant = day + "T" + rest
	}
	meant = spaces.ReplaceAllString(meant, "")
	if _, ok := absolute(meant); ok {
		return fmt.Errorf("is not as moments are written: write %s", meant)
	}
	for _, layout := range zoneless {
		if _, err := time.Parse(layout, meant); err == nil {
			return fmt.Errorf("has no zone, without which nobody knows when that was: write %s+08:00 for Beijing's, or %sZ for UTC", meant, meant)
		}
	}
	ago := strings.TrimPrefix(strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(text), "ago"), " ", ""), "-")
	if _, err := duration.Parse(ago); err == nil {
		return fmt.Errorf("is not as moments are written: write %s, which is so long ago", ago)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && sinceEpoch.MatchString(text) {
		at := time.Unix(n, 0)
		if len(text) > 10 {
			at = time.UnixMilli(n)
		}
		return fmt.Errorf("counts from 1970: write %s", at.UTC().Format(time.RFC3339))
	}
	return nil
}
