package doctor

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/duration"
)

// clockLimit is the offset beyond which flowreaper stops nothing.
const clockLimit = 30 * time.Second

// clockError is how far a median of the Date headers may be off.
const clockError = time.Second

// askClock compares the clocks by the answers so far.
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

// skews are the differences that are tried: off the round numbers, which a
// limit is likely to be.
func skews() []time.Duration {
	return []time.Duration{
		20 * time.Second, 55 * time.Second, 65 * time.Second,
		4*time.Minute + 30*time.Second, 5*time.Minute + 30*time.Second,
		9*time.Minute + 30*time.Second, 10*time.Minute + 30*time.Second,
		14*time.Minute + 30*time.Second, 15*time.Minute + 30*time.Second,
		29*time.Minute + 30*time.Second, 30*time.Minute + 30*time.Second,
		55 * time.Minute, 65 * time.Minute, 25 * time.Hour,
	}
}

// askSkew sends requests whose time is off, both ways, and halves the range in
// which the limit must lie.
func (x *examiner) askSkew(ctx context.Context) {
	offset, known := x.client.ClockOffset()
	if !known {
		x.answers.cannot(MaxSkew, "no answer had a Date header to reckon from")
		return
	}
	behind, err := x.limitOf(ctx, offset, -1)
	ahead, errAhead := x.limitOf(ctx, offset, +1)
	if err = errors.Join(err, errAhead); err != nil {
		x.answers.cannot(MaxSkew, "a request failed for another reason than its time: "+err.Error())
		return
	}
	stricter := behind
	if ahead.least < behind.least {
		stricter = ahead
	}
	means := "Holds: requests pass wherever flowreaper works at all, since beyond 30 s it stops nothing."
	if stricter.least < clockLimit {
		means = "CloudFlow is stricter than flowreaper's own limit of 30 s: keep the clocks closer than that, or sweeps fail with RequestTimeTooSkewed."
	}
	a := Answer{
		Key: MaxSkew, State: Told, Answer: stricter.String(), Means: means,
		Seen: fmt.Sprintf("ListFlows signed for another time: the limit for times behind is %s, for times ahead %s", behind, ahead),
	}
	x.answers.add(stricter.in(a))
}

// limitOf finds the two neighbours among skews of which the smaller is taken
// and the greater refused.
func (x *examiner) limitOf(ctx context.Context, offset time.Duration, sign int) (span, error) {
	var failed error
	tried := skews()
	refused := sort.Search(len(tried), func(i int) bool {
		if failed != nil {
			return true
		}
		taken, err := x.takes(ctx, time.Now().Add(offset).Add(time.Duration(sign)*tried[i]))
		failed = err
		return !taken
	})
	switch {
	case refused == 0:
		return span{most: tried[0]}, failed
	case refused == len(tried):
		return span{least: tried[refused-1], open: true}, failed
	}
	return span{least: tried[refused-1], most: tried[refused]}, failed
}

// takes says whether a request of that time is taken.
func (x *examiner) takes(ctx context.Context, at time.Time) (bool, error) {
	_, err := cloudflow.Raw(ctx, x.client, cloudflow.RawCall{Operation: cloudflow.OpListFlows, Params: map[string]string{
		"Limit": "1", "Timestamp": at.UTC().Format("2006-01-02T15:04:05Z")}})
	if isSkew(err) {
		return false, nil
	}
	return err == nil, err
}

// isSkew knows the API's code and the gateway's.
func isSkew(err error) bool {
	e, ok := errors.AsType[*cloudflow.Error](err)
	return ok && (e.Code == cloudflow.CodeRequestTimeTooSkewed || strings.HasPrefix(e.Code, "InvalidTimeStamp"))
}

// askACS3 sends one request with the newer signature. The older one, with the
// same key, has just been taken.
func (x *examiner) askACS3(ctx context.Context) {
	const means = "Changes nothing: flowreaper signs as the official fnf SDKs do, with the older signature."
	client, err := x.connect(func(o *cloudflow.Options) { o.ACS3 = true })
	if err != nil {
		x.answers.cannot(ACS3, err.Error())
		return
	}
	defer x.count(client)
	_, err = cloudflow.Raw(ctx, client, cloudflow.RawCall{Operation: cloudflow.OpListFlows, Params: map[string]string{"Limit": "1"}})
	e, ok := errors.AsType[*cloudflow.Error](err)
	switch {
	case err == nil:
		x.answers.tell(ACS3, "accept", "ListFlows, signed with ACS3-HMAC-SHA256, was answered", means)
	case ok && e.HTTPStatus/100 == 4 && e.Class != cloudflow.Retry:
		x.answers.tell(ACS3, "refuse", fmt.Sprintf("ListFlows, signed with ACS3-HMAC-SHA256, was refused with %s (HTTP %d); signed in the older way it is answered", e.Code, e.HTTPStatus), means)
	default:
		x.answers.cannot(ACS3, "the request failed for a reason that need not be its signature: "+err.Error())
	}
}
