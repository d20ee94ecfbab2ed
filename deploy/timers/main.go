// Command timers checks that a file of Serverless Devs' and a fleet go together, before the
// one is deployed with the other:
//
//	timers FILE [FLEET]
//
// A place that no timer names is swept by nobody, and nothing would say so; a timer that names
// none fails every minute. A file that isn't a fleet's goes with no fleet.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/flowreaper/flowreaper/internal/fleet"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: timers FILE [FLEET]")
		os.Exit(2)
	}
	if err := check(os.Args[1], strings.Join(os.Args[2:], "")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// function is what a file says of one.
type function struct {
	Props struct {
		EnvironmentVariables map[string]string `yaml:"environmentVariables"`
		Triggers             *[]trigger        `yaml:"triggers"` // nil: those of the file that it extends
	} `yaml:"props"`
}

type trigger struct {
	Name   string `yaml:"triggerName"`
	Type   string `yaml:"triggerType"`
	Config struct {
		Payload string `yaml:"payload"`
	} `yaml:"triggerConfig"`
}

func check(file, fleetFile string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the file to deploy can't be read: %w", err)
	}
	var all struct {
		Resources map[string]function `yaml:"resources"`
	}
	if err := yaml.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	f := all.Resources["flowreaper"]
	switch has := f.Props.EnvironmentVariables["FLOWREAPER_FLEET"] != ""; {
	case !has && fleetFile != "":
		return fmt.Errorf("%s has no FLOWREAPER_FLEET, so that its function would read no fleet: deploy a fleet's file, with FILE=deploy/fleet/s.yaml, or leave FLEET out", file)
	case !has:
		return nil
	case fleetFile == "":
		return fmt.Errorf("%s is a fleet's: say which, with FLEET=fleet.yaml", file)
	}
	read, err := fleet.Read(fleetFile)
	if err != nil {
		return err
	}
	if err := f.goesWith(read); err != nil {
		return fmt.Errorf("%s doesn't go with %s:\n%w", file, fleetFile, err)
	}
	return nil
}

// most is how many triggers Function Compute allows a function.
const most = 10

// goesWith says all that is wrong with the triggers.
func (f function) goesWith(read *fleet.Fleet) error {
	if f.Props.Triggers == nil {
		return errors.New("it has no triggers, and those of the file that it extends name no place: give it one a place, or, where CloudFlow fans out, triggers: []")
	}
	triggers := *f.Props.Triggers
	if len(triggers) > most {
		return fmt.Errorf("it has %d triggers, and Function Compute allows a function %d: have CloudFlow fan out (docs/fleet.md)", len(triggers), most)
	}
	var wrong []error
	by := map[string]string{} // the timers of the places
	for _, t := range triggers {
		if t.Type != "timer" {
			continue
		}
		place, err := t.place(read)
		if other, twice := by[place]; err == nil && twice {
			err = fmt.Errorf("the timers %s and %s name one place, %s", other, t.Name, place)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		by[place] = t.Name
	}
	if err := missing(read, by); err != nil && len(triggers) > 0 {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// place is the one that a timer names.
func (t trigger) place(read *fleet.Fleet) (string, error) {
	var payload struct{ Place string }
	decoder := json.NewDecoder(bytes.NewReader([]byte(t.Config.Payload)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&payload); err != nil || payload.Place == "" {
		return "", fmt.Errorf(`the timer %s has the payload %q, which must name a place: '{"place": "%s"}'`, t.Name, t.Config.Payload, read.Places[0].Name)
	}
	if _, err := read.Place(payload.Place); err != nil {
		return "", fmt.Errorf("the timer %s: %w", t.Name, err)
	}
	return payload.Place, nil
}

// missing says which places no timer names.
func missing(read *fleet.Fleet, by map[string]string) error {
	var names []string
	for _, p := range read.Places {
		if by[p.Name] == "" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("no timer names %s, and nobody would sweep there: add a timer for each, or take them out of the fleet", strings.Join(names, ", "))
}
