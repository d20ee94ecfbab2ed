package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Tail is the end of a cause, which leads from a stopped execution back to the
// policy, the rule and the sweep.
type Tail struct {
	Policy string // its name, the beginning of it where it is long; "" in the causes of early flowreapers
	Hash   string // the first eight digits of its hash
	Rule   string
	Run    string // as the report's runId
}

// maxTailName is how much of a policy's name a tail has room for, in bytes.
const maxTailName = 100

// String is the tail as it stands at the end of a cause:
//
//	[flowreaper/1 policy=<name>@<8 hex> rule=<name> run=<id>]
func (t Tail) String() string {
	return fmt.Sprintf("[flowreaper/1 policy=%s@%s rule=%s run=%s]", inTail(t.Policy, maxTailName), t.Hash, t.Rule, inTail(t.Run, len(t.Run)*3))
}

// ParseCause takes a cause apart: what people read, and the tail. Where it has
// none, or something else at its end, the tail is not ok and all of it was said.
// Anybody may write such a tail: it is what the cause says, and no proof.
func ParseCause(cause string) (said string, t Tail, ok bool) {
	m := tailForm().FindStringSubmatch(cause)
	if m == nil {
		return cause, Tail{}, false
	}
	name, err := url.PathUnescape(m[2])
	run, err2 := url.PathUnescape(m[5])
	if err != nil || err2 != nil || !utf8.ValidString(name+run) {
		return cause, Tail{}, false
	}
	return m[1], Tail{Policy: name, Hash: m[3], Rule: m[4], Run: run}, true
}

// What later flowreapers may add stands behind the run.
var tailForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^(.*) \[flowreaper/1 policy=(?:([^@ \]]*)@)?([0-9a-f]{8}) rule=([a-z0-9-]+) run=([^ \]]+)(?: [a-z]+=[^ \]]*)*\]$`)
})

// inTail escapes what could end a value, or deceive who reads it, and leaves out
// what is beyond so many bytes.
func inTail(text string, most int) string {
	const others = "-_.:/+,~"
	var b strings.Builder
	for _, r := range text {
		written := string(r)
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && !strings.ContainsRune(others, r) {
			written = percent(written)
		}
		if b.Len()+len(written) > most {
			break
		}
		b.WriteString(written)
	}
	return b.String()
}

func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02X", text[i])
	}
	return b.String()
}
