package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
)

// newLog writes lines of JSON, in which nothing can drive the terminal of whoever
// follows them or turn a line around: names and inputs are others'.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(plain.Writer{To: w, By: plain.JSON}, nil))
}

// logDecision writes one line a decision, as soon as its outcome is known.
func (f *function) logDecision(runID string, d result.Decision) {
	level := slog.LevelInfo
	switch d.Outcome {
	case result.Failed, result.StillRunning, result.NotTried, result.WithheldOutcome:
		level = slog.LevelWarn
	}
	f.log.LogAttrs(context.Background(), level, "decision", append(fields(d), slog.String("runId", runID))...)
}

// logReport writes the whole report as one line, and the error if it failed.
func (f *function) logReport(r *result.Report, err error) {
	level, attrs := slog.LevelInfo, append(counts(r), fields(r)...)
	if f.of != nil { // all lines of a place name it
		attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Key == "place" })
	}
	if err != nil {
		level, attrs = slog.LevelError, append(attrs, failed(err)...)
	}
	f.log.LogAttrs(context.Background(), level, "sweep", attrs...)
}

// counted is what a report has in lists, where Log Service can't search: how much there
// is, and of what, words apart.
type counted struct {
	Undecided      int    `json:"undecided,omitzero"`
	UndecidedRules string `json:"undecidedRules,omitzero"`
	Calendars      string `json:"calendars,omitzero"`
	Incomplete     int    `json:"incomplete,omitzero"`
	Unmatched      int    `json:"unmatched,omitzero"`
}

// counts stands before the report, whose lists may be longer than what Log Service reads
// of a line. There is none where all is well.
func counts(r *result.Report) []slog.Attr {
	rules := map[string]bool{}
	for _, u := range r.Undecided {
		rules[u.Rule] = true
	}
	c := counted{
		Undecided: len(r.Undecided), UndecidedRules: strings.Join(slices.Sorted(maps.Keys(rules)), " "),
		Calendars: strings.Join(r.Calendars, "; "), Incomplete: len(r.Incomplete), Unmatched: len(r.Unmatched),
	}
	if c == (counted{}) {
		return nil
	}
	return []slog.Attr{slog.Any("counted", c)}
}

// logStart writes what the process begins with; the rules' names in one text, as counted
// has them.
func (f *function) logStart() {
	var rules []string
	for _, r := range f.policy.Rules {
		rules = append(rules, r.Name)
	}
	f.log.Info("start", "policy", f.policy.Name, "hash", f.policy.Hash, "mode", f.mode(), "off", f.settings.off, "rules", strings.Join(rules, " "), "flowreaperVersion", version)
}

// logFailure writes a line for what failed before a sweep began.
func (f *function) logFailure(msg string, err error) {
	f.log.LogAttrs(context.Background(), slog.LevelError, msg, failed(err)...)
}

func failed(err error) []slog.Attr {
	return []slog.Attr{slog.String("errorType", string(typeOf(err))), slog.String("errorMessage", err.Error())}
}

// fields are the members of v's JSON object, in their order: a line is easier
// to search when they stand in it, not beneath it. v is of our own making, so
// that its JSON can't fail.
func fields(v any) []slog.Attr {
	text, err := json.Marshal(v)
	if err != nil {
		return []slog.Attr{slog.String("unwritable", err.Error())}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	_, _ = decoder.Token() // the opening brace
	var list []slog.Attr
	for decoder.More() {
		name, _ := decoder.Token()
		var value json.RawMessage
		_ = decoder.Decode(&value)
		list = append(list, slog.Any(name.(string), value))
	}
	return list
}
