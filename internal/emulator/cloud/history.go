package cloud

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// Event is one entry of an execution's history.
type Event struct {
	ID         int64 // from 1
	ScheduleID int64 // of the TaskScheduled that a task's event belongs to; otherwise 0
	Type       string
	StepName   string
	Time       time.Time
	Detail     string // JSON text, or ""
}

// maxSteps keeps a history within CloudFlow's 5,000 events an execution: each
// step has five, begin and end one each.
const maxSteps = 999

// History returns an execution's events up to now.
func (c *Cloud) History(now time.Time, flowName, name string) ([]Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, r, err := c.find(now, flowName, name)
	if err != nil {
		return nil, err
	}
	events := r.history(milliseconds(now))
	if last := &events[len(events)-1]; c.behaviour.StopCause == account.CauseNowhere {
		last.Detail = ""
	}
	return events, nil
}

func (r *run) history(at int64) []Event {
	end, _ := r.end()
	over := at >= end
	var h history
	h.add(r.started, "ExecutionStarted", "", "")
	steps := r.stepsEntered(min(at, end))
	for i := range steps {
		last := i == steps-1
		h.step(i, r.stepEntered(i))
		switch {
		case !last:
			h.stepDone(i, r.stepEntered(i+1), account.Succeeded)
		case over:
			h.stepDone(i, end, r.status(at))
		}
	}
	if over {
		h.add(end, "Execution"+r.status(at), "", r.endDetail(at))
	}
	return h.events
}

// stepsEntered is how many steps the run has entered by a moment of its life.
func (r *run) stepsEntered(at int64) int {
	d := r.details()
	limit := min(maxSteps, d.steps)
	if d.stepEvery == 0 {
		return max(1, limit)
	}
	entered := 1 + (at-r.started)/d.stepEvery
	if limit == 0 {
		limit = maxSteps
	}
	return int(min(entered, int64(limit)))
}

func (r *run) stepEntered(i int) int64 { return r.started + int64(i)*r.details().stepEvery }

func (r *run) endDetail(at int64) string {
	if r.status(at) != account.Stopped || r.details().stop == nil {
		return ""
	}
	detail, err := json.Marshal(map[string]string{"error": r.extra.stop.error, "cause": r.extra.stop.cause})
	if err != nil {
		panic(err) // two texts
	}
	return string(detail)
}

// history collects events and numbers them.
type history struct {
	events    []Event
	scheduled int64 // Id of the last TaskScheduled
}

func (h *history) add(at int64, kind, step, detail string) *Event {
	h.events = append(h.events, Event{
		ID: int64(len(h.events)) + 1, Type: kind, StepName: step, Time: moment(at), Detail: detail,
	})
	return &h.events[len(h.events)-1]
}

func (h *history) task(at int64, kind, step string) {
	h.add(at, kind, step, "").ScheduleID = h.scheduled
}

func (h *history) step(i int, at int64) {
	name := stepName(i)
	h.add(at, "StepEntered", name, "")
	h.scheduled = int64(len(h.events)) + 1
	h.task(at, "TaskScheduled", name)
	h.task(at, "TaskStarted", name)
}

// stepDone closes a step as its execution's end asks for. A stop cuts it off.
func (h *history) stepDone(i int, at int64, status string) {
	name := stepName(i)
	switch status {
	case account.Succeeded:
		h.task(at, "TaskSucceeded", name)
		h.add(at, "StepExited", name, "")
	case account.Failed:
		h.task(at, "TaskFailed", name)
	case account.TimedOut:
		h.task(at, "TaskTimedOut", name)
	}
}

func stepName(i int) string { return fmt.Sprintf("step-%d", i+1) }
