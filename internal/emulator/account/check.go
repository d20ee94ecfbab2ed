package account

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Statuses of an execution, as CloudFlow names them.
const (
	Starting  = "Starting"
	Running   = "Running"
	Stopped   = "Stopped"
	Succeeded = "Succeeded"
	Failed    = "Failed"
	TimedOut  = "TimedOut"
)

// EndedStatus says whether an execution of this status is over.
func EndedStatus(status string) bool {
	return slices.Contains([]string{Stopped, Succeeded, Failed, TimedOut}, status)
}

// NameSyntax is what CloudFlow allows as the name of a flow.
var NameSyntax = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,127}$`)

// mistake is something wrong at a path of the file.
type mistake struct{ path, message string }

// Check finds the first mistake in an account that was filled in by hand.
func (a *Account) Check() error {
	if m := a.mistake(); m != nil {
		return errors.New(strings.TrimPrefix(m.path, "$.") + ": " + m.message)
	}
	return nil
}

func (a *Account) mistake() *mistake {
	if m := a.Behaviour.mistake("$.behaviour"); m != nil {
		return m
	}
	names := map[string]bool{}
	for i, f := range a.Flows {
		if m := f.mistake(fmt.Sprintf("$.flows[%d]", i), names); m != nil {
			return m
		}
	}
	for i, g := range a.Generate {
		if m := g.mistake(fmt.Sprintf("$.generate[%d]", i), names); m != nil {
			return m
		}
	}
	for i, r := range a.Roles {
		if !roleARN.MatchString(r.ARN) {
			return &mistake{fmt.Sprintf("$.roles[%d].arn", i), fmt.Sprintf("%q is no role's ARN, such as acs:ram::1968132000123456:role/flowreaper-enforce", r.ARN)}
		}
	}
	return mistakeInFaults("$.faults", a.Faults)
}

var roleARN = regexp.MustCompile(`^acs:ram::[0-9]+:role/[A-Za-z0-9.-]{1,64}$`)

func (b *Behaviour) mistake(path string) *mistake {
	return first(
		oneOf(path+".order", b.Order, OrderRandom, OrderNewest, OrderOldest),
		oneOf(path+".startedTimeBounds", b.StartedTimeBounds, BoundsInclusive, BoundsExclusive),
		oneOf(path+".describeAfterStop", b.DescribeAfterStop, DescribeStopped, DescribeRunning),
		oneOf(path+".stopCause", b.StopCause, CauseInHistory, CauseNowhere),
		oneOf(path+".express", b.Express, ExpressStoppable, ExpressRefused),
		oneOf(path+".acs3", b.ACS3, ACS3Accept, ACS3Refuse),
		oneOf(path+".pageCursor", b.PageCursor, CursorKey, CursorOffset),
		notNegative(path+".listLag", b.ListLag),
		notNegative(path+".stopDelay", b.StopDelay),
		notNegative(path+".retention", b.Retention),
		notNegative(path+".maxSkew", b.MaxSkew),
	)
}

func (f *Flow) mistake(path string, names map[string]bool) *mistake {
	if m := first(
		flowName(path+".name", f.Name, names),
		oneOf(path+".executionMode", f.ExecutionMode, "Standard", "Express"),
		oneEnv(path, f.Env, f.Environment),
		notNegative(path+".createdAgo", f.CreatedAgo),
		notNegative(path+".modifiedAgo", f.ModifiedAgo),
	); m != nil {
		return m
	}
	executions := map[string]bool{}
	for i, e := range f.Executions {
		at := fmt.Sprintf("%s.executions[%d]", path, i)
		if e.Name == "" {
			return &mistake{at, "an execution needs a name"}
		}
		if executions[e.Name] {
			return &mistake{at + ".name", fmt.Sprintf("flow %s has two executions named %q", f.Name, e.Name)}
		}
		executions[e.Name] = true
		if m := e.mistake(at); m != nil {
			return m
		}
	}
	return nil
}

func (e *Execution) mistake(path string) *mistake {
	if m := first(
		oneOf(path+".status", e.Status, Starting, Running, Stopped, Succeeded, Failed, TimedOut),
		oneOf(path+".endStatus", e.EndStatus, Stopped, Succeeded, Failed, TimedOut),
		oneEnv(path, e.Env, e.Environment),
		notNegative(path+".startedAgo", e.StartedAgo),
		notNegative(path+".startedIn", e.StartedIn),
		notNegative(path+".stepEvery", e.StepEvery),
		notNegative(path+".listLag", deref(e.ListLag)),
		atLeast(path+".steps", e.Steps, 0),
	); m != nil {
		return m
	}
	return e.mistakeInKeys(path)
}

// mistakeInKeys finds keys, and lives, that contradict themselves.
func (e *Execution) mistakeInKeys(path string) *mistake {
	switch {
	case e.Input != "" && e.InputText != nil:
		return &mistake{path + ".inputText", "input and inputText exclude each other"}
	case e.StartedAgo > 0 && e.StartedIn > 0:
		return &mistake{path + ".startedIn", "startedAgo and startedIn exclude each other"}
	case e.EndedAgo != nil && e.EndsIn != nil:
		return &mistake{path + ".endsIn", "endedAgo and endsIn exclude each other"}
	case e.EndedAgo != nil && (*e.EndedAgo < 0 || *e.EndedAgo > e.StartedAgo):
		return &mistake{path + ".endedAgo", "an execution can't end before it starts: endedAgo must not exceed startedAgo"}
	case e.EndsIn != nil && (*e.EndsIn < 0 || *e.EndsIn < e.StartedIn):
		return &mistake{path + ".endsIn", "an execution can't end before it starts: endsIn must not be less than startedIn"}
	case e.EndedAgo != nil && e.Status != "" && !EndedStatus(e.Status):
		return &mistake{path + ".status", fmt.Sprintf("an execution with endedAgo is over, and can't be %s", e.Status)}
	case EndedStatus(e.Status) && (e.EndsIn != nil || e.StartedIn > 0):
		return &mistake{path + ".status", fmt.Sprintf("an execution that is %s is over; say endStatus for how it will end", e.Status)}
	case EndedStatus(e.Status) && e.EndStatus != "" && e.EndStatus != e.Status:
		return &mistake{path + ".endStatus", fmt.Sprintf("status says %s, endStatus %s", e.Status, e.EndStatus)}
	}
	return nil
}

func (g *Generate) mistake(path string, names map[string]bool) *mistake {
	if m := first(
		within(path+".flows", g.Flows, 1, 100_000),
		within(path+".live", g.Live, 0, 1_000_000),
		within(path+".ended", g.Ended, 0, 1_000_000),
		within(path+".inputSize", g.InputSize, 0, 1<<20),
		within(path+".definitionSize", g.DefinitionSize, 0, 1<<20),
		notNegative(path+".maxAge", g.MaxAge),
		notNegative(path+".every", g.Every),
		notNegative(path+".median", g.Median),
		oneOf(path+".at", g.At, AtRandom, AtHour),
		oneOf(path+".executionMode", g.ExecutionMode, "Standard", "Express"),
		oneEnv(path, g.Env, g.Environment),
	); m != nil {
		return m
	}
	for i := range g.Flows {
		if m := flowName(path+".prefix", fmt.Sprintf("%s%d", g.Prefix, i), names); m != nil {
			return m
		}
	}
	return g.mistakeInKeys(path)
}

// mistakeInKeys finds keys that would do nothing, or contradict each other.
func (g *Generate) mistakeInKeys(path string) *mistake {
	switch {
	case g.Every > 0 && g.Every < Duration(time.Second):
		return &mistake{path + ".every", "every must be at least 1s"}
	case g.Hang < 0 || g.Hang > 1:
		return &mistake{path + ".hang", "hang is a share from 0% to 100%"}
	case g.Hang > 0 && g.Every == 0:
		return &mistake{path + ".hang", "hang is a share of the new starts, and there are none without every"}
	case g.At != "" && g.Every == 0:
		return &mistake{path + ".at", "at says when the new starts fall, and there are none without every"}
	case g.Input != "" && g.InputSize > 0:
		return &mistake{path + ".inputSize", "input and inputSize exclude each other"}
	}
	return nil
}

func mistakeInFaults(path string, faults []Fault) *mistake {
	for i, f := range faults {
		at := fmt.Sprintf("%s[%d]", path, i)
		if f.Kind == "" {
			return &mistake{at, "a fault needs a kind: " + strings.Join(faultKinds(), ", ")}
		}
		if m := first(
			oneOf(at+".kind", f.Kind, faultKinds()...),
			oneOf(at+".operation", f.Operation, Operations()...),
			atLeast(at+".skip", f.Skip, 0),
			atLeast(at+".times", f.Times, 0),
			notNegative(at+".delay", f.Delay),
		); m != nil {
			return m
		}
		if m := f.mistakeInKeys(at); m != nil {
			return m
		}
	}
	return nil
}

func faultKinds() []string {
	return []string{FaultError, FaultResetBefore, FaultResetAfter, FaultSlow, FaultTorn, FaultHTML502, FaultEmpty503}
}

func (f *Fault) mistakeInKeys(path string) *mistake {
	switch {
	case f.Kind != FaultError && f.Status != 0:
		return &mistake{path + ".status", "status belongs to the kind error"}
	case f.Kind != FaultError && f.Code != "":
		return &mistake{path + ".code", "code belongs to the kind error"}
	case f.Kind == FaultError && f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return &mistake{path + ".status", "the status of an error is from 400 to 599"}
	case f.Kind == FaultSlow && f.Delay == 0:
		return &mistake{path, "a slow answer needs a delay"}
	}
	return nil
}

func first(mistakes ...*mistake) *mistake {
	for _, m := range mistakes {
		if m != nil {
			return m
		}
	}
	return nil
}

// oneOf allows "" too, which stands for the default.
func oneOf(path, value string, allowed ...string) *mistake {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	return &mistake{path, fmt.Sprintf("%q is none of %s", value, strings.Join(allowed, ", "))}
}

func atLeast(path string, value, least int) *mistake {
	if value >= least {
		return nil
	}
	return &mistake{path, fmt.Sprintf("%d is less than %d", value, least)}
}

// within keeps a slip of the finger from filling the machine's memory.
func within(path string, value, least, most int) *mistake {
	if value >= least && value <= most {
		return nil
	}
	return &mistake{path, fmt.Sprintf("%d is not from %d to %d", value, least, most)}
}

func notNegative(path string, value Duration) *mistake {
	if value >= 0 {
		return nil
	}
	return &mistake{path, "the duration must not be negative"}
}

// oneEnv refuses an environment that is given by both of its names.
func oneEnv(path string, env, environment map[string]string) *mistake {
	if env == nil || environment == nil {
		return nil
	}
	return &mistake{path + ".env", "env and environment are one: give one of them"}
}

func deref(d *Duration) Duration {
	if d == nil {
		return 0
	}
	return *d
}

func flowName(path, name string, names map[string]bool) *mistake {
	if !NameSyntax.MatchString(name) {
		return &mistake{path, fmt.Sprintf("%q is not a flow's name: 1 to 128 letters, digits, _ and -, and no digit or - at its start", name)}
	}
	if names[name] {
		return &mistake{path, fmt.Sprintf("two flows are named %q", name)}
	}
	names[name] = true
	return nil
}
