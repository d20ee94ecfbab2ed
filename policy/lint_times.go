package policy

import (
	"fmt"
	"slices"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// neverOpen finds a rule whose windows never open, or only where protect's do.
func (l *linter) neverOpen(r *lintRule) (key, why, next string) {
	i := slices.IndexFunc(r.conjuncts, func(c conjunct) bool { return c.source() == "window" })
	if i < 0 || l.options.Now.IsZero() {
		return "", "", ""
	}
	open, protected := r.conjuncts[i].(windows), l.policy.protection.window
	at, ever := open.next(l.options.Now)
	if !ever {
		return "window", "its window never opens", "correct it, or its calendars"
	}
	for last := at.Add(2 * year); ever && at.Before(last); {
		if at, ever = protected.shut(at); ever && open.contains(at) {
			return "", "", ""
		}
		if ever {
			at, ever = open.next(at)
		}
	}
	return "window", "its window opens only while protect's does", "correct one of them"
}

// protectWindow finds a window that protects never, or always.
func (l *linter) protectWindow(r *lintRule, held windows) {
	now := l.options.Now
	if len(held) == 0 || now.IsZero() {
		return
	}
	if _, ever := held.next(now); !ever {
		l.warn(r, "window", LintProtect, "this protects nothing: its window never opens", "correct it, or its calendars")
	}
	if _, ever := held.shut(now); !ever {
		l.warn(r, "window", LintProtect, "this protects everything: its window is always open, and nothing is ever stopped", "narrow it, or correct it")
	}
}

// calendars looks at the calendars themselves.
func (l *linter) calendars(n *yamltree.Node) {
	for _, c := range l.policy.calendars {
		r := newLintRule(&Rule{}, -1, n)
		if over := c.over(l.options.Now); over != "" && !l.options.Now.IsZero() {
			l.warn(r, c.name, LintCalendarOver, over, "add the days to come, or take it out")
		}
		if len(c.timed) > 0 {
			l.warn(r, c.name, LintCalendarTimed,
				fmt.Sprintf("of the file of the calendar %s, %s no days, having a time of the day: the first begins in line %d", c.name, give(len(c.timed)), c.timed[0]),
				"make all-day events of those that are meant")
		}
	}
}

func give(events int) string {
	if events == 1 {
		return "1 event gives"
	}
	return plain.Count(events, "event") + " give"
}
