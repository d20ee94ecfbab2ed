package cloudflow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rate is how often an operation may be called.
type Rate struct {
	PerSecond float64 // 0.001 to 10,000
	Burst     int     // how many calls may be saved up; 1 to 10,000
}

// Rates are the rates of operations, by name. Those that are missing have the
// default.
type Rates map[string]Rate

// DefaultRates stay a little below the quotas of the documentation (2/s and 10
// deep; 5/s and 50 deep for DescribeExecution and GetExecutionHistory), so
// that one process is never throttled.
func DefaultRates() Rates {
	slow, fast := Rate{PerSecond: 1.96, Burst: 8}, Rate{PerSecond: 4.9, Burst: 40}
	return Rates{
		OpListFlows: slow, OpDescribeFlow: slow, OpListExecutions: slow, OpStopExecution: slow,
		OpDescribeExecution: fast, OpGetExecutionHistory: fast,
	}
}

// These keep a mistyped rate from becoming a flood, and a wait for the next call
// from being longer than can be computed with.
const (
	leastRate = 0.001
	maxRate   = 10_000
	maxBurst  = 10_000
)

// ParseRates reads rates as FLOWREAPER_RATES has them:
// "ListExecutions=1.96/8,DescribeExecution=4.9/40", calls a second and burst.
// An empty text is no rates at all. Its errors name the variable.
func ParseRates(text string) (Rates, error) {
	rates := Rates{}
	if strings.TrimSpace(text) == "" {
		return rates, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		operation, rate, err := parseRate(part)
		if _, twice := rates[operation]; twice && err == nil {
			err = fmt.Errorf("%s has a rate already: leave one of them out", operation)
		}
		if err != nil {
			return nil, fmt.Errorf("FLOWREAPER_RATES: rate %q: %w", part, err)
		}
		rates[operation] = rate
	}
	return rates, nil
}

func parseRate(part string) (string, Rate, error) {
	operation, value, ok := strings.Cut(part, "=")
	perSecond, burst, okToo := strings.Cut(value, "/")
	if !ok || !okToo {
		return "", Rate{}, fmt.Errorf("write it as Operation=perSecond/burst, as in ListExecutions=1.96/8")
	}
	operation = strings.TrimSpace(operation)
	rate := Rate{}
	var err error
	if rate.PerSecond, err = strconv.ParseFloat(strings.TrimSpace(perSecond), 64); err != nil {
		return "", Rate{}, fmt.Errorf("%q is not a number of calls a second", perSecond)
	}
	if rate.Burst, err = strconv.Atoi(strings.TrimSpace(burst)); err != nil {
		return "", Rate{}, fmt.Errorf("%q is not a whole number of calls", burst)
	}
	return operation, rate, rate.check(operation)
}

func (r Rate) check(operation string) error {
	operations := slices.Sorted(maps.Keys(DefaultRates()))
	switch {
	case !slices.Contains(operations, operation):
		return fmt.Errorf("there is no operation %q: use one of %s", operation, strings.Join(operations, ", "))
	case !(r.PerSecond >= leastRate && r.PerSecond <= maxRate):
		return fmt.Errorf("%v calls a second is not %v to %d", r.PerSecond, leastRate, maxRate)
	case r.Burst < 1 || r.Burst > maxBurst:
		return fmt.Errorf("a burst of %d is not 1 to %d", r.Burst, maxBurst)
	}
	return nil
}

// String writes rates as ParseRates reads them.
func (r Rates) String() string {
	var parts []string
	for _, operation := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, fmt.Sprintf("%s=%v/%d", operation, r[operation].PerSecond, r[operation].Burst))
	}
	return strings.Join(parts, ",")
}

// Needs is how long so many calls take, by operation, within the rates: as long as those of
// the slowest, since no operation waits for another. An operation without a rate takes none.
func (r Rates) Needs(calls map[string]float64) time.Duration {
	seconds := 0.0
	for operation, n := range calls {
		if rate := r[operation].PerSecond; rate > 0 {
			seconds = max(seconds, n/rate)
		}
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
