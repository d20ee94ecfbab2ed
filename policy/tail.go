package policy

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flowreaper/flowreaper/internal/pattern"
)

// Tail is the end of a cause, which leads from a stopped execution back to the
// policy, the rule and the sweep.
type Tail struct {
	// The policy's name, the beginning of it where it is long; absent in the causes of early flowreapers.
	Policy string `json:"policy,omitempty"`
	// The first eight digits of the policy's hash.
	Hash string `json:"hash"`
	// The rule; hand-brake of flowreaper stop.
	Rule string `json:"rule"`
	// The sweep, as the report's runId.
	Run string `json:"run"`
	// When the sweep began, to the second.
	At time.Time `json:"at,omitzero"`
	// Who had it stopped from a terminal; absent where a function did.
	By string `json:"by,omitempty"`
}

// ShortHash is a policy's hash as a tail has it: its first eight digits.
func ShortHash(hash string) string {
	digits := strings.TrimPrefix(hash, hashPrefix)
	return digits[:min(8, len(digits))]
}

// How much of a policy's name, and of who it was, a tail has room for, in bytes.
const (
	maxTailName = 100
	maxTailBy   = 160
)

// String is the tail as it stands at the end of a cause:
//
//	[flowreaper/1 policy=<name>@<8 hex> rule=<name> run=<id> at=<time> by=<who>]
func (t Tail) String() string {
	text := fmt.Sprintf("[flowreaper/1 policy=%s@%s rule=%s run=%s", inTail(t.Policy, maxTailName), t.Hash, t.Rule, inTail(t.Run, len(t.Run)*3))
	if !t.At.IsZero() {
		text += " at=" + t.At.UTC().Format(time.RFC3339)
	}
	if t.By != "" {
		text += " by=" + strings.ReplaceAll(inTail(t.By, maxTailBy), "%40", "@")
	}
	return text + "]"
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
	by, err3 := url.PathUnescape(m[7])
	if err := cmp.Or(err, err2, err3); err != nil || !utf8.ValidString(name+run+by) {
		return cause, Tail{}, false
	}
	t = Tail{Policy: name, Hash: m[3], Rule: m[4], Run: run, By: by}
	t.At, _ = time.Parse(time.RFC3339, m[6])
	return m[1], t, true
}

// What later flowreapers may add stands behind the rest.
var tailForm = pattern.Of(`(?s)^(.*) \[flowreaper/1 policy=(?:([^@ \]]*)@)?([0-9a-f]{8}) rule=([a-z0-9-]+) run=([^ \]]+)(?: at=([0-9TZ:-]+))?(?: by=([^ \]]*))?(?: [a-z]+=[^ \]]*)*\]$`)

// inTail escapes what could end a value, or deceive who reads it, and leaves out
// what is beyond so many bytes.
func inTail(text string, most int) string {
	const others = "-_.:/+,~"
	var b strings.Builder
	for _, r := range text {
		written := string(r)
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && !strings.ContainsRune(others, r) {
			written = strings.ReplaceAll(url.QueryEscape(written), "+", "%20")
		}
		if b.Len()+len(written) > most {
			break
		}
		b.WriteString(written)
	}
	return b.String()
}
