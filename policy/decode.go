package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/lookalike"
	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// decoder reads a file's tree and collects everything that is wrong.
type decoder struct {
	file     string   // the policy's own
	lines    []string // of all its files
	sources  []source
	read     func(name string) ([]byte, error) // nil: no file can be read
	files    Files                             // that were read
	errors   Errors
	language *expression.Language
	implied  map[string][]conjunct // by their texts: nearly every rule has the same
	// calendars are the policy's, by their names.
	calendars map[string]*calendar
	zones     map[string]*time.Location
	names     map[string]int // the lines of what has one, by its kind and name
}

func newDecoder(file string, text []byte) *decoder {
	return &decoder{
		file: file, lines: linesOf(text), sources: []source{{file: file}},
		implied: map[string][]conjunct{}, zones: map[string]*time.Location{}, names: map[string]int{},
	}
}

func linesOf(text []byte) []string {
	return strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
}

func (d *decoder) fail(at yamltree.Position, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	d.errors = append(d.errors, d.errorAt(at, message+lookalike.Hint(message)))
}

// errorAt is an error with its place and its line, unless that may hold a
// secret.
func (d *decoder) errorAt(at yamltree.Position, message string) *Error {
	s := d.sourceOf(at.Line)
	return &Error{File: s.file, Line: at.Line - s.ahead, Column: at.Column, Message: message, Source: shownLine(d.lines, at.Line)}
}

// shownLine is a line as errors show it.
func shownLine(lines []string, number int) string {
	if number < 1 || number > len(lines) || mayHoldSecret().MatchString(lines[number-1]) {
		return ""
	}
	source := strings.TrimSuffix(lines[number-1], "\r")
	return strings.Map(visible, strings.ToValidUTF8(source, "\ufffd"))
}

// visible puts a mark in the place of what shows a line as another one: what
// turns the direction of writing, and what is not seen at all.
func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
		return unicode.ReplacementChar
	}
	return r
}

// fields returns a mapping's values by key. It refuses keys that are unknown,
// given twice or without a value; the last are there, with nil.
func (d *decoder) fields(n *yamltree.Node, what string, keys ...string) map[string]*yamltree.Node {
	if n.Kind != yamltree.Mapping {
		d.fail(n.Position, "%s must be a mapping with keys such as %s and %s, but is %s", what, keys[0], keys[1], n.Describe())
		return nil
	}
	fields, lines := map[string]*yamltree.Node{}, map[string]int{}
	for i, entry := range n.Entries {
		key := entry.Key.Text
		switch {
		case !slices.Contains(keys, key):
			near := meantKey(key, keys)
			meant := spelling.DidYouMean(cmp.Or(near, key), keys)
			if near == "" && i > 0 && continues(n.Entries[i-1], entry) {
				before := n.Entries[i-1].Key.Text
				meant = ": if it belongs to " + yamltree.Brief(before) + ", put that text in quotes: it has a comma"
				if fields[before] != nil {
					fields[before] = nil // it was cut off: nothing more is said of it
				}
			}
			d.fail(entry.Key.Position, "unknown key %q%s", yamltree.Brief(key), meant)
			if near != "" && lacks(fields, near) {
				fields[near] = nil // it was meant: nothing more is said of it
			}
		case lines[key] > 0:
			d.fail(entry.Key.Position, "the key %s is given twice; first in %s", key, d.line(lines[key]))
		case entry.Value.IsEmpty():
			orNone := ", or leave the key out"
			if slices.Contains(neededKeys, key) {
				orNone = ""
			}
			d.fail(entry.Key.Position, "%s has no value: give one%s", key, orNone)
			fields[key] = nil
		default:
			fields[key] = entry.Value
		}
		lines[key] = entry.Key.Line
	}
	return fields
}

// neededKeys are those that nothing goes without.
var neededKeys = []string{"version", "rules", "name", "kind", "price"}

