package policy

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestGlobsThatAreNone: what could name no flow is refused, and what was
// probably meant is named.
func TestGlobsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"payroll.*":                          `no flow's name has a "."; did you mean "payroll-*", or "payroll*"?`,
		"etl-.*":                             `no flow's name has a "."; did you mean "etl-*"?`,
		"etl_.*":                             `no flow's name has a "."; did you mean "etl_*"?`,
		"!etl-.*":                            `no flow's name has a "."; did you mean "!etl-*"?`,
		"^etl-.*$":                           `no flow's name has a "^"; did you mean "etl-*"?`,
		"/etl-.+/":                           `no flow's name has a "/"; did you mean "etl-*"?`,
		".*":                                 `no flow's name has a "."; did you mean "*"?`,
		".*-backfill":                        `no flow's name has a "."; did you mean "*-backfill"?`,
		"payroll.march":                      `no flow's name has a "."; did you mean "payroll-march"?`,
		"payroll:*":                          `no flow's name has a ":"; did you mean "payroll-*"?`,
		"payroll/*":                          `no flow's name has a "/"; did you mean "payroll-*"?`,
		"etl-[0-9]":                          `no flow's name has a "["; did you mean "etl-?"?`,
		"etl-[0-9]+":                         `no flow's name has a "["; did you mean "etl-*"?`,
		`etl-\d+`:                            `no flow's name has a "\\"; did you mean "etl-*"?`,
		"etl-%":                              `no flow's name has a "%"; did you mean "etl-*"?`,
		"etl-{a,b}":                          `no flow's name has a "{"; write them one by one: "etl-a", "etl-b"`,
		"(etl|web)-.*":                       `no flow's name has a "("; write them one by one: "etl-*", "web-*"`,
		"etl-*|web-*":                        `no flow's name has a "|"; write them one by one: "etl-*", "web-*"`,
		"etl-*, !etl-b":                      `no flow's name has a ","; write them one by one: "etl-*", "!etl-b"`,
		"etl-* web-*":                        `no flow's name has a " "; write them one by one: "etl-*", "web-*"`,
		"“etl”，“b”":                          `no flow's name has a "“"; write them one by one: "etl", "b"`,
		"etl–*":                              `no flow's name has a "–"; did you mean "etl-*"?`,
		"！etl-*":                             `no flow's name has a "！"; did you mean "!etl-*"?`,
		"'etl-*'":                            `no flow's name has a "'"; did you mean "etl-*"?`,
		"-etl-*":                             `no flow's name begins with "-"; did you mean "!etl-*"?`,
		"~etl-*":                             `no flow's name has a "~"; did you mean "!etl-*"?`,
		"^etl-":                              `no flow's name has a "^"; did you mean "etl-*"?`,
		"!^etl-":                             `no flow's name has a "^"; did you mean "!etl-*"?`,
		"-test$":                             `no flow's name has a "$"; did you mean "*-test"?`,
		"^etl$":                              `no flow's name has a "^"; did you mean "etl"?`,
		"^(etl|web)-":                        `no flow's name has a "^"; write them one by one: "etl-*", "web-*"`,
		"! etl-x":                            `no flow's name has a " "; did you mean "!etl-x"?`,
		"!!etl-x":                            `no flow's name has a "!"; did you mean "!etl-x"?`,
		"not etl-x":                          `no flow's name has a " "; did you mean "!etl-x"?`,
		"2024-*":                             `no flow's name begins with "2"; * stands for any characters, ? for one, and a ! before it excludes`,
		"薪资-*":                               `no flow's name has a "薪"; * stands for any characters, ? for one, and a ! before it excludes`,
		"":                                   `it names none; * stands for any characters, ? for one, and a ! before it excludes`,
		"!":                                  `it names none; * stands for any characters, ? for one, and a ! before it excludes`,
		"vars.flows":                         `no flow's name has a "."; vars cannot stand here: write the globs themselves`,
		"acs:fnf:cn-hangzhou:1:flow/payroll": `no flow's name has a ":"; did you mean "payroll"?`,
	} {
		want := quote(text) + " is not a glob of flow names: " + want
		if _, err := Globs(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"etl-*", "!etl-?", "*", "_a", "A9", "?2024"} {
		if _, err := Globs(text); err != nil {
			t.Error(err)
		}
	}
}

// TestPropertyGlobs: what is accepted can name a flow, and what an error suggests
// is accepted.
func TestPropertyGlobs(t *testing.T) {
	flowName := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,127}$`)
	suggested := regexp.MustCompile(`(?:did you mean|, or|one by one:|,) ("[^"]*")`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab-_9*?!.:[]{}()|,^$+\\/% “–薪")), 0, 12, -1).Draw(t, "glob")
		matches, err := Globs(text)
		if err == nil {
			name := strings.NewReplacer("!", "", "*", "a", "?", "a").Replace(text)
			if !flowName.MatchString(name) || matches(name) == strings.HasPrefix(text, "!") {
				t.Fatalf("%q is accepted, and names %q: %v", text, name, matches(name))
			}
			return
		}
		_, advice, _ := strings.Cut(err.Error(), "; ")
		for _, m := range suggested.FindAllStringSubmatch(advice, -1) {
			if _, err := Globs(strings.Trim(m[1], `"`)); err != nil {
				t.Fatalf("%q: suggested is %v", text, err)
			}
		}
	})
}
