package suggest

import (
	"math"
	"slices"
)

// curve is what other limits would have come to, to be drawn: from the median to half as
// much again as the limit or the longest good run, evenly by logarithm, and at the lengths
// that are named.
func (f *family) curve(c *curve, limit int64) []Point {
	const steps = 40
	p50, _ := c.quantile(0.5)
	from, to := max(p50, 1000), 1.5*float64(max(limit, c.longest))
	ats := []int64{limit, c.longest}
	for _, p := range []float64{0.5, 0.95, 0.99} {
		if at, known := c.quantile(p); known {
			ats = append(ats, int64(at))
		}
	}
	for i := range steps + 1 {
		ats = append(ats, int64(from*math.Pow(max(to/from, 1), float64(i)/steps)))
	}
	slices.Sort(ats)
	var points []Point
	share, ended := Share{}, -1.0
	for _, at := range slices.Compact(ats) {
		if by := c.by(at); by != ended { // between two runs nothing changes
			share, ended = c.share(at), by
		}
		_, _, hours := f.stopped(at)
		points = append(points, Point{seconds(at), share, hours})
	}
	monotone(points)
	return points
}

// monotone widens the bounds where one says more than a neighbour: a longer limit
// stops no more.
func monotone(points []Point) {
	for i := 1; i < len(points); i++ {
		points[i].Low = min(points[i].Low, points[i-1].Low)
	}
	for i := len(points) - 2; i >= 0; i-- {
		points[i].High = max(points[i].High, points[i+1].High)
	}
}
