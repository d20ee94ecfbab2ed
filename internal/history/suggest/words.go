package suggest

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// MaxFalseStops is the largest share of good runs that can be aimed at: no limit is
// below the 95th percentile.
const MaxFalseStops = 0.05

var decimal = regexp.MustCompile(`^\d{1,15}(\.\d{1,15})?$`)

func parseDecimal(text string) (float64, bool) {
	if !decimal.MatchString(text) {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil
}

// ParseShare reads a share of good runs: 1/1000, 0.1% or 0.001.
func ParseShare(text string) (float64, error) {
	const usual = "write it like 1/1000, 0.1% or 0.001"
	share, ok := 0.0, false
	if of, all, fraction := strings.Cut(text, "/"); fraction {
		some, okSome := parseDecimal(of)
		many, okMany := parseDecimal(all)
		share, ok = some/many, okSome && okMany && many > 0
	} else if number, percent := strings.CutSuffix(text, "%"); percent {
		share, ok = parseDecimal(number)
		share /= 100
	} else {
		share, ok = parseDecimal(text)
	}
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is not a share of good runs: %s", text, usual)
	case share == 0:
		return 0, fmt.Errorf("%q is none at all, which no number of runs can show: %s", text, usual)
	case share >= 1/MaxFalseStops && !strings.ContainsAny(text, "/%"):
		return 0, fmt.Errorf("%q is all good runs: of one in %s write 1/%s", text, text, text)
	case share >= 1 && share <= 5 && !strings.ContainsAny(text, "/%"):
		return 0, fmt.Errorf("%q is all good runs: of per cent write %s%%", text, text)
	case share > MaxFalseStops:
		return 0, fmt.Errorf("%q stops more than 5%% of good runs: no limit is suggested below their 95th percentile; %s", text, usual)
	}
	return share, nil
}

// ParseMargin reads a margin, from 1 to 10.
func ParseMargin(text string) (float64, error) {
	margin, ok := parseDecimal(text)
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is not a margin: write it like 1.15, of 15%% more", text)
	case margin < 1:
		return 0, fmt.Errorf("%q sets the limit below what shall not be stopped: give 1 or more, such as 1.15 of 15%% more", text)
	case margin > 10:
		return 0, fmt.Errorf("%q is more than ten times what shall not be stopped: give 10 at most; of per cent more write 1.15, of 15%%", text)
	}
	return margin, nil
}

// String writes a share with its bounds.
func (s Share) String() string {
	return fmt.Sprintf("%s (%s–%s)", plain.Percent(s.Share), plain.Percent(s.Low), plain.Percent(s.High))
}

// year is how long CloudFlow lets an execution run.
const year = 365 * 24 * time.Hour

// readable rounds a limit up to what people would write, by a fiftieth at most, and to
// a minute, which is how often sweeps look; false where it is beyond a year.
func readable(ms float64) (time.Duration, bool) {
	if !(ms <= float64(year.Milliseconds())) {
		return 0, false
	}
	limit := max(time.Duration(math.Ceil(ms))*time.Millisecond, time.Minute)
	step := time.Second
	for _, s := range []time.Duration{5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour} {
		if s*50 <= limit {
			step = s
		}
	}
	limit = (limit + step - 1) / step * step
	return limit, limit <= year
}

func limitText(d time.Duration) string { return duration.Format(d) }

// text writes milliseconds as people say them.
func text(ms int64) string { return duration.Rough(time.Duration(ms) * time.Millisecond) }

func seconds(ms int64) float64 { return float64(ms) / 1000 }