// continues says whether a key looks like the rest of a text behind a comma, as in
// {days: Sat, Sun}.
func continues(before, entry yamltree.Entry) bool {
	return entry.Value.IsEmpty() && before.Key.Line == entry.Key.Line && before.Value.Kind == yamltree.Scalar && !before.Value.IsEmpty()
}

// otherKeys are what other tools call the keys of a policy.
var otherKeys = map[string]string{
	"maxRuntime": "timeout maxage maxduration maxtime maxtimeout ttl olderthan duration runtime", "when": "if condition conditions where expr expression match",
	"flows": "include workflows selector names flowname exclude", "window": "schedule cron hours days weekday weekdays", "cause": "reason message",
	"mode": "action dryrun enforce enabled disabled", "on": "trigger triggers event events", "maxConcurrent": "concurrency parallelism maxparallel maxexecutions",
	"countBy": "groupby group per partitionby key concurrencykey count countper",
	"endBy":   "deadline endat endbefore until finishby", "time": "at hour clock",
	"extends": "base inherit inherits include includes import imports parent from uses", "file": "ics ical icalendar path source url", "calendars": "holidays holiday",
	"warnBefore": "warn warning warnings grace graceperiod notice announce",
	"hours":      "from to start end begin between time times", "timeZone": "zone tz",
	"days": "weekday weekdays dayofweek", "at": "mention mentions notify users", "urlEnv": "webhook hook token accesstoken",
	"secretEnv": "secret sign signkey signingsecret signature",
	"maxStops":  "max maxstopsperhour stops stopsperhour", "maxShare": "percent percentage", "over": "overflow exceeded onexceed onexceeded overdue",
	"maxCost": "budget cost", "protect": "protected exempt exclude except allowlist whitelist", "vars": "variables constants params",
}

// meantKey is the key that was probably meant; "" where there is none.
func meantKey(key string, keys []string) string {
	if near := spelling.Nearest(key, keys); near != "" {
		return near
	}
	for _, known := range keys {
		if slices.Contains(strings.Fields(otherKeys[known]), strings.ToLower(key)) {
			return known
		}
	}
	return ""
}

// lacks says whether none of the keys is there. Of one without a value it has
// been said.
func lacks(f map[string]*yamltree.Node, keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { _, there := f[key]; return there })
}

// text reads a text. ok is false for a nil node, and for what is no text, of
// which no more need be said.
func (d *decoder) text(n *yamltree.Node, key string) (text string, ok bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Text {
		d.fail(n.Position, "%s must be a text, but is %s", key, n.InsteadOfText())
		return "", false
	}
	return n.Text, true
}

// scalar reads what may look like a number or a bool to YAML: true is a
// condition, too.
func (d *decoder) scalar(n *yamltree.Node, key, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != yamltree.Scalar {
		d.fail(n.Position, "%s must be %s, but is %s", key, what, n.Describe())
		return "", false
	}
	return n.Text, true
}

// texts reads a list of texts that isn't empty; one text alone is a list of
// one.
func (d *decoder) texts(n *yamltree.Node, key string) []*yamltree.Node {
	if n == nil {
		return nil
	}
	items := n.Items
	if n.Kind == yamltree.Scalar {
		items = []*yamltree.Node{n}
	}
	if n.Kind == yamltree.Mapping || len(items) == 0 {
		d.fail(n.Position, "%s must be a list of texts, but is %s", key, describeList(n))
		return nil
	}
	var texts []*yamltree.Node
	for _, item := range items {
		if _, ok := d.text(item, "each of "+key); ok {
			texts = append(texts, item)
		}
	}
	return texts
}

// items reads a list that isn't empty. must says what it must be; a nil node is none.
func (d *decoder) items(n *yamltree.Node, must string) []*yamltree.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yamltree.Sequence || len(n.Items) == 0 {
		d.fail(n.Position, "%s, but is %s", must, describeList(n))
		return nil
	}
	return n.Items
}

func describeList(n *yamltree.Node) string {
	if n.Kind == yamltree.Sequence {
		return "empty"
	}
	return n.Describe()
}

