package suggest

import (
	"math"
	"sort"
)

// curve is the distribution of how long good runs take. With F the cumulative
// incidence of success (Aalen and Johansen; 1 - S of Kaplan and Meier where nothing
// failed), the share of good runs that end by t is F(t) / whole: among those that end
// well, not among all.
type curve struct {
	steps   []step // the lengths at which runs Succeeded or Failed, up to the longest good run
	ends    []int  // those of steps at which runs Succeeded
	good    int
	whole   float64 // of all runs, the share that ends well, what is in doubt with it
	longest int64   // of the good runs

	hangs    int   // censored beyond the longest good run, and taken to hang
	doubtful int   // … which may have ended well
	watched  int64 // the longest of these
}

// step is what happened at one length.
type step struct {
	at                 int64
	risk, good, failed float64 // runs that got so far; of these, those that ended here
	before             float64 // S just before: the share of runs that had not ended
	ended              float64 // F here
}

// newCurve estimates; the runs are sorted by length.
func newCurve(runs []run) *curve {
	c := &curve{}
	s, f := 1.0, 0.0
	for i := 0; i < len(runs); {
		now, risk := step{at: runs[i].length, before: s}, float64(len(runs)-i)
		for ; i < len(runs) && runs[i].length == now.at; i++ {
			switch runs[i].outcome {
			case succeeded:
				now.good++
			case failed:
				now.failed++
			}
		}
		if now.good+now.failed == 0 {
			continue
		}
		f += s * now.good / risk
		s *= 1 - (now.good+now.failed)/risk
		now.risk, now.ended = risk, f
		if now.good > 0 {
			c.ends = append(c.ends, len(c.steps))
			c.good += int(now.good)
		}
		c.steps = append(c.steps, now)
	}
	if c.good > 0 {
		last := c.ends[len(c.ends)-1]
		c.steps, c.longest, c.whole = c.steps[:last+1], c.steps[last].at, c.steps[last].ended
		c.whole += c.inDoubt(runs)
	}
	return c
}

// quantile is the length by which the share p of good runs has ended; false where
// what is in doubt hides it. Between two runs it is interpolated, each of them standing
// for the middle of its share (Hazen): so it is hardly biased, in the tail neither.
func (c *curve) quantile(p float64) (float64, bool) {
	target := p * c.whole
	i := sort.Search(len(c.ends), func(i int) bool { return c.middle(i, false) >= target })
	if i == len(c.ends) {
		return float64(c.longest), target <= c.steps[len(c.steps)-1].ended
	}
	at, first := float64(c.steps[c.ends[i]].at), c.middle(i, true)
	if i == 0 || target >= first {
		return at, true
	}
	from, below := float64(c.steps[c.ends[i-1]].at), c.middle(i-1, false)
	return from + (at-from)*(target-below)/(first-below), true
}

// middle is the middle of the share of the first or the last of the good runs that
// ended at one length.
func (c *curve) middle(i int, first bool) float64 {
	now, before := c.steps[c.ends[i]], 0.0
	if i > 0 {
		before = c.steps[c.ends[i-1]].ended
	}
	half := (now.ended - before) / now.good / 2
	if first {
		return before + half
	}
	return now.ended - half
}

// by is the share of good runs that have ended by a length.
func (c *curve) by(at int64) float64 {
	i := sort.Search(len(c.steps), func(i int) bool { return c.steps[i].at > at })
	if i == 0 {
		return 0
	}
	return c.steps[i-1].ended / c.whole
}

// variance is Greenwood's of by(at), by the delta method for competing ends. With h
// and k the hazards of success and failure at u, and S, F as above, for u ≤ t
//
//	dF(t)/dh = S(u-) - (F(t) - F(u)) / (1-h-k)    dF(t)/dk = -(F(t) - F(u)) / (1-h-k)
//
// and the hazards at u vary as a multinomial of those at risk. Without censoring and
// failures it is by·(1-by)/n.
func (c *curve) variance(at int64) float64 {
	share := c.by(at)
	reached := share * c.whole
	sum := 0.0
	for _, u := range c.steps {
		h, k := u.good/u.risk, u.failed/u.risk
		rest, towards := c.whole-u.ended, 0.0
		if left := 1 - h - k; left > 0 {
			rest /= left
			towards = max(0, reached-u.ended) / left
		} else {
			rest = 0
		}
		dh, dk := -share*(u.before-rest), share*rest
		if u.at <= at {
			dh += u.before - towards
			dk -= towards
		}
		mean := dh*h + dk*k
		sum += (dh*dh*h + dk*dk*k - mean*mean) / u.risk
	}
	return max(0, sum) / (c.whole * c.whole)
}

// size is how many uncensored good runs would tell as much about by(at): what an
// interval is computed for. Beyond the longest, as much as just below it.
func (c *curve) size(at int64) float64 {
	if len(c.ends) > 1 {
		at = min(max(at, c.steps[c.ends[0]].at), c.steps[c.ends[len(c.ends)-1]].at-1)
	}
	share := c.by(at)
	n := share * (1 - share) / c.variance(at)
	if math.IsNaN(n) || n > float64(c.good) {
		return float64(c.good)
	}
	return max(1, n)
}
