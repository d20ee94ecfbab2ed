package doctor

import (
	"fmt"
	"math"
	"slices"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// sureBits is how unlikely an order must be by chance before it is called one:
// 2^-15. Eight rows in order are enough.
const sureBits = 15

// askOrder tells the order from pages of executions, or that it takes more of
// them.
func (x *examiner) askOrder(pages []sample) {
	var o ordering
	for _, page := range pages {
		o.add(page.rows)
	}
	const means = "Holds either way: flowreaper relies on no order. It reads all pages, and sorts what it stops itself."
	order, sure := o.judge()
	if !sure {
		x.answers.cannot(Order, fmt.Sprintf("%s of %s are too few to tell an order from chance; it takes 8 executions of one flow, or --canary",
			number(o.rows, "execution"), number(o.pages, "flow")))
		return
	}
	seen := fmt.Sprintf("%s of %s: startedTime rises %s and falls %s from one row to the next",
		number(o.rows, "row"), number(o.pages, "flow"), number(o.rises, "time"), number(o.falls, "time"))
	x.answers.tell(Order, order, seen, means)
}

// ordering counts how neighbours on pages follow each other.
type ordering struct {
	pages, rows  int
	rises, falls int
	bits         float64 // against every page being sorted by chance
}

// add takes one page. Rows started at the same moment say nothing.
func (o *ordering) add(rows []cloudflow.Execution) {
	rows = slices.CompactFunc(slices.Clone(rows), func(a, b cloudflow.Execution) bool { return a.StartedTime.Equal(b.StartedTime) })
	o.pages++
	o.rows += len(rows)
	for i := 1; i < len(rows); i++ {
		if rows[i].StartedTime.After(rows[i-1].StartedTime) {
			o.rises++
		} else {
			o.falls++
		}
	}
	factorial, _ := math.Lgamma(float64(len(rows)) + 1)
	o.bits += factorial / math.Ln2
}

// judge names the order in behaviour's words; random is any that isn't by
// startedTime.
func (o *ordering) judge() (order string, sure bool) {
	switch {
	case o.rises > 0 && o.falls > 0:
		return "random", true
	case o.falls > 0:
		return "newest", o.bits >= sureBits
	case o.rises > 0:
		return "oldest", o.bits >= sureBits
	}
	return "", false
}