// choice reads one of a few words.
func choice[T ~string](d *decoder, n *yamltree.Node, key string, words ...T) T {
	text, ok := d.scalar(n, key, plain.OneOf(words))
	if !ok || slices.Contains(words, T(text)) {
		return T(text)
	}
	d.fail(n.Position, "%s must be %s, but is %s%s", key, plain.OneOf(words), n.Describe(), meantWord(n.Text, words))
	return ""
}

// otherWords are what people write for the words of a policy.
var otherWords = map[string]string{
	"cn": "zh", "zh-cn": "zh", "chinese": "zh", "english": "en", "youngest": "newest", "latest": "newest", "earliest": "oldest",
	"dry-run": "plan", "dryrun": "plan", "report": "plan", "stop": "enforce", "warning": "warned", "warnings": "warned",
}

// meantWord ends the error of a word that isn't one of a few: with the nearest, with the
// one that it begins, or with what it is called here.
func meantWord[T ~string](text string, words []T) string {
	near := otherWords[strings.ToLower(text)]
	for _, kind := range knownKinds {
		if slices.Contains(kind.others, strings.ToLower(text)) {
			near = string(kind.name)
		}
	}
	if !slices.Contains(words, T(near)) {
		near = spelling.Nearest(text, named(words))
	}
	if begins := slices.IndexFunc(words, func(w T) bool { return strings.HasPrefix(string(w), text) }); near == "" && len(text) > 2 && begins >= 0 {
		near = string(words[begins])
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

// words reads a list of some words.
func words[T ~string](d *decoder, n *yamltree.Node, key string, known ...T) []T {
	var all []T
	for _, item := range d.texts(n, key) {
		if word := choice(d, item, key, known...); word != "" {
			all = append(all, word)
		}
	}
	return all
}

var wholeNumber = pattern.Of(`^(0|[1-9][0-9]{0,8})$`) // 010 is 8 to some readers of YAML

// count reads a whole number; absent is what a nil node reads as, and what is refused.
func (d *decoder) count(n *yamltree.Node, key string, least, absent int) int {
	text, ok := d.scalar(n, key, "a whole number")
	if !ok {
		return absent
	}
	number, err := strconv.Atoi(text)
	if err != nil || n.Type != yamltree.Number || !wholeNumber().MatchString(text) || number < least {
		d.fail(n.Position, "%s must be a whole number from %d on, but is %s", key, least, n.Describe())
		return absent
	}
	return number
}

// duration reads a duration that isn't zero.
func (d *decoder) duration(n *yamltree.Node, key string, absent time.Duration) time.Duration {
	text, ok := d.scalar(n, key, "a duration such as 2h30m")
	if !ok {
		return absent
	}
	length, err := duration.Parse(text)
	switch {
	case err != nil:
		d.fail(n.Position, "%s: %v", key, err)
		return absent
	case length == 0:
		d.fail(n.Position, "%s must be longer than 0s", key)
		return absent
	}
	return length
}

// problems reports what is wrong in a text that the node holds.
func (d *decoder) problems(n *yamltree.Node, key string, problems []expression.Problem) {
	for _, p := range problems {
		if strings.HasSuffix(p.Message, expression.EndsTooEarly) && d.beforeComment(n) {
			p.Message = "YAML takes what follows # for a comment: put the whole text in quotes, or on the lines below a |"
		}
		d.fail(n.At(max(p.Offset, 0)), "%s: %s", key, p.Message)
	}
}

// beforeComment says whether a text without quotes ends where a # begins.
func (d *decoder) beforeComment(n *yamltree.Node) bool {
	if n.Line > len(d.lines) {
		return false
	}
	_, rest, found := strings.Cut(d.lines[n.Line-1], n.Text)
	return found && strings.HasPrefix(strings.TrimSpace(rest), "#")
}

// condition compiles a node's text and splits it into conjuncts.
func (d *decoder) condition(n *yamltree.Node, key string) []*expression.Expression {
	text, ok := d.scalar(n, key, "a condition")
	if !ok {
		return nil
	}
	all, problems := d.language.Conditions(text)
	d.problems(n, key, problems)
	return all
}
