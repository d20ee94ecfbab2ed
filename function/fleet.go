package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// theFleet is a function of many places, of which each invocation names one. What it knows
// of a place is in that place's state file: between two invocations it keeps nothing of
// it in memory but how fast it may call.
type theFleet struct {
	function // of no place: why all fails, and what is said of events that name none
	file     *fleet.Fleet
	places   map[string]*function

	mu    sync.Mutex
	under map[*function]int // invocations under way
}

// newFleet reads the environment, and compiles the policies. It always returns a fleet: one
// that can't work says why in every answer.
func newFleet(getenv func(string) string, environ []string, log *slog.Logger) *theFleet {
	f := &theFleet{function: function{log: log}, places: map[string]*function{}, under: map[*function]int{}}
	if f.broken = f.configure(getenv, environ); f.broken != nil {
		f.logFailure("start", f.broken)
		return f
	}
	log.Info("start", "fleet", f.file.Holds(), "off", f.settings.off, "flowreaperVersion", version)
	return f
}

func (f *theFleet) configure(getenv func(string) string, environ []string) (err error) {
	if f.settings, err = readSettings(getenv); err != nil {
		return fail(configError, err)
	}
	for _, other := range []string{"FLOWREAPER_POLICY", "FLOWREAPER_REGION", "FLOWREAPER_ENDPOINT"} {
		if getenv(other) != "" {
			return fail(configError, fmt.Errorf("FLOWREAPER_FLEET and %s are set: the fleet's file says it for each place; unset %s", other, other))
		}
	}
	if f.settings.state == "" {
		return fail(configError, errors.New("FLOWREAPER_FLEET is set and FLOWREAPER_STATE isn't: a fleet's stops are counted in files, one a place; set it to a file on a mounted OSS bucket or NAS"))
	}
	f.file, err = fleet.Read(inPackage(getenv("FLOWREAPER_FLEET"), getenv("FC_FUNC_CODE_PATH")))
	if err := readWith(environ, f.file.Variables(), err); err != nil {
		return err
	}
	return f.open(getenv)
}

// open makes the function of each place.
func (f *theFleet) open(getenv func(string) string) error {
	for _, p := range f.file.Places {
		one := &function{settings: f.settings, policy: p.Policy, log: f.log.With("place", p.Name), sweep: sweep.Run, of: p}
		one.settings.endpoint, one.settings.region, one.settings.state = p.Endpoint, p.Region, stateOf(f.settings.state, p.Name)
		var err error
		if one.quota, err = cloudflow.NewQuota(f.settings.rates); err != nil {
			return fail(configError, err)
		}
		if one.notifier, err = newNotifier(p.Policy, getenv, one.log, one.warned); err != nil {
			return fail(policyError, err)
		}
		f.places[p.Name] = one
	}
	return nil
}

// stateOf is a place's own file: /mnt/state/flowreaper-payments.state.
func stateOf(file, place string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + "-" + place + ext
}

// answer answers as the function of the place that the event names.
func (f *theFleet) answer(ctx context.Context, body []byte) (json.RawMessage, error) {
	if f.broken != nil {
		return f.function.answer(ctx, body)
	}
	place, body, err := f.placeOf(body, time.Now())
	if err != nil {
		err = fail(eventError, err)
		f.logFailure("failed", err)
		return nil, answerError(err)
	}
	place.start.Do(place.logStart)
	defer f.enter(place)()
	return place.answer(ctx, body)
}

// enter counts an invocation. When a place's last one leaves, what it knew is in its file
// alone.
func (f *theFleet) enter(place *function) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.under[place]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.under[place]--; f.under[place] == 0 {
			place.memory = nil
			delete(f.under, place)
		}
	}
}

// placeOf is the place that an event names, and the event without more than that: of one
// that says nothing else, a timer's. The event may be a stranger's: the name only selects.
func (f *theFleet) placeOf(body []byte, now time.Time) (*function, []byte, error) {
	if events, err := event.Decode(body); len(events) == 0 {
		return nil, nil, err
	}
	name, alone, err := placeIn(body)
	if err != nil {
		return nil, nil, err
	}
	p, err := f.file.Place(name)
	if err != nil {
		return nil, nil, err
	}
	if alone {
		body, err = json.Marshal(map[string]string{"triggerTime": now.UTC().Format(time.RFC3339), "triggerName": "fleet", "payload": ""})
	}
	return f.places[p.Name], body, err
}

// placeIn reads the name of the place: in the event, in each of an array, or in a timer's
// payload. alone says that there is nothing else.
func placeIn(body []byte) (name string, alone bool, err error) {
	var one map[string]any
	if json.Unmarshal(body, &one) == nil {
		return placeOfObject(one)
	}
	var several []map[string]any
	if json.Unmarshal(body, &several) != nil || len(several) == 0 {
		return "", false, errors.New("a fleet's event must be a JSON object, or an array of them, that names its place" + howToName)
	}
	for i, e := range several {
		other, _, err := placeOfObject(e)
		switch {
		case err != nil:
			return "", false, fmt.Errorf("element %d of %d: %w", i+1, len(several), err)
		case i > 0 && other != name:
			return "", false, fmt.Errorf("the array names the places %q and %q: send an array a place", plain.Clip(name, 50), plain.Clip(other, 50))
		}
		name = other
	}
	return name, false, nil
}

const howToName = `: {"place": "NAME"}, by itself, beside what the event says, or in a timer's payload`

func placeOfObject(e map[string]any) (name string, alone bool, err error) {
	value, there := e["place"]
	payload, timer := e["payload"].(string)
	if _, has := e["triggerTime"]; !there && timer && has {
		var inner map[string]any
		if json.Unmarshal([]byte(payload), &inner) != nil {
			return "", false, fmt.Errorf("the timer's payload is %q, and names no place%s", plain.Clip(payload, 50), howToName)
		}
		name, _, err := placeOfObject(inner)
		return name, false, err
	}
	if !there {
		near := ""
		if len(e) < 100 {
			near = spelling.Within(2, "place", slices.Collect(maps.Keys(e)))
		}
		if near != "" {
			return "", false, fmt.Errorf("the event names no place; did you mean \"place\" by %q?", near)
		}
		return "", false, errors.New("the event names no place of the fleet" + howToName)
	}
	name, ok := value.(string)
	if !ok {
		return "", false, errors.New("the event's place is no text" + howToName)
	}
	return name, len(e) == 1, nil
}
