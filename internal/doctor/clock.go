package doctor

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// clockLimit is the offset beyond which flowreaper stops nothing.
const clockLimit = 30 * time.Second

// clockError is how far a median of the Date headers may be off.
const clockError = time.Second

// askClock compares the clocks by all answers that there were.
func (x *examiner) askClock() {
	offset, known := x.client.ClockOffset()
	if !known {
		x.answers.cannot(ClockOffset, "no answer had a Date header")
		return
	}
	means := "Holds: below 30 s flowreaper reckons with CloudFlow's clock. (The function's clock is another, which it checks itself at every sweep.)"
	if offset.Abs() > clockLimit {
		means = "From this machine flowreaper stops nothing: beyond 30 s it reports ClockSkew. Set this machine's clock (NTP)."
	}
	a := Answer{
		Key: ClockOffset, State: Told, Answer: fmt.Sprintf("%s, give or take %s", brief(offset), duration.Format(clockError)), Means: means,
		Seen: fmt.Sprintf("by the Date of the answers, CloudFlow's clock is %s this machine's", aheadOf(offset)),
	}
	x.answers.add(span{least: offset - clockError, most: offset + clockError}.in(a))
}

func aheadOf(offset time.Duration) string {
	if offset < 0 {
		return brief(-offset) + " behind"
	}
	return brief(offset) + " ahead of"
}
