package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// A flow's name has letters, digits, _ and -, and begins with a letter or _; an
// execution's may have . and : too. What could match no such name would pass for
// a fence and be none, so it is refused: the regular expressions of other tools,
// their {a,b} and [a-z].
var (
	globText          = pattern.Of(`^!?[A-Za-z_*?][A-Za-z0-9_*?-]*$`)
	executionGlobText = pattern.Of(`^[A-Za-z0-9_.:*?-]+$`)
	notInGlobs        = pattern.Of(`[^A-Za-z0-9_*?-]`)
)

const maxGlob = 256

func isGlob(text string) bool {
	return globText().MatchString(text) && len(strings.TrimPrefix(text, "!")) <= maxGlob
}

// notGlob says why a text is not a glob of flow names, and which was probably
// meant; "" where it is one.
func notGlob(text string) string {
	if isGlob(text) {
		return ""
	}
	return fmt.Sprintf("%q is not a glob of flow names: %s%s", yamltree.Brief(text), globFault(text), meantInstead(text))
}

func globFault(text string) string {
	pattern := strings.TrimPrefix(text, "!")
	first, _ := utf8.DecodeRuneInString(pattern)
	switch wrong := notInGlobs().FindString(pattern); {
	case pattern == "":
		return "it names none"
	case wrong != "":
		return fmt.Sprintf("no flow's name has a %q", wrong)
	case len(pattern) > maxGlob:
		return fmt.Sprintf("it is longer than %d characters", maxGlob)
	default:
		return fmt.Sprintf("no flow's name begins with %q", string(first))
	}
}

// meantInstead ends the error of what is no glob.
func meantInstead(text string) string {
	if strings.HasPrefix(text, "vars.") {
		return "; vars cannot stand here: write the globs themselves"
	}
	var globs []string
	for _, one := range alternatives(strings.Trim(unanchored(negated().ReplaceAllString(text, "!")), ` ^$/"'“”‘’`)) {
		globs = append(globs, meantGlobs(one)...)
	}
	switch {
	case len(globs) == 0 || slices.ContainsFunc(globs, func(g string) bool { return !isGlob(g) }):
		return "; * stands for any characters, ? for one, and a ! before it excludes"
	case len(globs) == 1:
		return fmt.Sprintf("; did you mean %q?", globs[0])
	case strings.ContainsAny(text, separators):
		return fmt.Sprintf("; write them one by one: %s", quotedList(globs))
	}
	return fmt.Sprintf("; did you mean %q, or %q?", globs[0], globs[1])
}

// negated is how other tools exclude, and slips of it.
var negated = pattern.Of(`^ *(?:(?:not|NOT|except) +|[!！] *)+`)

// unanchored is a regular expression with a * where it lets anything be: ^etl- is
// what begins so, and -test$ what ends so.
func unanchored(text string) string {
	pattern, excludes := strings.CutPrefix(text, "!")
	begins, ends := strings.HasPrefix(pattern, "^"), strings.HasSuffix(pattern, "$")
	switch {
	case begins && !ends && !strings.HasSuffix(pattern, "*") && !strings.HasSuffix(pattern, "+"):
		pattern += "*"
	case ends && !begins && !strings.HasPrefix(pattern, "*") && !strings.HasPrefix(pattern, "."):
		pattern = "*" + pattern
	}
	if excludes {
		return "!" + strings.TrimLeft(pattern, "^")
	}
	return pattern
}

func quotedList(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, quote(text))
	}
	return strings.Join(all, ", ")
}

const separators = "|,;，；、 "

var braces = pattern.Of(`^(.*)[({]([^(){}]*[|,][^(){}]*)[)}](.*)$`)

// alternatives takes etl-{a,b}, (etl|web)-.* and etl-*,web-* apart.
func alternatives(text string) []string {
	before, inner, after := "", text, ""
	if m := braces().FindStringSubmatch(text); m != nil {
		before, inner, after = m[1], m[2], m[3]
	}
	var all []string
	for _, one := range strings.FieldsFunc(inner, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		all = append(all, before+one+after)
	}
	return all
}

// replacement is what another tool writes, and what a glob has for it.
type replacement struct {
	written func() *regexp.Regexp
	meant   string
}

// foreign is how other tools write what a glob has, the longest first.
var foreign = []replacement{
	{pattern.Of(`^(acs|arn):.*/`), ""},
	{pattern.Of(`^[！~^-]`), "!"},
	{pattern.Of(`(\\[dwDW.]|\[[^]]*\]|\.)(\*|\+|\{[^}]*\})`), "*"},
	{pattern.Of(`[%＊]+`), "*"},
	{pattern.Of(`\\[dwDW]|\[[^]]*\]`), "?"},
	{pattern.Of(`[.:/–—－\\ ]+`), "-"},
	{pattern.Of(`["'“”‘’^$]`), ""},
}

// meantGlobs is the glob that a text of another tool's stands for. payroll.* may
// mean two: what begins with payroll- is what most people mean by it.
func meantGlobs(text string) []string {
	glob := text
	for _, f := range foreign {
		glob = f.written().ReplaceAllString(glob, f.meant)
	}
	name, isPattern := strings.CutSuffix(text, ".*")
	if stem, ends := strings.CutSuffix(glob, "*"); isPattern && ends && name != "" && !strings.ContainsAny(name[len(name)-1:], "-_.*") {
		return []string{stem + "-*", glob}
	}
	return []string{glob}
}
