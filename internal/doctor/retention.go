package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

const (
	searchedFlows = 3  // in which the oldest executions are looked for
	witnesses     = 10 // that a report keeps for a later run
)

// ages are how long ago executions are looked for.
func ages() []time.Duration {
	return []time.Duration{day, 7 * day, 30 * day, 60 * day, 90 * day, 180 * day, 365 * day}
}

// askRetention looks for the oldest ended execution that can still be seen: it
// bounds the retention from below; what an earlier run saw and this one doesn't
// bounds it from above.
func (x *examiner) askRetention(ctx context.Context) {
	seen := x.endedSoFar()
	for _, f := range x.standardFlows()[:min(searchedFlows, len(x.standardFlows()))] {
		found, err := x.oldest(ctx, f)
		if err != nil {
			x.note("flow %q could not be searched for old executions: %s", f.Name, err)
		}
		seen = append(seen, found...)
	}
	slices.SortFunc(seen, func(a, b Witness) int { return a.StoppedTime.Compare(b.StoppedTime) })
	seen = slices.Compact(seen)
	x.report.Witnesses = spread(seen, witnesses)

	if len(seen) > 0 {
		x.kept.there(seen[0], x.now())
	}
	if err := x.lookAgain(ctx); err != nil {
		x.note("the earlier report's executions could not be looked for: %s", err)
	}
}

// now is the time by CloudFlow's clock, as far as it is known.
func (x *examiner) now() time.Time {
	offset, _ := x.client.ClockOffset()
	return time.Now().Add(offset)
}

func (x *examiner) endedSoFar() []Witness {
	var seen []Witness
	for _, page := range x.rows {
		seen = append(seen, witnessesOf(page)...)
	}
	return seen
}

func witnessesOf(page sample) []Witness {
	var all []Witness
	for _, e := range page.ended() {
		all = append(all, Witness{Flow: page.flow.Name, FlowID: page.flow.ID, Execution: e.Name, StoppedTime: e.StoppedTime})
	}
	return all
}

// oldest halves the range of ages in which a flow's oldest executions lie, and
// returns the ended ones that it met.
func (x *examiner) oldest(ctx context.Context, f cloudflow.Flow) ([]Witness, error) {
	var met []Witness
	tried := ages()
	for low, high := 0, len(tried); low < high; {
		middle := (low + high) / 2
		rows, _, err := x.page(ctx, cloudflow.ExecutionQuery{FlowName: f.Name, MetadataOnly: true, StartedTimeEnd: x.now().Add(-tried[middle])})
		if err != nil {
			return met, err
		}
		met = append(met, witnessesOf(sample{f, rows})...)
		if len(rows) > 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return met, nil
}

// retained is what is known of the retention.
type retained struct {
	oldest    time.Duration // age since its end of the oldest execution that is there; 0: none
	youngest  time.Duration // age of the youngest that was there once and isn't; 0: none
	execution Witness       // the oldest
	gone      Witness       // the youngest gone
}

func (r *retained) there(w Witness, now time.Time) {
	if age := now.Sub(w.StoppedTime); age > r.oldest {
		r.oldest, r.execution = age, w
	}
}

func (r *retained) missing(w Witness, now time.Time) {
	if age := now.Sub(w.StoppedTime); r.youngest == 0 || age < r.youngest {
		r.youngest, r.gone = age, w
	}
}

// lookAgain describes what an earlier run saw. An execution counts as gone only
// while its flow, the very same, is there.
func (x *examiner) lookAgain(ctx context.Context) error {
	if x.Earlier == nil {
		return nil
	}
	if x.Earlier.Endpoint != x.report.Endpoint {
		return fmt.Errorf("it is a report on %s, not on %s", x.Earlier.Endpoint, x.report.Endpoint)
	}
	var failed []error
	for _, w := range spread(x.Earlier.Witnesses, witnesses) {
		_, err := x.client.DescribeExecution(ctx, w.Flow, w.Execution, 0)
		switch {
		case err == nil:
			x.kept.there(w, x.now())
		case !cloudflow.IsGone(err):
			failed = append(failed, err)
		case x.still(ctx, w):
			x.kept.missing(w, x.now())
		}
	}
	return errors.Join(failed...)
}

func (x *examiner) still(ctx context.Context, w Witness) bool {
	f, err := x.client.DescribeFlow(ctx, w.Flow)
	return err == nil && f.ID == w.FlowID
}

func (x *examiner) tellRetention() {
	r := x.kept
	s := span{least: r.oldest, most: r.youngest, open: r.youngest == 0}
	var parts []string
	if r.oldest > 0 {
		parts = append(parts, fmt.Sprintf("execution %q of %q, which ended %s ago, is still there", r.execution.Execution, r.execution.Flow, brief(r.oldest)))
	}
	if r.youngest > 0 {
		parts = append(parts, fmt.Sprintf("execution %q of %q, which ended %s ago and was there once, is gone", r.gone.Execution, r.gone.Flow, brief(r.youngest)))
	}
	seen := strings.Join(parts, "; ")
	switch {
	case seen == "":
		x.answers.cannot(Retention, "no ended execution was found; run it again when some have ended")
	case !s.open && s.least > s.most:
		x.answers.cannot(Retention, "it is not the same for all executions: "+seen)
	default:
		means := "record, backtest and suggest can look back so far."
		if s.open {
			means += " To learn where it ends, keep this report (-o json) and hand it to a run some weeks later: --earlier FILE."
		}
		x.answers.add(s.in(Answer{Key: Retention, State: Told, Answer: s.String(), Seen: seen, Means: means}))
	}
}
