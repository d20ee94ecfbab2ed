package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newYear is a calendar of the first of January, in every year.
const newYear = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n"

// withFile is a policy whose window leaves out the days of a file.
func withFile(calendar string) string {
	return strings.Replace(oneRule("window: {except: [hr]}"), "rules:", "calendars: {hr: "+calendar+"}\nrules:", 1)
}

func TestCalendarFile(t *testing.T) {
	for calendar, due := range map[string]string{
		"{file: holidays.ics}":                         "2028-01-02T00:00:00Z",
		"{file: ./holidays.ics}":                       "2028-01-02T00:00:00Z",
		"{file: holidays.ics, days: [2028-01-02]}":     "2028-01-03T00:00:00Z",
		"{file: hr/all.ics, days: 2028-01-01..01-02 }": "",
	} {
		p, err := ParseWith("policy.yaml", []byte(withFile(calendar)), Files{{"holidays.ics", []byte(newYear)}}.Read)
		if due == "" {
			if err == nil {
				t.Errorf("%s was taken", calendar)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		f := with(aged(0))
		f.Now = at(t, "2028-01-01T12:00:00Z")
		if got := p.Due(f).String(); got != due {
			t.Errorf("%s: due %s, want %s", calendar, got, due)
		}
		if diff := cmp.Diff(Files{{"holidays.ics", []byte(newYear)}}, p.Files()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(p.Files(), p.Only("r").Files()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestHashOfFiles: another day is another policy, and anybody can compute which.
func TestHashOfFiles(t *testing.T) {
	text := withFile("{file: holidays.ics}")
	hashOf := func(calendar string) string {
		p, err := ParseWith("policy.yaml", []byte(text), Files{{"holidays.ics", []byte(calendar)}, {"other.ics", nil}}.Read)
		if err != nil {
			t.Fatal(err)
		}
		return p.Hash
	}
	want := fmt.Sprintf("sha256:%x", sha256.Sum256(fmt.Appendf([]byte(text), "%x  holidays.ics\n", sha256.Sum256([]byte(newYear)))))
	if got := hashOf(newYear); got != want {
		t.Errorf("the hash is %s, not %s", got, want)
	}
	if hashOf(newYear) == hashOf(strings.Replace(newYear, "0101", "0102", 1)) {
		t.Error("another calendar has the same hash")
	}
}

// TestFileMistakes: each has one error, in its place.
func TestFileMistakes(t *testing.T) {
	const must = "4:24: file of calendars.hr must be the name of a file beside the policy, such as holidays.ics, but is the text "
	files := Files{{"holidays.ics", []byte(newYear)}, {"page.ics", []byte("<html>")}, {"large.ics", make([]byte, 1<<20+1)}}
	read := func(name string) ([]byte, error) {
		if name == "locked.ics" {
			return nil, errors.New("permission denied")
		}
		return files.Read(name)
	}
	for calendar, want := range map[string]string{
		`{file: hr/../../holidays.ics}`:           must + `"hr/../../holidays.ics": what lies outside of the policy's folder isn't in the function's package: put the file in there, or the policy into a folder above both`,
		`{file: /etc/holidays.ics}`:               must + `"/etc/holidays.ics": put the file into the policy's folder, or into a folder there`,
		`{file: 'C:\holidays.ics'}`:               must + `"C:\\holidays.ics": put the file into the policy's folder, or into a folder there`,
		`{file: 'hr\holidays.ics'}`:               must + `"hr\\holidays.ics": write "hr/holidays.ics"`,
		`{file: https://example.com/a.ics}`:       must + `"https://example.com/a.ics": download it, and give the file's name`,
		`{file: hr/}`:                             must + `"hr/": that is no file`,
		`{file: .}`:                               must + `".": that is no file`,
		`{file: [holidays.ics]}`:                  `4:24: file of calendars.hr must be a text, but is a list`,
		`{file: holiday.ics}`:                     `4:24: file of calendars.hr: there is no holiday.ics beside the policy: put it there, or correct the name`,
		`{file: locked.ics}`:                      `4:24: file of calendars.hr: locked.ics can't be read: permission denied`,
		`{file: large.ics}`:                       `4:24: file of calendars.hr: large.ics is larger than 1 MiB: leave out what isn't needed`,
		`{ics: holidays.ics}`:                     `4:18: unknown key "ics"; did you mean "file"?`,
		`{file: page.ics}`:                        `policies/page.ics:1:1: an iCalendar file begins with BEGIN:VCALENDAR, but this one with "<html>": is it what was meant to be downloaded?`,
		`{file: page.ics}, two: {file: page.ics}`: `policies/page.ics:1:1: an iCalendar file begins with BEGIN:VCALENDAR, but this one with "<html>": is it what was meant to be downloaded?`,
	} {
		_, err := ParseWith("policies/policy.yaml", []byte(withFile(calendar)), read)
		lines := firstLines(err)
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "policies/policy.yaml:")
		}
		if diff := cmp.Diff([]string{want}, lines); diff != "" {
			t.Errorf("%s: %s", calendar, diff)
		}
	}
	_, err := Parse("policy.yaml", []byte(withFile("{file: holidays.ics}")))
	if diff := cmp.Diff([]string{"4:24: file of calendars.hr: holidays.ics can't be read: the policy's text is here without its folder"}, firstLines(err)); diff != "" {
		t.Error(diff)
	}
}

// TestErrorsOfFiles: they show the file's line, after the policy's own.
func TestErrorsOfFiles(t *testing.T) {
	calendar := strings.Replace(newYear, "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=13\r", 1)
	_, err := ParseWith("policy.yaml", []byte(withFile("{file: a.ics}")+"  - {name: r}\n"), Files{{"a.ics", []byte(calendar)}}.Read)
	var files []string
	for _, e := range err.(Errors) {
		files = append(files, e.File)
	}
	if diff := cmp.Diff([]string{"policy.yaml", "policy.yaml", "a.ics"}, files); diff != "" {
		t.Error(diff)
	}
	const want = "a.ics:4:1: RRULE: bymonth must be between 1 and 12\n   4 | RRULE:FREQ=YEARLY;BYMONTH=13\n     | ^"
	if got := err.(Errors)[2].Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, err = ParseWith("policy.yaml", []byte(withFile("{file: a.ics}")), Files{{"a.ics", []byte("\ufeff<html>")}}.Read)
	if line, _, _ := strings.Cut(err.(Errors)[0].Source, "\n"); line != "<html>" {
		t.Errorf("the mark that begins a file is shown: %q", line)
	}
}
