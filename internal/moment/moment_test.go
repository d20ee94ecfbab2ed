package moment_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/moment"
)

func TestParse(t *testing.T) {
	want := time.Date(2022, 10, 17, 3, 20, 45, 984e6, time.UTC)
	for _, text := range []string{
		"2022-10-17T03:20:45.984Z", "2022-10-17T11:20:45.984+08:00", "2022-10-17T11:20:45.984+0800",
		"2022-10-16T23:50:45.984-0330", "2022-10-17T11:20:45.984PRC", "2022-10-17T11:20:45.984Asia/Shanghai",
	} {
		if got, err := moment.Parse(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, error %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "now", "2022-10-17", "11:20:45+0800", "2022-10-17T11:20:45", "2022-10-17T11:20:45.984", "2022-10-17 11:20:45", "PRC",
		"2022-10-17T11:20:45+08", "2022-10-17T11:20:45+800", "2022-10-17T11:20:45 +0800", "2022-10-17T11:20:45+2500", "2022-10-17T11:20:45+08000",
	} {
		if got, err := moment.Parse(text); err == nil {
			t.Errorf("%s: read as %v", text, got)
		}
	}
}
