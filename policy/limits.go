package policy

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Limits bounds what sweeps may stop.
type Limits struct {
	MaxStops int           // stops tried in any window of Per; 100 unless the file says otherwise
	Per      time.Duration // one hour unless the file says otherwise
	MaxShare float64       // of the live executions, with those tried within Per; 0 to 1; 0.5 unless the file says otherwise
	Floor    int           // so many may be stopped whatever their share; 10 unless the file says otherwise
	Over     Over          // what happens when more is condemned; withhold unless the file says otherwise
}

// Over is what happens when more is condemned than the limits allow.
type Over string

const (
	Withhold Over = "withhold" // nothing is stopped
	Trickle  Over = "trickle"  // the most overdue are stopped, as many as the limits allow; the rest is withheld
)

// limits reads the limits; those that aren't given have their defaults.
func (d *decoder) limits(n *yamltree.Node) Limits {
	limits := Limits{Over: Withhold, MaxStops: 100, Per: time.Hour, MaxShare: 0.5, Floor: 10}
	if n == nil {
		return limits
	}
	f := d.fields(n, "limits", "maxStops", "per", "maxShare", "floor", "over")
	limits.MaxStops = d.count(f["maxStops"], "maxStops", 0, limits.MaxStops)
	limits.Per = d.duration(f["per"], "per", limits.Per)
	limits.MaxShare = d.share(f["maxShare"], "maxShare", limits.MaxShare)
	limits.Floor = d.count(f["floor"], "floor", 0, limits.Floor)
	limits.Over = cmp.Or(choice(d, f["over"], "over", Withhold, Trickle), limits.Over)
	return limits
}

var shareText = pattern.Of(`^[0-9]{1,3}(\.[0-9]{1,6})?%$`)

// meantShare ends the error of a percentage without its sign: 50, or 0.5. 1 may be either.
func meantShare(text string) string {
	part, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || part <= 0 || part == 1 || part > 100:
		return ""
	case part < 1:
		part *= 100
	}
	return fmt.Sprintf(": write %g%%", part)
}

// share reads a percentage.
func (d *decoder) share(n *yamltree.Node, key string, absent float64) float64 {
	text, ok := d.scalar(n, key, "a percentage such as 50%")
	if !ok {
		return absent
	}
	share, ok := ParseShare(text)
	if !ok {
		d.fail(n.Position, "%s must be a percentage from 0%% to 100%%, but is %s%s", key, n.Describe(), meantShare(text))
		return absent
	}
	return share
}

// ParseShare reads a percentage, from 0% to 100%, as the share that it is: 0.005 of 0.5%.
func ParseShare(text string) (share float64, ok bool) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return percent / 100, err == nil && shareText().MatchString(text) && percent <= 100
}
