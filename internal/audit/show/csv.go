package show

import (
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// Columns are those of CSV, a line a stop: contracts, as the fields of the JSON are.
func Columns() []string {
	return []string{"stoppedTime", "startedTime", "flow", "execution", "by", "policy", "hash", "ofPolicy", "rule", "run", "at", "person", "error", "cause", "unread"}
}

// CSV writes a line a stop, in UTF-8, below the names of the columns.
func CSV(w io.Writer, r *audit.Result) error {
	out := csv.NewWriter(w)
	lines := [][]string{Columns()}
	for i := range r.Stops {
		s := &r.Stops[i]
		var t policy.Tail
		if s.Tail != nil {
			t = *s.Tail
		}
		of := ""
		if s.OfPolicy != nil {
			of = strconv.FormatBool(*s.OfPolicy)
		}
		line := []string{exact(s.StoppedTime), exact(s.StartedTime), s.Flow, s.Execution, string(s.By), t.Policy, t.Hash, of, t.Rule, t.Run, exact(t.At), t.By, s.Error, s.Cause, s.Unread}
		for j := range line {
			line[j] = field(line[j])
		}
		lines = append(lines, line)
	}
	return out.WriteAll(lines)
}

// field keeps a text from being a formula: a spreadsheet would run what begins like one,
// blanks before it or not, and whoever stops an execution chooses its cause. A quote says
// that it is a text. So it does of a hash or a name that a spreadsheet takes for a number.
func field(text string) string {
	text = plain.Text(text)
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(text))
	if strings.ContainsRune("=+-@|%＝＋－＠", first) || number.MatchString(text) {
		return "'" + text
	}
	return text
}

// number is what a spreadsheet rounds, or turns into another text.
var number = regexp.MustCompile(`^[0-9]+([.,eE][0-9]+)?$`)

func exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
