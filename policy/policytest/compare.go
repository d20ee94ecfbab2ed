package policytest

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// comparison collects what differs.
type comparison struct {
	differences []Difference
}

func (c *comparison) add(what, want, got string) {
	if want != got {
		c.differences = append(c.differences, Difference{what, orNone(want), orNone(got)})
	}
}

func (c *comparison) names(what string, want, got []string) {
	c.add(what, strings.Join(want, ", "), strings.Join(got, ", "))
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// differences compares the verdict with what is wanted: that it is kept, where
// nothing is said.
func (j *judged) differences() []Difference {
	want := j.given.Want
	if want == nil {
		want = &Want{Decision: string(policy.Keep)}
	}
	c := &comparison{}
	c.add("decision", want.Decision, j.decision())
	if len(c.differences) > 0 {
		return c.differences // the rest follows from it
	}
	c.undecided(want, j)
	if want.Decision != undecided && want.Rule != "" {
		c.add("rule", want.Rule, j.rule())
	}
	if want.Mode != "" {
		c.add("mode", want.Mode, string(j.verdict.Mode))
	}
	if want.Cause != "" {
		c.add("cause", want.Cause, j.cause())
	}
	if want.WouldAlso != nil {
		c.names("wouldAlso", want.WouldAlso, j.verdict.WouldAlso)
	}
	if want.Due != nil {
		c.add("due", want.Due.text, j.due())
	}
	return c.differences
}

// undecided compares the rules that could not be evaluated. Where the decision
// says that there are some, those that aren't named may be any.
func (c *comparison) undecided(want *Want, j *judged) {
	var got []string
	for _, u := range j.verdict.Undecided {
		got = append(got, u.Rule)
	}
	names := want.Undecided
	if want.Rule != "" && want.Decision == undecided {
		names = append(slices.Clone(names), want.Rule)
	}
	if want.Decision == undecided && len(names) == 0 {
		return
	}
	names = slices.Sorted(slices.Values(names))
	slices.Sort(got)
	c.names("undecided", slices.Compact(names), got)
}

// due is when the first rule could condemn the execution, to the second: a
// limit that must be exceeded falls due a nanosecond after it is reached.
func (j *judged) due() string {
	if j.express() {
		return dueNever
	}
	due := j.policy.Due(j.facts)
	switch due.Kind {
	case policy.Never:
		return dueNever
	case policy.EverySweep:
		return dueEverySweep
	}
	return due.Time.UTC().Format(time.RFC3339)
}
