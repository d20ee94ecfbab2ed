package event

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/policy"
)

// fromAlert reads a CloudMonitor threshold alert. Older pages lack some of
// its fields, so only the two that make it an alert must be there.
func fromAlert(f *fields) Event {
	f.text("alertState")
	text := func(key string) string { s, _ := f.raw[key].(string); return s }
	e := Event{Event: policy.Event{
		Kind:    Alarm,
		ID:      text("transId"),
		Type:    text("metricName"),
		Source:  text("metricProject"),
		Subject: f.text("alertName"),
		Data:    withDimensions(f.raw),
	}}
	e.Time, e.HasTime = f.timeOrNothing("timestamp", instant)
	return e
}

// isAlert says whether a CloudEvent's data is a threshold alert.
func isAlert(data map[string]any) bool {
	name, _ := data["alertName"].(string)
	state, _ := data["alertState"].(string)
	return name != "" && state != ""
}

// alertIn returns the alert that a CloudEvent carries: as its data, or, where
// EventBridge took it in from an HTTP source, as that one's body, an object or a
// text. It is nil where there is none.
func alertIn(data map[string]any) map[string]any {
	if isAlert(data) {
		return data
	}
	body, _ := data["body"].(map[string]any)
	if text, ok := data["body"].(string); ok {
		if e, err := fromText(text); err == nil {
			body = e.raw
		}
	}
	if isAlert(body) {
		return body
	}
	return nil
}

// withDimensions returns the alert with its dimensions parsed, where they are
// a text that can be; the alert itself isn't changed.
func withDimensions(alert map[string]any) map[string]any {
	text, ok := alert["dimensions"].(string)
	if !ok {
		return alert
	}
	parsed, ok := parseDimensions(text)
	if !ok {
		return alert
	}
	alert = maps.Clone(alert)
	alert["dimensions"] = parsed
	return alert
}

// parseDimensions reads JSON, as older pages show it, or {key=value, key=value}
// as forms carry it. The latter has no escapes: a piece without = belongs to
// the value before it.
func parseDimensions(text string) (any, bool) {
	if value, err := decodeJSON([]byte(text)); err == nil {
		switch value.(type) {
		case map[string]any, []any:
			return value, true
		}
		return nil, false
	}
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	if ok {
		inner, ok = strings.CutSuffix(inner, "}")
	}
	if !ok {
		return nil, false
	}
	dimensions := map[string]any{}
	if inner == "" {
		return dimensions, true
	}
	pieces := strings.Split(inner, ", ")
	begin := 0 // of the pair
	for i := 1; i <= len(pieces); i++ {
		if i < len(pieces) && !strings.Contains(pieces[i], "=") {
			continue
		}
		key, value, ok := strings.Cut(strings.Join(pieces[begin:i], ", "), "=")
		if _, twice := dimensions[key]; twice || !ok || key == "" {
			return nil, false
		}
		dimensions[key] = value
		begin = i
	}
	return dimensions, true
}

// looksLikeForm tells a form from JSON: JSON with an = in it begins with a
// brace, a bracket or a quote.
func looksLikeForm(body []byte) bool {
	switch body[0] {
	case '{', '[', '"':
		return false
	}
	return strings.Contains(string(body), "=")
}

// decodeForm reads a threshold alert as application/x-www-form-urlencoded. The
// documented sample has values that aren't escaped (unit=%): one that can't be
// unescaped is taken as it stands.
func decodeForm(body []byte) (Event, error) {
	raw := map[string]any{}
	for pair := range strings.SplitSeq(string(body), "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescape(key), unescape(value)
		if key == "timestamp" {
			value = withPlus(value)
		}
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return Event{}, refuse("", "the form's field "+quote(key)+" is not UTF-8", "expected a form in UTF-8")
		}
		if _, twice := raw[key]; twice {
			return Event{}, refuse("", "the form's field "+quote(key)+" is given twice", "expected each field once")
		}
		raw[key] = value
	}
	f := &fields{raw: raw}
	if !f.has("alertName") || !f.has("alertState") {
		return Event{}, refuse("", "neither JSON nor a form with alertName and alertState: "+quote(string(body)), expectedShapes)
	}
	return f.event(fromAlert(f))
}

// withPlus gives a time's offset its + back: where it wasn't escaped, it reads
// as a space.
func withPlus(text string) string {
	if date, offset, ok := strings.Cut(text, " "); ok && strings.Contains(date, "T") {
		return date + "+" + offset
	}
	return text
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// Times in milliseconds begin where times in seconds would be in the year
// 5138; none is later than the year 9999.
const (
	firstMilli = 100_000_000_000
	lastMilli  = 253_402_300_799_999
)

// readInstant reads RFC 3339, or a count since 1970 as a number or as text.
// CloudMonitor's page shows seconds, CloudMonitor was seen to send
// milliseconds.
func readInstant(value any) (time.Time, bool) {
	count, ok := value.(int)
	if s, isText := value.(string); isText {
		n, err := strconv.ParseUint(s, 10, 62)
		if err != nil {
			return readTime(value)
		}
		count, ok = int(n), true
	}
	if !ok || count < 0 || count > lastMilli {
		return time.Time{}, false
	}
	if count < firstMilli {
		return time.Unix(int64(count), 0), true
	}
	return time.UnixMilli(int64(count)), true
}
