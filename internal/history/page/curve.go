package page

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/flowreaper/flowreaper/internal/history/suggest"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// curve draws what other limits would come to: the share of good runs that they stop, with
// its interval, and the hours that they save.
func curve(g *suggest.Group) template.HTML {
	points := g.Curve
	last := points[len(points)-1]
	x := across(max(points[0].LimitSeconds, 1), max(last.LimitSeconds, 2), true)
	share := upwards(0, niceAbove(points[0].High), false)
	hours := upwards(0, niceAbove(points[0].HoursSaved), false)
	s := &svg{}
	s.lengthsAcross(x)
	for _, part := range []float64{0, 0.25, 0.5, 0.75, 1} {
		at := share.at(part * share.to)
		s.line("grid", left, at, width-right, at)
		s.label(left-6, at+4, "end", "ofshare", plain.Percent(part*share.to))
		s.label(width-right+6, at+4, "start", "ofhours", number3(part*hours.to)+"h")
	}
	s.add(`<path class="band" d="%s"/>`, band(points, x, share))
	s.add(`<path class="share" d="%s"/>`, stairs(points, x, share, func(p suggest.Point) float64 { return p.Share.Share }))
	var saved []string
	for _, p := range points {
		saved = append(saved, fmt.Sprintf("%.1f %.1f", x.at(p.LimitSeconds), hours.at(p.HoursSaved)))
	}
	s.add(`<path class="hours" d="M%s"/>`, strings.Join(saved, "L"))
	at := x.at(g.Limit.Seconds)
	s.line("limit", at, top, at, height-bottom)
	s.label(at, 14, "middle", "oflimit", g.Limit.Duration)
	s.label(left-50, 14, "start", "ofshare", "stopped")
	s.label(width-2, 14, "end", "ofhours", "saved")
	s.label(width-right, height-4, "end", "", "limit")
	return s.figure(
		fmt.Sprintf("Curve of %s: a limit of %s stops %s of good runs, at 95 percent confidence, and saves %.1f hours", g.Name, g.Limit.Duration, g.Limit.FalseStops, g.Limit.HoursSaved),
		"By limit: the share of good runs that it would have stopped (solid line; the band is its interval at 95%), and the hours that it would have saved (dashed). The upright line is the suggested limit.")
}

// stairs: between two limits of the curve nothing is known but that it falls, so it
// is drawn as falling at the second.
func stairs(points []suggest.Point, x, y axis, value func(suggest.Point) float64) string {
	var path strings.Builder
	for i, p := range points {
		if i == 0 {
			fmt.Fprintf(&path, "M%.1f %.1f", x.at(p.LimitSeconds), y.at(value(p)))
			continue
		}
		fmt.Fprintf(&path, "H%.1fV%.1f", x.at(p.LimitSeconds), y.at(value(p)))
	}
	return path.String()
}

// band is the interval: there along its upper bound, and back along its lower.
func band(points []suggest.Point, x, y axis) string {
	var back strings.Builder
	fmt.Fprintf(&back, "V%.1f", y.at(points[len(points)-1].Low))
	for i := len(points) - 2; i >= 0; i-- {
		fmt.Fprintf(&back, "V%.1fH%.1f", y.at(points[i].Low), x.at(points[i].LimitSeconds))
	}
	return stairs(points, x, y, func(p suggest.Point) float64 { return p.High }) + back.String() + "Z"
}

// niceAbove is a round number that is not less.
func niceAbove(value float64) float64 {
	if value <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(value)))
	for _, n := range []float64{1, 2, 4, 6, 8, 10} {
		if n*unit >= value {
			return n * unit
		}
	}
	return 10 * unit
}

// number3 writes three digits at the most, and none that say nothing: 1,200, 12.5, 0.05.
func number3(value float64) string {
	if value >= 1000 {
		return plain.Number(int(math.Round(value)))
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
