package suggest

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// binomial is Clopper and Pearson's interval for a share that n observations show,
// which need not be whole. It holds where the share is 0, too: Greenwood's own, log-log
// or not, has no width there, which is just where a limit stands.
func binomial(share, n, level float64) (low, high float64) {
	hit, tail := share*n, (1-level)/2
	low, high = 0, 1
	if hit > 1e-9 {
		low = mathext.InvRegIncBeta(hit, n-hit+1, tail)
	}
	if n-hit > 1e-9 {
		high = mathext.InvRegIncBeta(hit+1, n-hit, 1-tail)
	}
	return min(low, share), max(high, share)
}

// share is the share of good runs that a limit stops: those that take longer.
func (c *curve) share(limit int64) Share {
	share := max(0, 1-c.by(limit))
	low, high := binomial(share, c.size(limit), confidence)
	return Share{share, low, high}
}

// between are the bounds of a quantile: the quantiles at the bounds of the share that
// has ended by it (Woodruff). high is infinite where so few runs don't bound it.
func (c *curve) between(p, level float64) (low, high float64) {
	at, _ := c.quantile(p)
	from, to := binomial(p, c.size(int64(at)), level)
	low, _ = c.quantile(from)
	high, bounded := c.quantile(to)
	if !bounded || to*c.whole > c.middle(len(c.ends)-1, false) {
		high = math.Inf(1)
	}
	return low, high
}

// length is a quantile to show; nil where it isn't known.
func (c *curve) length(p float64) *Length {
	at, known := c.quantile(p)
	if !known {
		return nil
	}
	low, high := c.between(p, confidence)
	l := &Length{Seconds: at / 1000, LowSeconds: low / 1000}
	if !math.IsInf(high, 1) {
		high /= 1000
		l.HighSeconds = &high
	}
	return l
}

// plausible says whether so many of n are no wonder where the share is known.
func plausible(hit, n int, share, doubt float64) bool {
	if share <= 0 || share >= 1 {
		return true
	}
	atMost, atLeast := 1.0, 1.0 // the chances of hit or fewer, and of hit or more
	if hit < n {
		atMost = mathext.RegIncBeta(float64(n-hit), float64(hit)+1, 1-share)
	}
	if hit > 0 {
		atLeast = mathext.RegIncBeta(float64(hit), float64(n-hit)+1, share)
	}
	return 2*min(atMost, atLeast) > doubt
}
