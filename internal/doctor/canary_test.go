package doctor_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// interrupting ends the context at the n-th request, before or after it is
// answered.
type interrupting struct {
	server cloudflow.HTTPClient
	n      int
	after  bool
	end    context.CancelFunc
}

func (i *interrupting) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	i.n--
	if i.n == 0 && !i.after {
		i.end()
	}
	answer, err := i.server.Call(r, t)
	if i.n == 0 {
		i.end()
	}
	return answer, err
}

// TestCleansUpWhenInterrupted interrupts a run at every one of its requests.
func TestCleansUpWhenInterrupted(t *testing.T) {
	requests := 0
	report, _ := examine(t, busy(account.Behaviour{}), canary)
	for _, n := range report.Calls {
		requests += n
	}
	for n := range requests {
		for _, after := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				server := emulate(t, busy(account.Behaviour{}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				o := options(&interrupting{server, n + 1, after, cancel})
				o.Canary = true
				_, err := doctor.Run(ctx, o)
				if err == nil && n+1 < requests-20 { // the last ones clean up
					t.Errorf("request %d: no error", n+1)
				}
				untouched(t, server)
			})
		}
	}
}

// TestCleansUpWhateverFails breaks each operation that the canary needs, in each
// way.
func TestCleansUpWhateverFails(t *testing.T) {
	for _, operation := range []string{"CreateFlow", "StartExecution", "StopExecution", "DeleteFlow", "DescribeFlow", "DescribeExecution", "ListExecutions"} {
		for _, kind := range []string{account.FaultError, account.FaultResetBefore, account.FaultResetAfter, account.FaultTorn} {
			for _, times := range []int{1, 5} { // retried, and given up once
				a := busy(account.Behaviour{})
				a.Faults = []account.Fault{{Operation: operation, Kind: kind, Times: times}}
				report, server := examine(t, a, canary)
				untouched(t, server)
				if times == 1 && operation != "CreateFlow" && !report.Complete() {
					t.Errorf("one %s of %s is not overcome: %+v", kind, operation, report.Answers)
				}
			}
		}
	}
}

// TestSaysWhatItCouldNotDelete: then the run fails, and names the flows.
func TestSaysWhatItCouldNotDelete(t *testing.T) {
	for _, code := range []string{"AccessDenied", "InternalServerError"} {
		synctest.Test(t, func(t *testing.T) {
			a := busy(account.Behaviour{})
			a.Faults = []account.Fault{{Operation: "DeleteFlow", Kind: account.FaultError, Code: code}}
			server := emulate(t, a)
			o := options(server)
			o.Canary = true
			report, err := doctor.Run(t.Context(), o)
			if err == nil || !strings.HasPrefix(err.Error(), `canary flows could not be deleted: ["flowreaper-canary-`) {
				t.Errorf("%s: error %v", code, err)
			}
			if report == nil || len(report.Leftovers) != 2 {
				t.Fatalf("%s: report %+v", code, report)
			}
			for _, flow := range report.Leftovers {
				for e := range server.Executions(flow) {
					if e.Live() {
						t.Errorf("%s: %s of %s was left running", code, e.Name, flow)
					}
				}
			}
		})
	}
}

// TestSaysWhatMayBeLeft: the answer to the creation was lost, and nobody can
// tell whether there is a flow.
func TestSaysWhatMayBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := busy(account.Behaviour{})
		a.Faults = []account.Fault{
			{Operation: "CreateFlow", Kind: account.FaultResetAfter},
			{Operation: "DescribeFlow", Kind: account.FaultEmpty503, Skip: 1},
		}
		o := options(emulate(t, a))
		o.Canary = true
		report, err := doctor.Run(t.Context(), o)
		if err == nil || report == nil || len(report.Leftovers) != 1 {
			t.Errorf("error %v, report %+v", err, report)
		}
	})
}

// TestCanaryThatMayNotBeCreated leaves the other answers as they are.
func TestCanaryThatMayNotBeCreated(t *testing.T) {
	a := busy(account.Behaviour{})
	a.Faults = []account.Fault{{Operation: "CreateFlow", Kind: account.FaultError, Code: "AccessDenied"}}
	report, server := examine(t, a, canary)
	untouched(t, server)
	check(t, report, doctor.ClockOffset, "0s")
	for _, key := range []string{doctor.ListLag, doctor.StopDelay, doctor.Express} {
		got, _ := find(report, key)
		if got.State != doctor.Untold || !strings.Contains(got.Because, "grant fnf:CreateFlow") {
			t.Errorf("%s: %+v", key, got)
		}
	}
}

// TestWhatNothingShowsIsNotTold: a stop that nothing shows, lists that lag
// longer than anyone waits.
func TestWhatNothingShowsIsNotTold(t *testing.T) {
	report, server := examine(t, busy(account.Behaviour{
		ListLag: account.Duration(10 * time.Minute), StopDelay: account.Duration(10 * time.Minute)}), canary)
	for _, key := range []string{doctor.ListLag, doctor.StopDelay, doctor.Express} {
		if got, _ := find(report, key); got.State != doctor.Untold || got.Because == "" || got.Answer != "" {
			t.Errorf("%s: %+v", key, got)
		}
	}
	untouched(t, server)
}

// TestReadsOnly changes nothing without --canary, and keeps to what it
// announces.
func TestReadsOnly(t *testing.T) {
	for name, a := range map[string]*account.Account{
		"busy":  busy(account.Behaviour{}),
		"large": {Generate: []account.Generate{{Flows: 500, Prefix: "f-", Live: 5, Ended: 300, MaxAge: account.Duration(300 * 24 * time.Hour)}}},
		"empty": {},
	} {
		report, server := examine(t, a, func(*doctor.Options) {})
		stats := server.Stats()
		calls := 0
		for operation, n := range stats.Calls {
			if operation != "ListFlows" {
				t.Errorf("%s: called %s", name, operation)
			}
			calls += n
		}
		if calls != 1 || stats.Throttled > 0 {
			t.Errorf("%s: %d calls, %d of them throttled", name, calls, stats.Throttled)
		}
		if got, _ := find(report, doctor.Express); got.State != doctor.NotAsked || got.Because != "it takes --canary" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if steps := doctor.Steps(doctor.Options{}); len(steps) != 1 || steps[0] != "read only: one call of ListFlows" {
		t.Errorf("announces %q", steps)
	}
}
