package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Message is what one channel hears of one sweep: what templates read, and
// what a webhook is sent as JSON. Every text in it that comes from elsewhere
// is cleaned for the channel's format and cut to a bounded length.
type Message struct {
	Version int    `json:"version"` // 1
	Title   string `json:"title"`
	Text    string `json:"text"` // what the template wrote; templates see ""
	Policy  string `json:"policy"`
	result.Place
	Mode      string             `json:"mode"`
	Trigger   string             `json:"trigger"` // "timer every-minute", say
	RunID     string             `json:"runId"`
	Time      time.Time          `json:"time"`     // when the sweep was over, in the channel's time zone, as are all times
	Complete  bool               `json:"complete"` // false: not everything was looked at
	Stopped   List               `json:"stopped"`
	Failed    List               `json:"failed"`
	Withheld  List               `json:"withheld"`
	Limit     *Limit             `json:"limit,omitempty"` // set when a limit withheld the stops
	Undecided List               `json:"undecided"`
	Warned    List               `json:"warned"`            // what will be stopped, unless it ends before, or is protected
	Planned   List               `json:"planned"`           // what a rule in mode plan, or a sweep, would have stopped
	Errors    []result.ErrorNote `json:"errors,omitempty"`  // the sweep's own, when the channel is on: failed
	Left      *Left              `json:"left,omitempty"`    // set when stops are left to the next sweeps
	Omitted   int                `json:"omitted,omitempty"` // decisions that the report doesn't list: the counts lack them
}

// List counts executions and names the first of them.
type List struct {
	Count int    `json:"count"`
	Items []Item `json:"items,omitempty"`
	More  int    `json:"more,omitempty"` // Count less those named
}

// Item is one execution, or for undecided perhaps only a flow.
type Item struct {
	Flow      string `json:"flow"`
	Execution string `json:"execution,omitempty"`
	Rule      string `json:"rule"`
	Outcome   string `json:"outcome,omitempty"`
	Detail    string `json:"detail"` // why it was condemned, or what went wrong

	Cause       string    `json:"cause,omitempty"` // what the rule says of it, where that isn't why it was condemned
	StartedTime time.Time `json:"startedTime,omitzero"`
	Age         string    `json:"age,omitempty"`   // when it was judged, such as 3h2m
	StopAt      time.Time `json:"stopAt,omitzero"` // of what will be stopped, UTC: from when on
}

// Limit says which limit withheld a sweep's stops.
type Limit struct {
	Name      string `json:"name"`
	Condemned int    `json:"condemned"`
	Recent    int    `json:"recent"`  // stops tried in the last Window
	Max       int    `json:"max"`     // what the limit allows in all
	Allowed   int    `json:"allowed"` // what it still allows
	Window    string `json:"window,omitempty"`

	Trickle      bool `json:"trickle,omitempty"` // the most overdue were stopped, as many as it allowed
	WaitingHelps bool `json:"waitingHelps"`      // once the window has passed it allows all of them; of what trickles, more
}

// Left is how many stops are left, and how long they take within the quota.
type Left struct {
	Stops int    `json:"stops"`
	Time  string `json:"time"` // such as 1h16m
}

// The lengths, in characters, of what comes from elsewhere: names are 128
// long at most where the API keeps to its documentation.
const (
	maxName   = 160
	maxDetail = 300
)

// builder makes one channel's message.
type builder struct {
	channel policy.Channel
	routes  map[string][]string      // rule -> the channels it names
	clean   func(string, int) string // for the channel's format, to a length
	most    int                      // items a list
	zone    *time.Location
	named   []result.Warning // those that the message names
}

// build returns the channel's message, and whether there is anything to tell.
func (b *builder) build(r *result.Report) (Message, bool) {
	m := Message{
		Version:  1,
		Place:    b.place(r.Place),
		Policy:   b.clean(r.Policy.Name, maxName),
		Mode:     b.clean(string(r.Mode), maxName),
		Trigger:  b.clean(trigger(r.Trigger), maxName),
		RunID:    b.clean(r.RunID, maxName),
		Time:     r.FinishedAt.In(b.zone),
		Complete: r.Complete,
		Omitted:  r.DecisionsOmitted,
	}
	for _, d := range r.Decisions {
		b.decision(&m, d)
	}
	for _, u := range r.Undecided {
		b.add(&m.Undecided, policy.NewsUndecided, Item{Flow: u.Flow, Execution: u.Execution, Rule: u.Rule, Detail: u.Error})
	}
	for _, w := range r.Warnings {
		if b.add(&m.Warned, policy.NewsWarned, Item{Flow: w.Flow, Execution: w.Execution, Rule: w.Rule, Detail: w.Reason, StopAt: w.StopAt}) {
			b.named = append(b.named, w)
		}
	}
	if b.hears(policy.NewsWithheld) && r.Withheld != nil {
		m.Limit = &Limit{
			Name:      b.clean(r.Withheld.Limit, maxName),
			Condemned: r.Withheld.Condemned,
			Recent:    r.Withheld.Recent,
			Max:       r.Withheld.Max,
			Allowed:   r.Withheld.Allowed,
			Window:    b.clean(r.Withheld.Window, maxName),

			Trickle:      r.Withheld.Trickle,
			WaitingHelps: r.Withheld.WaitingHelps(),
		}
	}
	if e := r.Estimate; e != nil && r.Withheld == nil && b.hears(policy.NewsStopped) {
		took := time.Duration(e.Seconds * float64(time.Second)).Round(time.Second)
		m.Left = &Left{Stops: e.StopsLeft, Time: duration.Rough(max(took, time.Second))}
	}
	if b.hears(policy.NewsFailed) {
		b.errors(&m, r.Errors)
	}
	worth := m.Stopped.Count+m.Failed.Count+m.Withheld.Count+m.Undecided.Count+m.Warned.Count+m.Planned.Count+len(m.Errors) > 0 || m.Limit != nil
	return m, worth
}

