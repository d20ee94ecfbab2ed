package zone

import (
	"strings"
	"testing"
)

// What is suggested is a zone.
func TestNamesAreZones(t *testing.T) {
	for _, name := range strings.Fields(names) {
		if _, err := Load(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range others {
		if _, err := Load(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "Local", "../UTC"} {
		if _, err := Load(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
}

func TestMeant(t *testing.T) {
	for name, want := range map[string]string{
		"Asia/Shangai": `; did you mean "Asia/Shanghai"?`, "asia/shanghai": `: write "Asia/Shanghai"`, "Shanghai": `: write "Asia/Shanghai"`, "Asia/Beijing": `: write "Asia/Shanghai"`,
		"CST": `: write "Asia/Shanghai"`, "utc": `: write "UTC"`, "UTC+8": `: write "Asia/Shanghai"`, "+08:00": `: write "Asia/Shanghai"`, "GMT+08:00": `: write "Asia/Shanghai"`,
		"+05:30": ": an offset is no zone, which knows when clocks are set: name a place", "UTC-3": ": an offset is no zone, which knows when clocks are set: name a place",
		"New York": `: write "America/New_York"`, "Europe/Berlim": `; did you mean "Europe/Berlin"?`, "office": "", "": "",
	} {
		if got := Meant(name); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
}
