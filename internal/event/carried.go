package event

import (
	"encoding/base64"
	"strings"
)

// alertIn returns the alert that a CloudEvent carries: as its data; where
// EventBridge took it in from an HTTP source, as that one's body; where it came
// by a queue, as the message's. It is nil where there is none.
//
// What is carried isn't searched any further, so that nothing that comes from
// elsewhere says how long the search takes.
func alertIn(data map[string]any) *fields {
	if f := (&fields{raw: data, place: "data."}); f.isAlert() {
		return f
	}
	for _, key := range []string{"body", "messageBody"} {
		if f := (&fields{raw: objectIn(data[key]), place: "data." + key + "."}); f.isAlert() {
			return f
		}
	}
	return nil
}

// objectIn returns the object that a value is, or that a text holds: as JSON, as
// an alert's form, or as base64 of either, which queues' libraries make of what
// they are given. It is nil where there is none.
func objectIn(value any) map[string]any {
	if raw, err := objectOf(value); err == nil {
		return raw
	}
	text, _ := value.(string)
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil
	}
	raw, _ := objectOf(string(plain))
	return raw
}
