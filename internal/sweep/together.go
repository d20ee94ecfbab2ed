package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// together is the looks at flows that rules count together: each is listed by itself, and
// they are judged when all have been, at one moment.
type together struct {
	*sweep
	waiting map[string]listed // by the flow's key
}

// listed is a complete answer that has not been judged.
type listed struct {
	look    *watch.Look
	query   policy.Query
	list    *judge.Listing
	inquiry *judge.Inquiry
}

// judge judges what waits once there is no more to wait for. A flow of which no list came
// leaves the rules that count it undecided.
func (t *together) judge(wait bool) {
	if len(t.waiting) == 0 || !t.ready(wait) {
		return
	}
	batch := t.waiting
	t.waiting = map[string]listed{}
	crowds := t.crowds(func(key string) (*judge.Inquiry, *judge.Listing) { return batch[key].inquiry, batch[key].list })
	doubt := t.doubt()
	t.start(opOther, func() (func(), error) {
		found := judge.Together(t.own, crowds, doubt)
		return func() {
			for i, c := range crowds {
				one, waited := batch[judge.FlowKey(c.Flow)]
				if !waited || c.List == nil {
					continue
				}
				t.tell(c.Flow.Name, one.inquiry)
				t.looked(one.look, one.query, one.list, found[i])
			}
		}, nil
	}, func(err error) {
		for _, one := range batch {
			t.tell(one.look.FlowName, one.inquiry)
			t.notLooked(one.look, err)
		}
	})
}

// ready says that all flows which are counted together have been listed, that nothing
// more is looked at, or that other rules can't wait for it any longer.
func (t *together) ready(wait bool) bool {
	if t.flows.listing {
		return false
	}
	if t.underWay[opOther] > 0 {
		return false // what is judged now is older
	}
	if !wait && t.underWay[opList] == 0 || t.past(countShare) {
		return true
	}
	for key, q := range t.memory.questions {
		if _, waits := t.waiting[key]; !waits && q.Needs.Has(policy.NeedTogether) {
			return false
		}
	}
	return true
}

// countShare is the share of its time for which a sweep waits for all flows that are
// counted together. What is left is for the stops; other rules on these flows wait, too.
const countShare = 0.8

// past says that such a share of the sweep's time is over.
func (s *sweep) past(share float64) bool {
	return !s.Until.IsZero() && s.Now().Sub(s.started) >= time.Duration(share*float64(s.Until.Sub(s.started)))
}

// crowds are all flows that are counted together, in order, each with its listing if it has
// one. Those that the sweep leaves out have none.
func (t *together) crowds(listing func(key string) (*judge.Inquiry, *judge.Listing)) (all []judge.Crowd) {
	for key, flow := range t.memory.flows {
		if q := t.memory.questions[key]; q.Needs.Has(policy.NeedTogether) {
			in, list := listing(key)
			all = append(all, judge.Crowd{Inquiry: in, Flow: flow, List: list, Needs: q.Needs})
		}
	}
	for _, flow := range t.memory.leftOut {
		all = append(all, judge.Crowd{Flow: flow})
	}
	order.By(all, func(a, b judge.Crowd) int { return judge.CompareFlows(a.Flow, b.Flow) })
	return all
}

// doubt says why not all flows are known; "" where they are.
func (t *together) doubt() string {
	if t.memory.partial {
		return "the listing of flows failed, and one that isn't known may count too"
	}
	return ""
}

// leave reports what was listed and is not judged any more: the time is over.
func (t *together) leave() {
	for _, one := range t.waiting {
		t.tell(one.look.FlowName, one.inquiry)
		t.Incomplete(one.look.FlowName, timeIsOver(t.ctx).Error())
	}
	t.waiting = map[string]listed{}
}

// fetch lists anew all flows that are counted together with what waits for its turn, and
// judges by that.
func (t *together) fetch(by *judge.Basis, known *policy.Flow) func(*judge.Inquiry) ([]judge.Finding, error) {
	crowds := t.crowds(func(string) (*judge.Inquiry, *judge.Listing) { return nil, nil })
	doubt := t.doubt()
	return func(in *judge.Inquiry) (all []judge.Finding, err error) {
		for i := range crowds {
			c := &crowds[i]
			if c.Needs == 0 { // left out
				continue
			}
			if judge.FlowKey(c.Flow) == judge.FlowKey(known) {
				c.Flow = known
			}
			c.Inquiry = in
			if c.List, err = in.ListLive(c.Flow); err != nil {
				return nil, err
			}
		}
		for _, found := range judge.Together(by, crowds, doubt) {
			all = append(all, found...)
		}
		return all, nil
	}
}
