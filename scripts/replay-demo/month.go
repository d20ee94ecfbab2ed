package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// The month is the same each time, whatever this machine's clock says: the emulated
// CloudFlow has a clock of its own. So everybody sees what docs/replay.md shows.
var (
	begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2026, 4, 2, 8, 0, 0, 0, time.UTC)
)

// kind is how a flow's executions come and go.
type kind struct {
	flow, description string

	every  time.Duration // from one start to the next
	median time.Duration // of their lengths, which are log-normal
	spread float64       // of the lengths' logarithm
	hangs  []hang

	monthEnd float64 // how many times as long those take that start on a month's last two days or first; 0: no longer
	drift    float64 // how many times as long they take in the end as in the beginning; 0: as long

	limit   time.Duration // an earlier limit, at which they were stopped
	limitTo time.Time     // until then
}

// hang is an execution that doesn't end by itself.
type hang struct {
	at   float64       // which: the share of all that started earlier
	ends time.Duration // when somebody stopped it; 0: nobody has
}

const h, m = time.Hour, time.Minute

const orders = "Loads the last hour's orders into the warehouse"

var kinds = []kind{
	{flow: "orders-cn", description: orders, every: h, median: 12 * m, spread: 0.35, hangs: []hang{{0.21, 9 * h}, {0.64, 31 * h}, {0.975, 0}}},
	{flow: "orders-eu", description: orders, every: h, median: 12 * m, spread: 0.35, hangs: []hang{{0.43, 14 * h}}},
	{flow: "orders-us", description: orders, every: h, median: 12 * m, spread: 0.35, hangs: []hang{{0.77, 62 * h}, {0.99, 0}}},
	{flow: "billing-close", description: "Closes the books, of which a month's end has more", every: 6 * h, median: 40 * m, spread: 0.25, monthEnd: 2},
	{flow: "ml-features", description: "Computes features of data that grow", every: 4 * h, median: 50 * m, spread: 0.2, drift: 1.8, hangs: []hang{{0.3, 25*h + 58*m}, {0.95, 0}}},
	{flow: "import-partners", description: "Reads what partners send. A script stopped it after two hours, until somebody found the script", every: 2 * h, median: 80 * m, spread: 0.35, limit: 2 * h, limitTo: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)},
	{flow: "report-weekly", description: "Too rare to tell", every: 7 * 24 * h, median: 3 * h, spread: 0.3},
}

// writeAccount writes the account file. Its clock is ahead of this machine's by offset.
func writeAccount(w io.Writer, offset time.Duration) error {
	const header = `# A month of a small company, made up by scripts/replay-demo.
behaviour: {clockOffset: %s, maxSkew: 36500d}
flows:
`
	if _, err := fmt.Fprintf(w, header, milliseconds(offset)); err != nil {
		return err
	}
	for i, k := range kinds {
		if err := k.write(w, rand.New(rand.NewPCG(uint64(i), 2026))); err != nil {
			return err
		}
	}
	return nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

func (k *kind) write(w io.Writer, r *rand.Rand) error {
	if _, err := fmt.Fprintf(w, "  - name: %s\n    description: %s\n    executions:\n", k.flow, k.description); err != nil {
		return err
	}
	// Nothing begins, or falls due, near a full minute: the emulator is started a second
	// earlier or later, and what is shown to the minute remains the same.
	first := begin.Add(10*time.Minute + 30*time.Second)
	all := int(end.Sub(first)/k.every) + 1
	for i := range all {
		started := first.Add(time.Duration(i) * k.every)
		if _, err := fmt.Fprintf(w, "      - {name: %s, %s}\n", started.Format("0102-1504"), k.execution(r, i, all, started)); err != nil {
			return err
		}
	}
	return nil
}

// execution is when one of all began and how it ends, in the account file's words.
func (k *kind) execution(r *rand.Rand, number, all int, started time.Time) string {
	length, status := time.Duration(float64(k.median)*k.times(started)*math.Exp(k.spread*r.NormFloat64())), "Succeeded"
	switch fails := r.Float64() < 0.02; {
	case fails:
		length, status = length/3, "Failed"
	case started.Before(k.limitTo) && length > k.limit:
		length, status = k.limit, "Stopped"
	}
	ago := end.Sub(started)
	for _, hangs := range k.hangs {
		if number != int(hangs.at*float64(all)) {
			continue
		}
		if length, status = hangs.ends, "Stopped"; length == 0 {
			return "startedAgo: " + milliseconds(ago)
		}
	}
	if length > ago {
		return fmt.Sprintf("startedAgo: %s, endsIn: %s, endStatus: %s", milliseconds(ago), milliseconds(length-ago), status)
	}
	return fmt.Sprintf("startedAgo: %s, endedAgo: %s, status: %s", milliseconds(ago), milliseconds(ago-length), status)
}

// times is how many times as long as usual it takes then.
func (k *kind) times(started time.Time) float64 {
	times := 1.0
	if atMonthEnd := started.Day() == 1 || started.AddDate(0, 0, 2).Month() != started.Month(); atMonthEnd && k.monthEnd > 0 {
		times *= k.monthEnd
	}
	if k.drift > 0 {
		times *= 1 + (k.drift-1)*float64(started.Sub(begin))/float64(end.Sub(begin))
	}
	return times
}
