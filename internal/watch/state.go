package watch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// state is a Watch as it is saved: facts only, never due times, so that an
// edited policy finds them as true as before.
type state struct {
	Account     string      `json:"account"`
	Region      string      `json:"region"`
	Flows       []flowState `json:"flows,omitempty"`
	Ledger      []Try       `json:"ledger,omitempty"`
	KnownSince  time.Time   `json:"knownSince,omitzero"` // the ledger's
	Window      int64       `json:"window,omitempty"`    // the longest that the ledger was kept for
	Uncounted   []Try       `json:"uncounted,omitempty"` // earlier versions read past it
	Emergencies []Emergency `json:"emergencies,omitempty"`
	Warned      []Warned    `json:"warned,omitempty"`
	Buckets     Buckets     `json:"buckets,omitempty"`
}

// flowState is what is known of one flow. There may be 10,000: the names are
// short. Times are Unix milliseconds, durations milliseconds.
type flowState struct {
	ID      string       `json:"id"`
	Name    string       `json:"name,omitempty"`
	Query   string       `json:"q"`
	Looked  instant      `json:"at"`
	Reach   int64        `json:"w"`
	Live    int          `json:"live"` // -1 when unknown
	LiveAt  instant      `json:"liveAt,omitempty"`
	Wide    int64        `json:"next"` // the next look's width
	Pages   int          `json:"pages"`
	Growing bool         `json:"growing,omitempty"`
	Rest    int          `json:"rest,omitempty"`
	Refused int          `json:"refused,omitempty"`
	Known   []knownState `json:"known,omitempty"`
}

type knownState struct {
	Name    string  `json:"n"`
	Started instant `json:"s"`
	Seen    instant `json:"t,omitempty"` // absent: at the look
	Checks  int     `json:"c,omitempty"` // times seen overdue
	Mark    *Mark   `json:"m,omitempty"`
}

// ErrForeign is wrapped by the error for a state of another account or region.
var ErrForeign = errors.New("another account's or region's")

// encode is the state as JSON. Of a large account's flows only one at a time is
// there twice, so that saving costs little more memory than what it writes.
func (w *Watch) encode() ([]byte, error) {
	body, err := json.Marshal(w.frame())
	if err != nil || w.options.OneShot { // what such a sweep has found serves nobody
		return body, err
	}
	separator := `,"flows":[`
	body = bytes.TrimSuffix(body, []byte("}"))
	for _, id := range slices.Sorted(maps.Keys(w.flows)) {
		f := w.flows[id]
		if f.looked == 0 {
			continue
		}
		one, err := json.Marshal(f.state())
		if err != nil {
			return nil, err
		}
		body = append(append(body, separator...), one...)
		separator = ","
	}
	if separator == "," {
		body = append(body, ']')
	}
	return append(body, '}'), nil
}

// frame is the state without what is known of flows.
func (w *Watch) frame() state {
	s := state{
		Account: w.options.Account, Region: w.options.Region,
		Ledger: w.Ledger.tries, KnownSince: w.Ledger.knownSince, Window: w.Ledger.longest.Milliseconds(),
		Uncounted: w.Uncounted.tries,
	}
	if !w.options.OneShot {
		s.Emergencies, s.Warned, s.Buckets = w.Emergencies.all(), w.Warnings.all(), w.Buckets
	}
	return s
}

func (f *flow) state() flowState {
	s := flowState{
		ID: f.key(), Name: f.Name, Query: f.Query, Looked: f.looked, Reach: f.reach.Milliseconds(), Live: f.live,
		Wide: f.wide.Milliseconds(), Pages: f.pages, Growing: f.growing, Rest: f.rest, Refused: f.refused,
	}
	if f.live >= 0 && f.liveAt != f.looked {
		s.LiveAt = f.liveAt
	}
	for _, name := range slices.Sorted(maps.Keys(f.known)) {
		s.Known = append(s.Known, f.known[name].state())
	}
	return s
}

func (k *known) state() knownState {
	s := knownState{Name: k.name, Started: k.started}
	if k.seen != k.flow.looked {
		s.Seen = k.seen
	}
	if k.overdue != nil {
		s.Checks = k.overdue.checks
		if k.overdue.mark != (Mark{}) {
			s.Mark = &k.overdue.mark
		}
	}
	return s
}

func (s flowState) flow() *flow {
	f := &flow{
		Flow: Flow{ID: s.ID, Name: s.Name, Query: s.Query}, looked: s.Looked, reach: milliseconds(s.Reach),
		live: max(s.Live, -1), liveAt: cmp.Or(s.LiveAt, s.Looked), index: absent,
	}
	f.width = width{wide: milliseconds(s.Wide), pages: s.Pages, growing: s.Growing, rest: s.Rest, refused: s.Refused}
	return f
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// fits says why the state isn't this account's and region's; nil when it is.
func (w *Watch) fits(s state) error {
	if s.Account != w.options.Account || s.Region != w.options.Region {
		return fmt.Errorf("it is %w: account %q, region %q", ErrForeign, s.Account, s.Region)
	}
	return nil
}

// absorb merges a saved state into what is known here. Of each flow the later
// look is believed; whatever lies in the future by our clock isn't, since it
// would put off looks. The ledger is believed in any case, with its own times.
func (w *Watch) absorb(s state, now time.Time) {
	latest := now.Add(AskWider)
	w.Ledger.merge(s.Ledger)
	w.Ledger.Lose(s.KnownSince)
	w.Ledger.remember(milliseconds(s.Window))
	w.Uncounted.merge(slices.DeleteFunc(s.Uncounted, func(t Try) bool { return t.At.After(latest) }))
	if w.options.OneShot {
		return
	}
	w.Emergencies.merge(slices.DeleteFunc(s.Emergencies, func(m Emergency) bool { return m.Time.After(now.Add(eventAhead)) }))
	w.Warnings.add(slices.DeleteFunc(s.Warned, func(one Warned) bool { return one.At.After(latest) })...)
	maps.DeleteFunc(s.Buckets, func(_ string, b Bucket) bool { return b.At.After(latest) })
	w.Buckets.merge(s.Buckets)
	for _, f := range s.Flows {
		if f.Looked > 0 && f.Looked <= instantOf(latest) {
			w.absorbFlow(f, instantOf(now))
		}
	}
}

func (w *Watch) absorbFlow(s flowState, t instant) {
	ours := w.flows[s.ID]
	if ours != nil && !ours.outdatedBy(s) || w.knownCount+len(s.Known) > w.options.MaxKnown {
		return
	}
	f := s.flow()
	if ours != nil {
		f.Flow, f.told, f.rank = ours.Flow, ours.told, ours.rank
		if f.told == 0 {
			f.Query = s.Query
		}
		w.forgetFlow(ours)
	}
	w.flows[s.ID] = f
	w.live += max(f.live, 0)
	for _, k := range s.Known {
		w.restore(f, k, t)
	}
	if f.told != 0 {
		w.schedule(f, t)
	}
}

// outdatedBy says that the other process knows more: it looked later, and asked
// what we ask.
func (f *flow) outdatedBy(s flowState) bool {
	return f.round == nil && s.Looked > f.looked && (f.told == 0 || f.Query == s.Query)
}

func (w *Watch) restore(f *flow, s knownState, t instant) {
	k := w.remember(f, s.Name)
	k.started, k.seen = s.Started, min(t, cmp.Or(s.Seen, f.looked))
	if s.Checks > 0 {
		k.overdue = &standing{checks: s.Checks}
		if s.Mark != nil {
			k.overdue.mark = *s.Mark
		}
	}
}
