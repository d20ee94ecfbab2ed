// Package zone finds time zones by their names in the IANA database.
package zone

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // a function's machine may have no time zones

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/spelling"
)

var errUnknown = errors.New("unknown time zone")

// Load finds a zone. The machine's own is nobody's: neither "" nor Local is a name.
func Load(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, errUnknown
	}
	return time.LoadLocation(name)
}

// others are what people write for the zone of a place that isn't named so.
var others = map[string]string{
	"cst": "Asia/Shanghai", "beijing": "Asia/Shanghai", "china": "Asia/Shanghai", "shenzhen": "Asia/Shanghai", "hangzhou": "Asia/Shanghai", "guangzhou": "Asia/Shanghai",
	"jst": "Asia/Tokyo", "sgt": "Asia/Singapore", "hkt": "Asia/Hong_Kong", "ist": "Asia/Kolkata", "bombay": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
	"pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "silicon_valley": "America/Los_Angeles", "edt": "America/New_York", "virginia": "America/New_York",
	"cest": "Europe/Berlin", "frankfurt": "Europe/Berlin", "bst": "Europe/London", "z": "UTC", "gmt+0": "UTC",
}

var offset = pattern.Of(`(?i)^(?:utc|gmt)?\s*([+-])\s*0?([0-9]{1,2})(?::?([0-9]{2}))?$`)

// Meant ends the error of a name that is none, with the zone that was probably meant;
// "" where none is near.
func Meant(name string) string {
	name = strings.TrimSpace(name)
	if m := offset().FindStringSubmatch(name); m != nil {
		if m[1]+m[2] == "+8" && (m[3] == "" || m[3] == "00") {
			return `: write "Asia/Shanghai"`
		}
		return ": an offset is no zone, which knows when clocks are set: name a place"
	}
	_, place := cutLast(strings.ReplaceAll(name, " ", "_"))
	if other := others[strings.ToLower(place)]; other != "" {
		return `: write "` + other + `"`
	}
	all := strings.Fields(names)
	for _, one := range all {
		if _, its := cutLast(one); strings.EqualFold(its, place) {
			return `: write "` + one + `"`
		}
	}
	if near := spelling.Nearest(name, all); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}

// cutLast cuts a name at its last slash: Asia/Shanghai.
func cutLast(name string) (area, place string) {
	i := strings.LastIndex(name, "/")
	return name[:max(i, 0)], name[i+1:]
}
