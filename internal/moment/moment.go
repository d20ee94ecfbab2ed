// Package moment reads times as the cloud's services write them: RFC 3339, and
// what comes close to it and still names one moment; and writes one into an event,
// where it says {{now}}.
package moment

import (
	"strings"
	"time"
)

// Parse reads RFC 3339. The offset may lack its colon, as in
// 2022-10-17T11:20:45.984+0800, which Log Service's page shows for the time of
// an event; or be the Chinese zone by name, as in 2020-11-19T21:04:42.179PRC:
// EventBridge's page shows it for aliyunpublishtime, and its Go SDK's page
// writes Asia/Shanghai. A time without a zone could be any of two dozen, and is
// an error.
func Parse(text string) (time.Time, error) {
	for _, zone := range []string{"PRC", "Asia/Shanghai"} {
		if local, ok := strings.CutSuffix(text, zone); ok {
			text = local + "+08:00"
			break
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err == nil {
		return at, nil
	}
	if at, err := time.Parse("2006-01-02T15:04:05Z0700", text); err == nil {
		return at, nil
	}
	return time.Time{}, err
}
