package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/policy/internal/constraint"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// timeZone finds clocks that are read in UTC because no zone is named: most people mean
// their own, those with windows of another zone surely.
func (l *linter) timeZone(r *lintRule) {
	for _, c := range r.conjuncts {
		when, ok := c.(*condition)
		if !ok || when.key == "" {
			continue
		}
		for part := range when.expression.All() {
			call, ok := part.Wall()
			if !ok || call.Told {
				continue
			}
			written := part.Describe(nil)
			open := strings.TrimSuffix(written, ")")
			if zone, of := l.zoneBeside(r); zone != nil {
				l.warn(r, when.key, LintTimeZone, fmt.Sprintf("%s goes by UTC, and %s by %s", written, of, zone), fmt.Sprintf("write %s, %q), or %q if that is meant", open, zone, time.UTC))
			} else {
				l.found(r, when.key, Note, LintTimeZone, written+" goes by UTC, since it names no zone", fmt.Sprintf(`name the one whose clocks are meant: write %[1]s, "Asia/Shanghai"), or %[1]s, "UTC")`, open))
			}
			return
		}
	}
}

// zoneBeside is a zone, other than UTC, by which a window or an endBy goes: the rule's own
// or, if it has none, another rule's.
func (l *linter) zoneBeside(r *lintRule) (zone *time.Location, of string) {
	if zone, key := zoneOf(r.Rule); zone != nil {
		return zone, "the rule's " + key
	}
	for _, other := range l.policy.Rules {
		if zone, key := zoneOf(other); zone != nil {
			return zone, fmt.Sprintf("the %s of %s", key, other.Name)
		}
	}
	if held := l.policy.protection.window; len(held) > 0 && held[0].zone != time.UTC {
		return held[0].zone, "the window of protect"
	}
	return nil, ""
}

func zoneOf(r *Rule) (zone *time.Location, key string) {
	for _, c := range r.conjuncts {
		switch c := c.(type) {
		case *endBy:
			zone, key = c.zone, c.source()
		case windows:
			zone, key = c[0].zone, c.source()
		}
		if zone != nil && zone != time.UTC {
			return zone, key
		}
	}
	return nil, ""
}

// onAWall are the calls of which is known what they can show.
var onAWall = pattern.Of(`^(hour|weekday|monthDay)\([A-Za-z.]+(?:, "[^"]+")?\)$`)

// shown is what clocks can show, for a call that reads them.
func shown(subject string) []constraint.Constraint {
	m := onAWall().FindStringSubmatch(subject)
	if m == nil {
		return nil
	}
	return []constraint.Constraint{constraint.OneOf(subject, expression.Shown(m[1])...)}
}
