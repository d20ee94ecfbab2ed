package doctor_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// busy is an account with executions that doctor must leave alone.
func busy(b account.Behaviour) *account.Account {
	flow := account.Flow{Name: "etl-nightly", CreatedAgo: account.Duration(400 * 24 * time.Hour)}
	for i := range 12 {
		ended := account.Duration(time.Duration(i*i) * 7 * time.Hour)
		flow.Executions = append(flow.Executions, account.Execution{
			Name: fmt.Sprintf("run-%d", i*7%12), StartedAgo: ended + account.Duration(time.Hour), EndedAgo: &ended})
	}
	flow.Executions = append(flow.Executions, account.Execution{Name: "hanging", StartedAgo: account.Duration(5 * time.Hour)})
	return &account.Account{Behaviour: b, Flows: []account.Flow{flow, {Name: "quick", ExecutionMode: "Express"}}}
}

func emulate(t *testing.T, a *account.Account) *emulator.Server {
	t.Helper()
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func options(server cloudflow.HTTPClient) doctor.Options {
	return doctor.Options{
		Region: "cn-hangzhou", HTTPClient: server,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	}
}

// examine runs doctor in a bubble, where nothing really waits.
func examine(t *testing.T, a *account.Account, change func(*doctor.Options)) (report *doctor.Report, server *emulator.Server) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server = emulate(t, a)
		o := options(server)
		change(&o)
		var err error
		if report, err = doctor.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	})
	return report, server
}

func canary(o *doctor.Options) { o.Canary = true }

// find returns the answer to a question; false where the report has none.
func find(r *doctor.Report, key string) (doctor.Answer, bool) {
	for _, a := range r.Answers {
		if a.Key == key {
			return a, true
		}
	}
	return doctor.Answer{}, false
}

// check compares an answer: with want itself, or, where it is a duration, with
// the bounds that the answer gives.
func check(t *testing.T, r *doctor.Report, key, want string) {
	t.Helper()
	a, ok := find(r, key)
	if !ok || a.State != doctor.Told {
		t.Errorf("%s: %s, because %s", key, a.State, a.Because)
		return
	}
	if a.Seen == "" || a.Means == "" || a.Question == "" {
		t.Errorf("%s: an answer without its reasons: %+v", key, a)
	}
	d, err := time.ParseDuration(want)
	if err != nil {
		if a.Answer != want {
			t.Errorf("%s: %q, want %q (%s)", key, a.Answer, want, a.Seen)
		}
		return
	}
	if a.Least == nil || *a.Least > d.Seconds() || (a.Most != nil && *a.Most < d.Seconds()) {
		t.Errorf("%s: %q (%v to %v), want what holds %s", key, a.Answer, a.Least, a.Most, want)
	}
}

// opposite is the other value of every open question.
var opposite = account.Behaviour{
	Order: account.OrderNewest, StartedTimeBounds: account.BoundsExclusive,
	ListLag: account.Duration(7 * time.Second), StopDelay: account.Duration(9 * time.Second),
	DescribeAfterStop: account.DescribeRunning, StopCause: account.CauseNowhere, Express: account.ExpressRefused, ACS3: account.ACS3Refuse,
	Retention: account.Duration(20 * 24 * time.Hour), MaxSkew: account.Duration(5 * time.Minute),
	ClockOffset: account.Duration(-45 * time.Second), PageCursor: account.CursorOffset,
}

// expectation is what a behaviour must be found as.
func expectation(b account.Behaviour) map[string]string {
	b = b.WithDefaults()
	text := func(d account.Duration) string { return time.Duration(d).String() }
	return map[string]string{
		doctor.ListLag: text(b.ListLag), doctor.StopDelay: text(b.StopDelay), doctor.Express: b.Express, doctor.ClockOffset: text(b.ClockOffset),
	}
}

// TestFindsWhatBehaviourIsSetTo sets one open question after the other to its
// other value, and then all at once.
func TestFindsWhatBehaviourIsSetTo(t *testing.T) {
	for name, b := range map[string]account.Behaviour{
		"as by default": {},
		"list lag":      {ListLag: opposite.ListLag},
		"stop delay":    {StopDelay: opposite.StopDelay},
		"describe":      {DescribeAfterStop: opposite.DescribeAfterStop},
		"express":       {Express: opposite.Express},
		"clock, behind": {ClockOffset: opposite.ClockOffset},
		"clock, ahead":  {ClockOffset: account.Duration(3 * time.Minute)},
		"all opposite":  opposite,
	} {
		t.Run(name, func(t *testing.T) {
			report, server := examine(t, busy(b), canary)
			for key, want := range expectation(b) {
				check(t, report, key, want)
			}
			if !report.Complete() {
				t.Errorf("not complete: %+v", report.Answers)
			}
			untouched(t, server)
		})
	}
}

// TestSaysWhatAStopThatIsNotShownMeans: flowreaper believes DescribeExecution alone.
func TestSaysWhatAStopThatIsNotShownMeans(t *testing.T) {
	report, _ := examine(t, busy(account.Behaviour{DescribeAfterStop: account.DescribeRunning}), canary)
	got, _ := find(report, doctor.StopDelay)
	const want = "DescribeExecution went on saying that it runs, and flowreaper believes it alone: stops that took effect are reported as still_running, and tried again. Report it."
	if got.Means != want || !strings.HasPrefix(got.Seen, "from the stop until ListExecutions showed the end: under ") {
		t.Errorf("%+v", got)
	}
}

// TestFindsItOnAnEmptyAccount has nothing but the canary to ask.
func TestFindsItOnAnEmptyAccount(t *testing.T) {
	for name, b := range map[string]account.Behaviour{"as by default": {}, "all opposite": opposite} {
		t.Run(name, func(t *testing.T) {
			report, _ := examine(t, &account.Account{Behaviour: b}, canary)
			for key, want := range expectation(b) {
				check(t, report, key, want)
			}
		})
	}
}

// untouched checks that no flow but the canary's was stopped, and that none is
// left.
func untouched(t *testing.T, server *emulator.Server) {
	t.Helper()
	for _, stop := range server.Stats().Stops {
		if !strings.HasPrefix(stop.Flow, "flowreaper-canary-") {
			t.Errorf("stopped %s of %s", stop.Execution, stop.Flow)
		}
	}
	for _, f := range server.Flows() {
		if strings.HasPrefix(f.Name, "flowreaper-canary-") {
			t.Errorf("left the flow %s", f.Name)
		}
	}
	if e, err := server.Execution("etl-nightly", "hanging"); err != nil || !e.Live() {
		t.Errorf("the account's own execution is %+v, %v", e, err)
	}
}
