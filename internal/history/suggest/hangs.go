package suggest

import (
	"math"
	"slices"
)

// inDoubt looks at what was censored beyond the longest good run. Kaplan and Meier's
// curve ends on a level there, the share that never ended well, and this says of each
// such run whether it hangs, so that it belongs to no good run's share, or was merely
// cut short. It returns the share of all runs that is in doubt.
//
// Only watching tells. A run hangs where it and the others like it were watched for so
// long beyond the longest good run that some of them would have ended, had they been good
// runs: were these as quick to end as the longest tenth of good runs, at least five were
// expected, and none came (a chance of e⁻⁵, less than 1%). Lengths count by their logarithm,
// which makes a constant rate of ending a heavy tail (Pareto's), and so gives lognormal,
// Weibull and exponential ones more time than they need. An earlier limit that cuts good
// runs off leaves no time to watch beyond it, and so leaves them in doubt.
func (c *curve) inDoubt(runs []run) float64 {
	last := c.steps[len(c.steps)-1]
	level := last.before * (1 - (last.good+last.failed)/last.risk)
	from, _ := slices.BinarySearchFunc(runs, c.longest, func(r run, at int64) int { return int(min(max(r.length-at, -1), 1)) })
	beyond, ended := []int64{}, 0
	for _, r := range runs[from:] {
		switch {
		case r.outcome.censored():
			beyond = append(beyond, r.length)
		case r.length > c.longest:
			ended++ // Failed
		}
	}
	if len(beyond) == 0 {
		return 0
	}
	c.doubtful = c.watchedTooShort(runs, beyond)
	c.hangs = len(beyond) - c.doubtful
	if c.doubtful > 0 {
		c.watched = beyond[c.doubtful-1]
	}
	return level * float64(c.doubtful) / float64(len(beyond)+ended)
}

// watchedTooShort is how many of the runs beyond the longest good run, the shortest
// of them first, can't be told from good ones.
func (c *curve) watchedTooShort(runs []run, beyond []int64) int {
	rate := c.tail(runs, len(beyond))
	watched, before := 0.0, 0.0
	for i, length := range beyond {
		past := beyondBy(length, c.longest)
		watched += (past - before) * float64(len(beyond)-i) // all that got so far were watched so long
		if watched*rate >= 5 {
			return i
		}
		before = past
	}
	return len(beyond)
}

// tail is the rate at which the longest tenth of good runs ends, for each unit of the
// logarithm of length and each run that got so far, the runs beyond among them.
func (c *curve) tail(runs []run, beyond int) float64 {
	most := max(5, c.good/10)
	var top []int64
	for i := len(runs) - 1; i >= 0 && len(top) <= most; i-- {
		if runs[i].outcome == succeeded {
			top = append(top, runs[i].length)
		}
	}
	base := top[len(top)-1]
	spent := beyondBy(c.longest, base) * float64(beyond)
	for _, length := range top {
		spent += beyondBy(length, base)
	}
	n := float64(len(top))
	return n / max(spent, n/100) // however alike they are, none is known to a hundredth
}

func beyondBy(length, base int64) float64 {
	return math.Log(float64(max(length, 1)) / float64(max(base, 1)))
}

// base is what the limit is a margin above: the length that the share falseStops of
// good runs exceeds. A run or two in doubt must not be stopped either; more make it
// unknown.
func (c *curve) base(falseStops float64) (at float64, known bool) {
	at, known = c.quantile(1 - falseStops)
	if !known && c.doubtful <= 2 {
		return float64(max(c.longest, c.watched)), true
	}
	return at, known
}

// least is the least share of false stops that can be aimed at, rounded up.
func (c *curve) least() float64 {
	hidden := 1 - c.steps[len(c.steps)-1].ended/c.whole
	unit := math.Pow(10, math.Floor(math.Log10(hidden))-1)
	return math.Ceil(hidden/unit) * unit
}
