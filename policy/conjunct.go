package policy

import (
	"fmt"
	"strconv"
	"time"

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
	// describe prints it with the values that it saw.
	describe(*judgement) string
}

// condition is a conjunct that is an expression.
type condition struct {
	key        string
	expression *expression.Expression
}

func newCondition(key string, e *expression.Expression) *condition { return &condition{key, e} }

func (c *condition) source() string               { return c.key }
func (c *condition) reads() expression.Set        { return c.expression.Reads() }
func (c *condition) describe(j *judgement) string { return c.expression.Describe(j) }

func (c *condition) holds(j *judgement) (bool, error) {
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
// that their order cannot matter; without one, any error leaves it unknown.
func all(conjuncts []conjunct, j *judgement) (truth, error) {
	var failed error
	for _, c := range conjuncts {
		holds, err := c.holds(j)
		switch {
		case err != nil && failed == nil:
			failed = withSource(c, err)
		case err == nil && !holds:
			return no, nil
		}
	}
	if failed != nil {
		return unknown, failed
	}
	return yes, nil
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
