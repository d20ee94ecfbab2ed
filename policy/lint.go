package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// Finding is something in a policy that is allowed, and probably not meant or
// dear.
type Finding struct {
	Code     string   `json:"code"` // stable; one of the Lint… constants
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule,omitempty"`
	File     string   `json:"file"`
	Line     int      `json:"line"` // both count from 1, columns in characters
	Column   int      `json:"column"`
	Message  string   `json:"message"`
	Next     string   `json:"next,omitempty"` // what to do

	source string
}

// Severity is how much a finding weighs.
type Severity string

const (
	Warning Severity = "warning" // probably not what was meant
	Note    Severity = "note"    // as meant, perhaps, and good to know
)

// The codes of findings.
const (
	LintNever        = "never"            // the rule can never condemn
	LintAlways       = "always"           // a condition is true for everything, or there is none
	LintGlob         = "glob"             // a glob where a text is compared letter by letter, or a regular expression stands
	LintProtect      = "protect"          // a protect that protects nothing, or everything
	LintShadowed     = "shadowed"         // another rule always speaks in its place
	LintLongerInside = "longer-inside"    // a longer limit inside a broader rule with a shorter one
	LintBelowTick    = "below-tick"       // a limit shorter than the time between two sweeps
	LintBeyondYear   = "beyond-a-year"    // a limit beyond the life of any execution
	LintNilGuard     = "nil-guard"        // input.x != … also holds where there is no x
	LintEverySweep   = "every-sweep"      // flows that must be looked at in every sweep
	LintCountPerFlow = "count-per-flow"   // a bound on several flows that counts each by itself
	LintCountTooMany = "count-too-many"   // more flows counted together than can be listed in time
	LintEmergency    = "emergency-limits" // a rule on events alone that keeps the limits
	LintAlarmState   = "alarm-state"      // a rule on alarms that also judges when they end
	LintUnpriced     = "unpriced"         // a cost limit on flows that have no price
	LintExpress      = "express"          // a rule on Express flows, which are never looked at
	LintCause        = "cause-length"     // a cause that may be cut
	LintWarnBefore   = "warn-before"      // a warning that can't come in time
	LintTrickle      = "trickle"          // limits that let a wrong rule go on stopping
	LintReplaces     = "replaces"         // what stands in the place of a base's
	LintTimeZone     = "time-zone"        // clocks read in UTC because no zone is named
	LintPlaceholder  = "placeholder"      // a cause, a template or a body with a placeholder that isn't one

	LintCalendarOver  = "calendar-over"  // a calendar whose last day lies behind, or will within 30 days
	LintCalendarTimed = "calendar-timed" // a calendar's file with events that give no days
)

// LintOptions is what findings depend on besides the policy.
type LintOptions struct {
	Tick  time.Duration                     // the time between two sweeps; one minute when 0
	Flows int                               // how many flows the account has; 0 is not known
	Now   time.Time                         // when windows and calendars are looked at; zero: they are not
	Read  func(name string) ([]byte, error) // as [ParseWith]'s; nil where the policy names no files
}

// Error prints the finding as errors are printed: the place, what is found, what
// to do, and the line with a caret.
func (f Finding) Error() string {
	e := Error{
		File: f.File, Line: f.Line, Column: f.Column, Source: f.source,
		Message: fmt.Sprintf("%s: %s: %s (%s)", f.Severity, f.Message, f.Next, f.Code),
	}
	return e.Error()
}

