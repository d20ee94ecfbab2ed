package policy

import (
	"errors"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Need is a set of facts that a judgement may need and not every listing
// brings.
type Need uint8

const (
	NeedInput     Need = 1 << iota // execution.input: list without MetadataOnly
	NeedHistory                    // history.*, and execution.cost where transitions are priced: GetExecutionHistory
	NeedFlow                       // the flow's fields besides its name: DescribeFlow
	NeedLive                       // flow.live, maxConcurrent: a complete listing of the flow's live executions
	NeedExecution                  // execution.env, where a listing left it out: DescribeExecution
	NeedTogether                   // countBy: complete listings of all flows that ask for it
)

// Has says whether the set has all of these needs.
func (n Need) Has(other Need) bool { return n&other == other }

// MissingError says that a fact was not fetched: judged again with it, the
// verdict may be another.
type MissingError struct {
	Variable string // such as history.steps
	Need     Need
}

func (e *MissingError) Error() string { return e.Variable + " was not fetched" }

// missing is what an error says was not fetched.
func missing(err error) Need {
	if e, ok := errors.AsType[*MissingError](err); ok {
		return e.Need
	}
	return 0
}

// needs is what must be fetched to read these variables.
func (p *Policy) needs(reads expression.Set) Need {
	var n Need
	if reads.Intersects(inputFacts) {
		n |= NeedInput
	}
	if reads.Intersects(historyFacts) || reads.Has(executionCost) && p.Pricing.perTransition() {
		n |= NeedHistory
	}
	if reads.Intersects(flowFacts) {
		n |= NeedFlow
	}
	if reads.Intersects(liveFacts) {
		n |= NeedLive
	}
	if reads.Intersects(togetherFacts) {
		n |= NeedLive | NeedTogether
	}
	return n
}
