// Package duration is the one way in which lengths of time are read and written,
// in policies, settings, reports and messages alike: 90s, 2h30m, 1.5d.
//
//	d, err := duration.Parse("1d2h")
//	duration.Format(d) // "1d2h", which Parse reads
//	duration.Rough(d)  // to two units, as people say ages
package duration

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// unit is a unit of durations, the largest first.
type unit struct {
	name   string
	length time.Duration
}

const day = 24 * time.Hour

var units = []unit{
	{"w", 7 * day}, {"d", day}, {"h", time.Hour},
	{"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond},
}

var (
	durationPattern = pattern.Of(`^(\d+(\.\d+)?(ms|s|m|h|d|w))+$`)
	durationPart    = pattern.Of(`(\d+(?:\.\d+)?)(ms|s|m|h|d|w)`)
)

// maxDurationText bounds the arithmetic on texts that strangers write.
const maxDurationText = 64

// Parse reads a duration such as 2h, 1h30m, 1.5d or 2w. A day has 24
// hours. It is exact down to the nanosecond.
func Parse(text string) (time.Duration, error) {
	if len(text) > maxDurationText || !durationPattern().MatchString(text) {
		return 0, fmt.Errorf("%q is not a duration: %s", plain.Clip(text, 41), meantDuration(text))
	}
	total := new(big.Rat)
	for _, part := range durationPart().FindAllStringSubmatch(text, -1) {
		count, _ := new(big.Rat).SetString(part[1])
		length := new(big.Rat).SetInt64(int64(unitLength(part[2])))
		total.Add(total, count.Mul(count, length))
	}
	whole := new(big.Int).Quo(total.Num(), total.Denom())
	if !whole.IsInt64() {
		return 0, fmt.Errorf("the duration %s is too long: the longest is %s", text, Format(math.MaxInt64))
	}
	return time.Duration(whole.Int64()), nil
}

// meantDuration says how to write what was probably meant.
func meantDuration(text string) string {
	const usual = "write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)"
	if len(text) > maxDurationText {
		return usual
	}
	if strings.Trim(text, "0123456789.") == "" && strings.Trim(text, "0.") != "" && durationPattern().MatchString(text+"s") {
		return "it has no unit; of seconds write " + text + "s"
	}
	if ambiguous().MatchString(text) {
		return usual
	}
	meant := decimalComma().ReplaceAllString(strings.ToLower(text), "$1.$2")
	for _, words := range unitWords {
		for word := range strings.FieldsSeq(words.others) {
			meant = strings.ReplaceAll(meant, word, words.unit)
		}
	}
	meant = strings.NewReplacer(" ", "", ",", "", "and", "", "\u00a0", "").Replace(meant)
	meant = strings.Replace(strings.TrimPrefix(meant, "p"), "t", "", 1) // PT2H30M
	if parts := strings.Split(text, ":"); len(parts) == len("hms") {
		meant = parts[0] + "h" + parts[1] + "m" + parts[2] + "s"
	}
	if strings.Contains(meant, "h") && durationPattern().MatchString(meant+"m") { // 1h30
		meant += "m"
	}
	if !durationPattern().MatchString(meant) {
		return usual
	}
	return "write " + meant
}

var (
	decimalComma = pattern.Of(`(\d),(\d)`)            // 1,5h is ten times less than 15h
	ambiguous    = pattern.Of(`\d,\d{3}|^P?[\d.]+M$`) // 1,500s: of thousands, or not; 1M: a month, or a minute
)

// unitWords are what people write for units, the longest first.
var unitWords = []struct{ unit, others string }{
	{"ms", "milliseconds millisecond millis msecs msec 毫秒"},
	{"s", "seconds second secs sec 秒"},
	{"m", "minutes minute mins min 分钟 分"},
	{"h", "hours hour hrs hr 小时 时"},
	{"d", "days day 天 日"},
	{"w", "weeks week wks wk 星期 周"},
}

func unitLength(name string) time.Duration {
	for _, u := range units {
		if u.name == name {
			return u.length
		}
	}
	return 0
}

// Format writes a duration as [Parse] reads it, in days at most: 1d2h30m, 2h, 1.5s.
// What is less than a millisecond is left out, and below a second from a minute
// on.
func Format(d time.Duration) string {
	if d.Abs() < time.Minute {
		return d.Truncate(time.Millisecond).String()
	}
	return inUnits(d, len(units))
}

// Rough writes the two largest units of a duration that aren't zero, as people
// say ages: 3h2m, 2h, 45s, and 2h3s where two hours have just passed. So what is
// over a limit doesn't read as the limit.
func Rough(d time.Duration) string {
	if d.Abs() < time.Second {
		return Format(d)
	}
	return inUnits(d, 2)
}

// inUnits writes whole days, hours, minutes and seconds, so many of them at most.
func inUnits(d time.Duration, most int) string {
	sign, rest := "", uint64(d)
	if d < 0 {
		sign, rest = "-", -rest // the least duration has no positive twin in int64
	}
	var b strings.Builder
	for _, u := range units {
		if u.length < time.Second || u.length > day {
			continue
		}
		count := rest / uint64(u.length)
		if rest %= uint64(u.length); count > 0 && most > 0 {
			b.WriteString(strconv.FormatUint(count, 10) + u.name)
			most--
		}
	}
	return sign + b.String()
}
