package record

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/plain"
)

const maxLines = 10 // of each kind

// Text writes a result for people.
func Text(w io.Writer, r *Result) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s, of %s of %s: started from %s to %s.", plain.Count(r.Executions.Ended, "execution")+" that ended recorded into "+r.Folder,
		plain.Number(r.Flows.Recorded), plain.Count(r.Flows.Seen, "flow"), minute(r.Since), minute(r.Until))
	line("%s live, for the next recording to ask how they end. Listed: %s.", are(r.Executions.Live), plain.Count(r.Pages, "page"))
	if n := r.Executions.Lost; n > 0 {
		line("%s live before, and CloudFlow has no more: how they ended is not known.", were(n))
	}
	some(line, "Gone since: flow", r.Gone)
	some(line, "Not recorded, since no policy judges Express flows: flow", r.NotCovered)
	var warnings []string
	for _, u := range r.Unmatched {
		warnings = append(warnings, u.String())
	}
	if n := r.Unredacted; n > 0 {
		warnings = append(warnings, fmt.Sprintf("%s no JSON, in which --redact can't blank anything: they were not recorded", inputsAre(n)))
	}
	for _, glob := range r.IdleRedact {
		warnings = append(warnings, fmt.Sprintf("--redact %q matched no key of what was recorded: if it is misspelt, remove the folder and record again", glob))
	}
	for _, odd := range r.Odd {
		warnings = append(warnings, fmt.Sprintf("execution %q of flow %q: %s", odd.Execution, odd.Flow, odd.What))
	}
	for _, p := range r.Problems {
		warnings = append(warnings, "not recorded: "+p.String())
	}
	for i, warning := range warnings {
		if i == 5*maxLines {
			line("… and %s more; -o json has them all", plain.Number(len(warnings)-i))
			break
		}
		line("Warning: %s", warning)
	}
	_, err := io.WriteString(w, plain.Lines(b.String()))
	return err
}

// NoFlow says why there was no flow to record.
func (r *Result) NoFlow() string {
	if len(r.Unmatched) == 0 {
		return "this account and region has no flow whose executions policies judge\nCheck --region"
	}
	return "no flow matches --flow\nCheck the name, which is case-sensitive, --region, and that globs are quoted"
}

func some(line func(string, ...any), what string, names []string) {
	for i, name := range names {
		if i == maxLines {
			line("… and %s more", plain.Number(len(names)-i))
			return
		}
		line("%s %q.", what, name)
	}
}

func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return plain.Number(n) + " are"
}

func were(n int) string {
	if n == 1 {
		return "1 was"
	}
	return plain.Number(n) + " were"
}

func inputsAre(n int) string {
	if n == 1 {
		return "1 input is"
	}
	return plain.Number(n) + " inputs are"
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