func (b builder) place(at result.Place) result.Place {
	return result.Place{
		Name: b.clean(at.Name, maxName), Account: b.clean(at.Account, maxName), Region: b.clean(at.Region, maxName),
		Endpoint: b.clean(at.Endpoint, maxName), Flowreaper: b.clean(at.Flowreaper, maxName),
	}
}

func trigger(t result.Trigger) string {
	if t.Name == "" {
		return t.Kind
	}
	return t.Kind + " " + t.Name
}

func (b builder) decision(m *Message, d result.Decision) {
	item := Item{Flow: d.Flow, Execution: d.Execution, Rule: d.Rule, Outcome: string(d.Outcome), Detail: d.Reason, Cause: causeBeside(d)}
	if !d.StartedTime.IsZero() {
		item.StartedTime = d.StartedTime.In(b.zone)
		item.Age = duration.Rough(time.Duration(d.AgeSeconds * float64(time.Second)))
	}
	switch d.Outcome {
	case result.Stopped:
		b.add(&m.Stopped, policy.NewsStopped, item)
	case result.Planned:
		b.add(&m.Planned, policy.NewsPlanned, item)
	case result.WithheldOutcome:
		b.add(&m.Withheld, policy.NewsWithheld, item)
	case result.Failed, result.StillRunning:
		if d.Message != "" {
			item.Detail = d.Message
		}
		b.add(&m.Failed, policy.NewsFailed, item)
	}
}

// add counts an item, if the channel hears of such news and of the rule, and says
// whether it is named.
func (b builder) add(list *List, news policy.News, item Item) (named bool) {
	if !b.hears(news) || !b.routed(item.Rule) {
		return false
	}
	list.Count++
	if len(list.Items) == b.most {
		list.More++
		return false
	}
	list.Items = append(list.Items, Item{
		Flow:      b.clean(item.Flow, maxName),
		Execution: b.clean(item.Execution, maxName),
		Rule:      b.clean(item.Rule, maxName),
		Outcome:   b.clean(item.Outcome, maxName),
		Detail:    b.clean(item.Detail, maxDetail),

		Cause: b.clean(item.Cause, maxDetail), StartedTime: item.StartedTime, Age: item.Age, StopAt: item.StopAt,
	})
	return true
}

// causeBeside is the part of a decision's cause that people read; "" where it is the
// reason, which it is where the rule has none of its own.
func causeBeside(d result.Decision) string {
	said, _, _ := policy.ParseCause(d.Cause)
	said = strings.TrimSpace(said)
	if begun, cut := strings.CutSuffix(said, "…"); said == d.Reason || cut && strings.HasPrefix(d.Reason, begun) {
		return ""
	}
	return said
}

func (b builder) errors(m *Message, notes []result.ErrorNote) {
	for _, note := range notes[:min(len(notes), max(b.most, 1))] {
		note.Code, note.Message = b.clean(note.Code, maxName), b.clean(note.Message, maxDetail)
		m.Errors = append(m.Errors, note)
	}
}

func (b builder) hears(news policy.News) bool { return b.channel.Hears(news) }

// hearsOnce says whether the channel hears of a decision, and is told of it once.
func (b builder) hearsOnce(d result.Decision) bool {
	news, once := toldOnce[d.Outcome]
	return once && b.hears(news) && b.routed(d.Rule)
}

// routes are the channels that hear of each rule that chooses some.
func routes(p *policy.Policy) map[string][]string {
	chosen := map[string][]string{}
	for _, r := range p.Rules {
		if r.Notify != nil {
			chosen[r.Name] = r.Notify
		}
	}
	return chosen
}

// routed says whether the channel hears of a rule's executions.
func (b builder) routed(rule string) bool {
	names, chosen := b.routes[rule]
	return !chosen || slices.Contains(names, b.channel.Name)
}