// Lint names what is allowed in a policy and probably not meant, in the file's
// order. The error is [ParseWith]'s: a policy that is wrong is not linted.
//
// A comment on the finding's line, or alone on the line above, takes a finding
// out: # lint: allow CODE.
func Lint(file string, text []byte, o LintOptions) ([]Finding, error) {
	p, err := ParseWith(file, text, o.Read)
	if err != nil {
		return nil, err
	}
	o.Tick = cmp.Or(o.Tick, time.Minute)
	root, _ := yamltree.Parse(text) // it was read before, as a policy
	l := &linter{text: newDecoder(file, text), policy: p, options: o}
	l.text.read = o.Read
	w := l.text.extended(root)
	for i, r := range p.Rules {
		l.rules = append(l.rules, newLintRule(r, i, w.sections["rules"].Items[i]))
	}
	l.replaced(w)
	l.calendars(w.value("calendars"))
	l.channels(w.value("notify"))
	l.protect(w.value("protect"))
	l.limits(w.value("limits"))
	for _, r := range l.rules {
		l.rule(r)
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		other := func(f Finding) string { return strings.TrimPrefix(f.File, file) }
		return cmp.Or(cmp.Compare(other(a), other(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.findings, nil
}

// replaced says what stands in the place of a base's.
func (l *linter) replaced(w *whole) {
	for _, r := range w.replaced {
		rule, severity, note, next := "", Note, r.note(l.text), "give it another name if both are meant"
		if r.what == "rule" {
			rule = r.name
		}
		if lost := r.lost(); len(lost) > 0 {
			severity, note = Warning, note+", whole: what that one says with "+strings.Join(lost, ", ")+" no longer holds"
			next = "write it here, too; " + next
		}
		l.foundAt(r.by.Position, rule, severity, LintReplaces, note, next)
	}
}

// value is a section; an empty node where there is none.
func (w *whole) value(key string) *yamltree.Node {
	if n := w.sections[key]; n != nil {
		return n
	}
	return &yamltree.Node{Type: yamltree.Null}
}

// linter looks at the rules of one policy and collects what it finds.
type linter struct {
	text     *decoder // for its lines
	policy   *Policy
	options  LintOptions
	rules    []*lintRule
	findings []Finding
}

// rule looks at one rule. Of one that can never condemn there is no more to say.
func (l *linter) rule(r *lintRule) {
	l.misplaced(r)
	l.placeholder(r)
	if l.never(r) || l.beyondYear(r) || l.express(r) {
		return
	}
	if !l.longerInside(r) && !l.shadowed(r) {
		l.always(r)
	}
	l.belowTick(r)
	l.warnBefore(r)
	l.nilGuard(r)
	l.timeZone(r)
	l.everySweep(r)
	l.counts(r)
	l.emergency(r)
	l.alarmState(r)
	l.unpriced(r)
	l.causeLength(r)
}

// found adds a finding at a key of the rule, or, for "", at the rule.
func (l *linter) found(r *lintRule, key string, severity Severity, code, message, next string) {
	l.foundAt(r.place(key), r.Name, severity, code, message, next)
}

func (l *linter) foundAt(at yamltree.Position, rule string, severity Severity, code, message, next string) {
	if !l.allowed(at.Line, code) {
		e := l.text.errorAt(at, "")
		l.findings = append(l.findings, Finding{
			Code: code, Severity: severity, Rule: rule, File: e.File, Line: e.Line, Column: e.Column, Message: message, Next: next, source: e.Source,
		})
	}
}

func (l *linter) warn(r *lintRule, key, code, message, next string) {
	l.found(r, key, Warning, code, message, next)
}

var allowComment = pattern.Of(`#\s*lint:\s*allow\s+([a-z-]+(?:\s*,\s*[a-z-]+)*)`)

// allowed says whether a comment takes a code out on a line: one that ends the
// line, or stands alone above it.
func (l *linter) allowed(line int, code string) bool {
	comments := l.text.lines[line-1]
	if line-1 > l.text.sourceOf(line).ahead { // what stands above is another file's
		if above := strings.TrimSpace(l.text.lines[line-2]); strings.HasPrefix(above, "#") {
			comments += "\n" + above
		}
	}
	for _, m := range allowComment().FindAllStringSubmatch(comments, -1) {
		for word := range strings.SplitSeq(m[1], ",") {
			if strings.TrimSpace(word) == code {
				return true
			}
		}
	}
	return false
}
