package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Ending writes how an execution ended and, as far as it can be read back, who ended
// it. No rule judges it any more.
func Ending(w io.Writer, end *result.End, f *policy.Facts) error {
	started := f.Execution.StartedTime
	text := fmt.Sprintf("%s of %s, %s", Plain(f.Execution.Name), Plain(f.Flow.Name), Plain(end.Status))
	if !started.IsZero() {
		text += ", started " + started.UTC().Format(time.RFC3339)
	}
	text += ": it has ended"
	if !end.Time.IsZero() {
		text += " at " + end.Time.UTC().Format(time.RFC3339)
	}
	if !end.Time.IsZero() && !started.IsZero() {
		text += ", after " + duration.Rough(end.Time.Sub(started))
	}
	lines := append([]string{text + ". No rule judges it any more."}, endedBy(end)...)
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// endedBy says what was left in an execution by who stopped it.
func endedBy(end *result.End) []string {
	var lines []string
	if end.Error != "" {
		lines = append(lines, "error: "+Plain(end.Error))
	}
	if end.Cause != "" {
		lines = append(lines, "cause: "+Plain(end.Cause))
	}
	switch {
	case end.Tail != nil:
		return append(lines, byFlowreaper(end.Tail))
	case end.Unread != "":
		return append(lines, fmt.Sprintf("Its Error and Cause are not known: %s. Nobody could confirm that CloudFlow gives them back.\n"+
			"If flowreaper stopped it, the function's log has the line: look for \"msg\":\"decision\" with its name.", Plain(end.Unread)))
	case end.Status == "Stopped":
		return append(lines, "Its cause is none of flowreaper's: somebody else stopped it.")
	}
	return lines
}

// byFlowreaper says where a cause's tail leads to.
func byFlowreaper(t *policy.Tail) string {
	who := fmt.Sprintf("By its cause flowreaper stopped it: rule %s of policy %s (%s), run %s", Plain(t.Rule), Plain(cmp.Or(t.Policy, "without a name")), Plain(t.Hash), Plain(t.Run))
	if !t.At.IsZero() {
		who += ", which began at " + t.At.UTC().Format(time.RFC3339)
	}
	if t.By != "" {
		who += ", from a terminal, by " + Plain(t.By)
	}
	return who + "."
}
