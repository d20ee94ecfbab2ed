package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever the file, Parse answers a policy or errors that have a
// place, and a policy judges and explains without a panic.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "policies", "*.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatal("no policies to begin with", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(oneRule(`when: hour(now, "Asia/Shanghai") >= 9 and weekday(now) in ["Sat"] or date(now) != date(execution.startedTime, "Europe/Berlin") and monthDay(now) < 29`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("p.yaml", text)
		if err != nil {
			checkErrors(t, err, strings.Count(string(text), "\n")+1)
			return
		}
		printed, err := Print("p.yaml", text, nil)
		if again, wrong := Print("p.yaml", []byte(printed), nil); err != nil || wrong != nil || again != printed {
			t.Errorf("%v, %v: %s", err, wrong, printed)
		}
		for _, status := range []string{"Running", "Succeeded"} {
			facts := facts()
			facts.Execution.Status = status
			checkVerdict(t, p, p.Judge(facts))
		}
	})
}

func checkErrors(t *testing.T, err error, lines int) {
	for _, e := range err.(Errors) {
		if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Message == "" || !utf8.ValidString(e.Error()) {
			t.Errorf("an error at %d:%d of %d lines: %q", e.Line, e.Column, lines, e.Error())
		}
	}
}

func checkVerdict(t *testing.T, p *Policy, v Verdict) {
	if v.Decision == Keep {
		return
	}
	if v.facts.Execution.Status != "Running" {
		t.Errorf("an execution that is %s was condemned", v.facts.Execution.Status)
	}
	if cause := p.Cause(v, Tail{Run: "run"}); v.Reason() == "" || len(cause) > maxCause || !utf8.ValidString(cause) {
		t.Errorf("reason %q, cause %q", v.Reason(), cause)
	}
}
