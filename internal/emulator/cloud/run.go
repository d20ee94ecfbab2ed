package cloud

import (
	"cmp"
	"math"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// Execution is one execution at one moment.
type Execution struct {
	Flow        Flow
	Name        string
	Status      string
	StartedTime time.Time
	StoppedTime time.Time // zero while it runs and nobody asked for it to be stopped
	Input       string
	Output      string
	Environment map[string]string
}

// Live says whether the execution is still running.
func (e Execution) Live() bool { return !account.EndedStatus(e.Status) }

// run is an execution over its whole life. There may be millions: what few of
// them have is in extra.
type run struct {
	name    string
	rank    uint64 // its place in ListExecutions; equal ranks go by name
	started int64  // as all moments in here, milliseconds since 1970
	ends    int64  // never, if nobody stops it
	extra   *extra
}

type extra struct {
	liveStatus, endStatus string // "": Running, Succeeded
	input, output         string // input "": the flow's
	mapRun                string
	environment           map[string]string
	steps                 int
	stepEvery             int64
	listLag               *account.Duration // nil: the behaviour's
	stop                  *stop
}

// stop is a StopExecution that was accepted.
type stop struct {
	at           int64 // the StoppedTime that CloudFlow shows from then on
	effective    int64
	error, cause string
}

const never = math.MaxInt64

func milliseconds(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// details never returns nil.
func (r *run) details() *extra {
	if r.extra == nil {
		return &extra{}
	}
	return r.extra
}

// end is when the run is over, and whether a stop ended it.
func (r *run) end() (at int64, byStop bool) {
	if r.extra == nil || r.extra.stop == nil || r.extra.stop.effective >= r.ends {
		return r.ends, false
	}
	return r.extra.stop.effective, true
}

// live says whether the run has begun and is not over.
func (r *run) live(at int64) bool {
	end, _ := r.end()
	return r.started <= at && at < end
}

// visible says whether the API knows of the run.
func (r *run) visible(at int64, retention time.Duration) bool {
	end, _ := r.end()
	return r.started <= at && (end > at || at-end <= retention.Milliseconds())
}

// status is the run's at a moment after its start.
func (r *run) status(at int64) string {
	end, byStop := r.end()
	switch {
	case at < end:
		return cmp.Or(r.details().liveStatus, account.Running)
	case byStop:
		return account.Stopped
	}
	return cmp.Or(r.details().endStatus, account.Succeeded)
}

// stoppedTime is 0 while the run has none. A stop shows from the moment on
// that it was accepted, while the status may still be Running.
func (r *run) stoppedTime(at int64) int64 {
	end, byStop := r.end()
	switch stop := r.details().stop; {
	case at >= end && !byStop:
		return end
	case stop != nil && stop.at <= at:
		return stop.at
	}
	return 0
}

func (r *run) snapshot(f *flow, at int64) Execution {
	d := r.details()
	e := Execution{
		Flow:        f.Flow,
		Name:        r.name,
		Status:      r.status(at),
		StartedTime: moment(r.started),
		Input:       cmp.Or(d.input, f.input),
		Environment: d.environment,
	}
	if e.Environment == nil {
		e.Environment = f.Environment
	}
	if stopped := r.stoppedTime(at); stopped != 0 {
		e.StoppedTime = moment(stopped)
	}
	if e.Status == account.Succeeded {
		e.Output = cmp.Or(d.output, "{}")
	}
	return e
}

// newRun makes a run out of an account's execution.
func newRun(spec account.Execution, now time.Time) *run {
	started := now.Add(time.Duration(spec.StartedIn - spec.StartedAgo))
	r := &run{name: spec.Name, started: milliseconds(started), ends: never}
	switch {
	case spec.EndedAgo != nil:
		r.ends = milliseconds(now.Add(-time.Duration(*spec.EndedAgo)))
	case spec.EndsIn != nil:
		r.ends = milliseconds(now.Add(time.Duration(*spec.EndsIn)))
	case account.EndedStatus(spec.Status):
		r.ends = milliseconds(now)
	}
	r.extra = &extra{
		endStatus:   spec.EndStatus,
		input:       spec.RawInput(),
		output:      string(spec.Output),
		mapRun:      spec.MapRunName,
		environment: spec.Variables(),
		steps:       spec.Steps,
		stepEvery:   time.Duration(spec.StepEvery).Milliseconds(),
		listLag:     spec.ListLag,
	}
	if account.EndedStatus(spec.Status) {
		r.extra.endStatus = spec.Status
	} else {
		r.extra.liveStatus = spec.Status
	}
	return r
}
