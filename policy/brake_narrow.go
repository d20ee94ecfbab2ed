package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// brakeWhen is where the mistakes of a brake's condition are said to be.
const brakeWhen = "--when"

// narrower are the conditions that narrow a brake, in the forms that the API can
// filter by.
func (b Brake) narrower(d *decoder, p *Policy) ([]conjunct, error) {
	var all []conjunct
	if !b.StartedAfter.IsZero() {
		all = append(all, d.sugar("startedAfter", "execution.startedTime > "+dateText(b.StartedAfter))...)
	}
	if !b.StartedBefore.IsZero() {
		all = append(all, d.sugar("startedBefore", "execution.startedTime < "+dateText(b.StartedBefore))...)
	}
	if b.OlderThan > 0 {
		const ms = time.Millisecond // the shortest unit that a duration has
		all = append(all, d.sugar("olderThan", fmt.Sprintf(`execution.age > duration("%d.%06dms")`, b.OlderThan/ms, b.OlderThan%ms))...)
	}
	if b.When != "" {
		all = append(all, b.condition(d, p)...)
	}
	if len(d.errors) > 0 {
		return nil, d.errors
	}
	return all, nil
}

// condition compiles the brake's own condition. What is wrong with it is the decoder's.
func (b Brake) condition(d *decoder, p *Policy) []conjunct {
	conditions, problems := d.language.Conditions(b.When)
	for _, problem := range problems {
		d.fail(positionIn(b.When, problem.Offset), "%s", problem.Message)
	}
	var all []conjunct
	for _, e := range conditions {
		if e.Reads().Has(executionCost) && p.Pricing == nil {
			d.fail(yamltree.Position{Line: 1, Column: 1}, "it reads execution.cost, and the policy has no pricing")
		}
		all = append(all, newCondition("when", e))
	}
	return all
}

func dateText(t time.Time) string { return "date(" + quote(t.UTC().Format(time.RFC3339Nano)) + ")" }

// positionIn is the place of a character in a text of one line or more.
func positionIn(text string, offset int) yamltree.Position {
	before := string([]rune(text)[:max(0, min(offset, len([]rune(text))))])
	line := strings.Count(before, "\n")
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return yamltree.Position{Line: line + 1, Column: column + 1}
}
