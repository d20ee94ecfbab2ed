package policy

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// soon is how long before a calendar is over that is said.
const soon = 30

// Over says, a line each, which calendars are over or will be within 30 days: windows
// that name them go on as if nobody had a holiday. One that recurs without an end never
// is.
func (p *Policy) Over(now time.Time) []string {
	var all []string
	for _, c := range p.calendars {
		if over := c.over(now); over != "" {
			all = append(all, over)
		}
	}
	return all
}

// over says that the last day lies behind, or when it will; "" where that is far off.
func (c *calendar) over(now time.Time) string {
	if c.endless || len(c.days) == 0 {
		return ""
	}
	last := c.days[len(c.days)-1].to
	today, _ := localDay(now, time.UTC)
	text := fmt.Sprintf("the last day of the calendar %s, %s, ", c.name, last.begin().Format(time.DateOnly))
	switch left := int(last - today); {
	case left > soon:
		return ""
	case left < 0:
		return text + "lies behind"
	case left == 0:
		return text + "is today"
	default:
		return text + "is in " + plain.Count(left, "day")
	}
}
