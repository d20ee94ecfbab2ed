package policy

import (
	"math"
	"time"
)

// span is the time from one nanosecond to another, the latter exclusive, both
// counted from 1970 as time.UnixNano does.
type span struct {
	from, to int64
}

// spans is a set of moments: spans in order that neither touch nor overlap.
type spans []span

const (
	beginning = math.MinInt64
	end       = math.MaxInt64
)

var (
	always = spans{{beginning, end}}
	never  = spans(nil)
)

// after is all moments from one on.
func after(from int64) spans { return between(from, end) }

// before is all moments before one.
func before(to int64) spans { return between(beginning, to) }

func between(from, to int64) spans {
	if from >= to {
		return never
	}
	return spans{{from, to}}
}

func (s spans) and(other spans) spans {
	var both spans
	for i, j := 0, 0; i < len(s) && j < len(other); {
		from, to := max(s[i].from, other[j].from), min(s[i].to, other[j].to)
		if from < to {
			both = append(both, span{from, to})
		}
		if s[i].to < other[j].to {
			i++
		} else {
			j++
		}
	}
	return both
}

func (s spans) or(other spans) spans { return s.not().and(other.not()).not() }

func (s spans) not() spans {
	var rest spans
	from := int64(beginning)
	for _, taken := range s {
		if from < taken.from {
			rest = append(rest, span{from, taken.from})
		}
		from = taken.to
	}
	if from < end {
		rest = append(rest, span{from, end})
	}
	return rest
}

func moment(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }
