package moment

import (
	"strconv"
	"strings"
	"time"
)

// Fill writes the time in the place of {{now}}, as a timer trigger writes it, and
// of {{nowSeconds}} and {{nowMillis}}, as alarms do.
func Fill(text []byte, now time.Time) []byte {
	return []byte(strings.NewReplacer(
		"{{now}}", now.UTC().Format(time.RFC3339),
		"{{nowSeconds}}", strconv.FormatInt(now.Unix(), 10),
		"{{nowMillis}}", strconv.FormatInt(now.UnixMilli(), 10),
	).Replace(string(text)))
}
