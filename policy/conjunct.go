package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// conjunct is one of the conditions of a rule, all of which must hold: a part
// of its when, or what another of its keys means.
type conjunct interface {
	// source is the key of the file that it comes from, "" where it is implied.
	source() string
	// reads is the variables that it reads: what must be known to evaluate it.
	reads() expression.Set
	// holds evaluates it. An error says that it could not be.
	holds(*judgement) (bool, error)
	// describe prints it with the values that it saw, String without any.
	describe(*judgement) string
	String() string
}

// condition is a conjunct that is an expression.
type condition struct {
	key        string
	expression *expression.Expression
	lowered    lowered // the same in plain Go; nil where there is none
}

func newCondition(key string, e *expression.Expression) *condition {
	return &condition{key: key, expression: e, lowered: lower(e)}
}

func (c *condition) source() string               { return c.key }
func (c *condition) reads() expression.Set        { return c.expression.Reads() }
func (c *condition) describe(j *judgement) string { return c.expression.Describe(j) }
func (c *condition) String() string               { return c.expression.Describe(nil) }

func (c *condition) holds(j *judgement) (bool, error) {
	if c.lowered != nil {
		if holds, known := c.lowered(&j.facts); known {
			return holds, nil
		}
	}
	return c.expression.Holds(j)
}

// truth is what a list of conjuncts comes to.
type truth int

const (
	no truth = iota
	yes
	unknown
)

// all evaluates conjuncts: any that is false decides, whatever else failed, so
// that their order cannot matter; without one, any error leaves it unknown. Then
// the first error is the one to report, and needs what the others lack too: with
// that, one of them may be false.
func all(conjuncts []conjunct, j *judgement) (truth, Need, error) {
	var needs Need
	var failed error
	for _, c := range conjuncts {
		holds, err := c.holds(j)
		switch {
		case err == nil && !holds:
			return no, 0, nil
		case err != nil && failed == nil:
			failed = withSource(c, err)
		}
		needs |= missing(err)
	}
	if failed != nil {
		return unknown, needs, failed
	}
	return yes, 0, nil
}

// cheapestFirst orders conjuncts by what it costs to evaluate them.
func cheapestFirst(conjuncts []conjunct) []conjunct {
	price := func(c conjunct) int {
		reads := c.reads()
		when, isCondition := c.(*condition)
		switch {
		case reads.Intersects(liveFacts | togetherFacts):
			return 4 // looks at every execution of the flow
		case reads.Intersects(inputFacts):
			return 3 // decodes JSON
		case isCondition && when.lowered == nil:
			return 2
		case reads.Has(now):
			return 1 // goes through a time zone
		}
		return 0
	}
	return order.Of(slices.Values(conjuncts), func(a, b conjunct) int { return cmp.Compare(price(a), price(b)) })
}

func withSource(c conjunct, err error) error {
	if c.source() == "" {
		return err
	}
	return fmt.Errorf("%s: %w", c.source(), err)
}

func quote(text string) string { return strconv.Quote(text) }

func asDuration(v any) (time.Duration, bool) {
	length, ok := v.(time.Duration)
	return length, ok
}
