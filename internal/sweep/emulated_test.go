package sweep_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// These tests sweep an emulated account with the real client: most in memory,
// where retries and quotas cost no time.

// twoOverdue is an account with two executions that twoHours condemns, the
// first one first, and one that it keeps.
func twoOverdue(faults ...account.Fault) *account.Account {
	ago := func(d time.Duration) account.Duration { return account.Duration(d) }
	return &account.Account{
		Flows: []account.Flow{
			{Name: "etl", Executions: []account.Execution{
				{Name: "first", StartedAgo: ago(5 * time.Hour)},
				{Name: "young", StartedAgo: ago(time.Hour)},
			}},
			{Name: "web", Executions: []account.Execution{{Name: "second", StartedAgo: ago(3 * time.Hour)}}},
		},
		Faults: faults,
	}
}

// emulate serves an account in memory.
func emulate(t *testing.T, a *account.Account) (*emulator.Server, *cloudflow.Client) {
	t.Helper()
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return server, client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: server})
}

func client(t *testing.T, o cloudflow.Options) *cloudflow.Client {
	t.Helper()
	o.Credentials = cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"}
	c, err := cloudflow.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// agree holds a report against what really happened: call by call, and stop by
// stop. What is reported as stopped must be.
func agree(t *testing.T, r *result.Report, server *emulator.Server) {
	t.Helper()
	stats := server.Stats()
	calls := result.Calls{
		ListFlows:         stats.Calls["ListFlows"],
		ListExecutions:    stats.Calls["ListExecutions"],
		DescribeExecution: stats.Calls["DescribeExecution"],
		StopExecution:     stats.Calls["StopExecution"],
	}
	if diff := cmp.Diff(calls, r.Calls); diff != "" {
		t.Errorf("calls (-emulator +report):\n%s", diff)
	}
	if stats.Throttled != r.Throttled {
		t.Errorf("throttled: emulator %d, report %d", stats.Throttled, r.Throttled)
	}
	for _, d := range r.Decisions {
		took := slices.ContainsFunc(stats.Stops, func(s emulator.Stop) bool {
			return s.Flow == d.Flow && s.Execution == d.Execution && s.Error == d.Error && s.Cause == d.Cause && s.StartedTime.Equal(d.StartedTime)
		})
		if d.Outcome == result.Stopped && !took {
			t.Errorf("%s is reported as stopped, and isn't", d.Execution)
		}
	}
	for _, s := range stats.Stops {
		if s.Execution == "young" {
			t.Error("young was stopped")
		}
	}
}

func TestEverySingleCallIsReported(t *testing.T) {
	server, err := emulator.New(twoOverdue(), emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	loopback := httptest.NewServer(server)
	defer loopback.Close()
	fast := cloudflow.Rate{PerSecond: 1000, Burst: 1000}
	quota, err := cloudflow.NewQuota(cloudflow.Rates{
		cloudflow.OpListFlows: fast, cloudflow.OpListExecutions: fast, cloudflow.OpStopExecution: fast, cloudflow.OpDescribeExecution: fast,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, cloudflow.Options{Endpoint: loopback.URL, Quota: quota})
	r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, twoHours), Source: c, Stopper: c})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, r, server)
	if diff := cmp.Diff(map[string]result.Outcome{"first": result.Stopped, "second": result.Stopped}, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if want := (result.Calls{ListFlows: 1, ListExecutions: 2, DescribeExecution: 2, StopExecution: 2}); r.Calls != want {
		t.Errorf("calls %+v, want %+v", r.Calls, want)
	}
	for _, d := range r.Decisions {
		if d.RequestID == "" {
			t.Errorf("%s has no request id", d.Execution)
		}
	}
}

func TestBeyondTheLimitNoStopIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c := emulate(t, twoOverdue())
		r, err := sweep.Run(t.Context(), sweep.Options{Policy: limited(t, 1), Source: c, Stopper: c})
		if codeOf(err) != result.CodeWithheld || server.Stats().Calls["StopExecution"] != 0 {
			t.Errorf("error %v, calls %v", err, server.Stats().Calls)
		}
		agree(t, r, server)
	})
}

func TestManyFlowsWithinTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account.Account{Generate: []account.Generate{
			{Flows: 60, Prefix: "f-", Live: 2, MaxAge: account.Duration(6 * time.Hour), Seed: 1},
			{Flows: 1, Prefix: "deep-", Live: 500, MaxAge: account.Duration(6 * time.Hour), Seed: 2},
		}}
		server, c := emulate(t, a)
		r, err := sweep.Run(t.Context(), sweep.Options{Policy: limited(t, 1000), Source: c, Stopper: c})
		if err != nil || !r.Complete || r.Throttled != 0 {
			t.Errorf("error %v, complete %v, throttled %d", err, r.Complete, r.Throttled)
		}
		agree(t, r, server)
		if want := (result.FlowCounts{Seen: 61, Listed: 61}); r.Flows != want || r.Executions.Seen != r.Executions.Condemned { // the others aren't asked for
			t.Errorf("%+v %+v", r.Flows, r.Executions)
		}
		if r.Executions.Condemned < 100 || len(server.Stats().Stops) != r.Executions.Condemned {
			t.Errorf("%d condemned, %d stopped", r.Executions.Condemned, len(server.Stats().Stops))
		}
	})
}

// Each error code of the StopExecution reference, for the first of two stops.
func TestErrorsOfStopExecution(t *testing.T) {
	type ending struct {
		first, second result.Outcome
		code          result.Code
	}
	fine := func(o result.Outcome) ending { return ending{o, result.Stopped, ""} }
	ends := func(c result.Code) ending { return ending{result.Failed, result.NotTried, c} }
	for code, want := range map[string]ending{
		"ExecutionAlreadyCompleted": fine(result.AlreadyCompleted),
		"ExecutionNotExists":        fine(result.Gone),
		"FlowNotExists":             fine(result.Gone),
		"ConcurrentUpdateError":     fine(result.Failed),
		"ResourceThrottled":         fine(result.Failed),
		"InternalServerError":       fine(result.Failed),
		"InvalidArgument":           fine(result.Failed),
		"MissingRequiredParams":     fine(result.Failed),
		"EntityTooLarge":            fine(result.Failed),
		"AccessDenied":              fine(result.Failed),
		"InvalidAccessKeyID":        ends(result.CodeCredentials),
		"SignatureNotMatch":         ends(result.CodeCredentials),
		"RequestTimeTooSkewed":      ends(result.CodeClockSkew),
		"ActionNotSupported":        ends(result.CodeSweep),
		"APIVersionNotSupported":    ends(result.CodeSweep),
		"MissingRequiredHeader":     ends(result.CodeSweep),
		"UnsupportedMediaType":      ends(result.CodeSweep),
	} {
		t.Run(code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := emulate(t, twoOverdue(account.Fault{
					Operation: "StopExecution", Execution: "first", Kind: account.FaultError, Code: code,
				}))
				r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, twoHours), Source: c, Stopper: c})
				got := ending{outcomes(r)["first"], outcomes(r)["second"], codeOf(err)}
				if got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
				agree(t, r, server)
				for _, d := range r.Decisions {
					if d.Outcome == result.Failed && d.Message == "" {
						t.Errorf("%s failed without a message", d.Execution)
					}
				}
			})
		})
	}
}

// A fault of each kind on each operation that a sweep calls: once, which it
// must survive, and for good, when it must neither stop nor claim too much.
func TestFaultsOnEveryOperation(t *testing.T) {
	kinds := []string{
		account.FaultError, account.FaultResetBefore, account.FaultResetAfter, account.FaultSlow, account.FaultTorn,
		account.FaultHTML502, account.FaultEmpty503,
	}
	for _, operation := range []string{"ListFlows", "ListExecutions", "StopExecution", "DescribeExecution"} {
		for _, kind := range kinds {
			for _, times := range []int{1, 0} {
				t.Run(fmt.Sprint(operation, "/", kind, "/", times), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						fault := account.Fault{Operation: operation, Kind: kind, Times: times, Delay: account.Duration(time.Minute)}
						if kind != account.FaultSlow {
							fault.Delay = 0
						}
						sweepWithFault(t, fault)
					})
				})
			}
		}
	}
}

func sweepWithFault(t *testing.T, fault account.Fault) {
	server, c := emulate(t, twoOverdue(fault))
	r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, twoHours), Source: c, Stopper: c})
	agree(t, r, server)
	took := fault.Kind == account.FaultResetAfter || fault.Kind == account.FaultSlow || fault.Kind == account.FaultTorn
	switch {
	case fault.Times == 1, fault.Operation == "StopExecution" && took:
		if diff := cmp.Diff(map[string]result.Outcome{"first": result.Stopped, "second": result.Stopped}, outcomes(r)); err != nil || !r.Complete || diff != "" {
			t.Errorf("error %v, complete %v, outcomes (-want +got):\n%s", err, r.Complete, diff)
		}
	case strings.HasPrefix(fault.Operation, "List"):
		if codeOf(err) != result.CodeSweep || r.Complete || len(r.Decisions) != 0 || len(r.Incomplete) == 0 || r.Calls.StopExecution != 0 {
			t.Errorf("error %v, complete %v, decisions %v, calls %+v", err, r.Complete, r.Decisions, r.Calls)
		}
	case fault.Operation == "StopExecution":
		if outcomes(r)["first"] != result.Failed || outcomes(r)["second"] != result.Failed || codeOf(err) != result.CodeSweep {
			t.Errorf("error %v, outcomes %v", err, outcomes(r))
		}
	default:
		if outcomes(r)["first"] != result.StillRunning || outcomes(r)["second"] != result.StillRunning || err != nil {
			t.Errorf("error %v, outcomes %v", err, outcomes(r))
		}
	}
}

// Whether the status after a stop is Stopped at once, later or never, the
// report says what DescribeExecution says.
func TestStopsThatTakeTime(t *testing.T) {
	for _, test := range []struct {
		name      string
		behaviour account.Behaviour
		want      result.Outcome
	}{
		{"within the wait", account.Behaviour{StopDelay: account.Duration(3 * time.Second)}, result.Stopped},
		{"beyond the wait", account.Behaviour{StopDelay: account.Duration(time.Minute)}, result.StillRunning},
		{"never seen", account.Behaviour{DescribeAfterStop: account.DescribeRunning}, result.StillRunning},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := twoOverdue()
				a.Behaviour = test.behaviour
				server, c := emulate(t, a)
				r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, twoHours), Source: c, Stopper: c})
				if err != nil || outcomes(r)["first"] != test.want {
					t.Errorf("error %v, outcomes %v", err, outcomes(r))
				}
				agree(t, r, server)
			})
		})
	}
}

func TestEmulatedClockThatIsOff(t *testing.T) {
	for offset, code := range map[time.Duration]result.Code{
		20 * time.Second: "", -20 * time.Second: "", 5 * time.Minute: result.CodeClockSkew, -5 * time.Minute: result.CodeClockSkew, time.Hour: result.CodeClockSkew,
	} {
		t.Run(offset.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := twoOverdue()
				a.Behaviour.ClockOffset = account.Duration(offset)
				server, c := emulate(t, a)
				r, err := sweep.Run(t.Context(), sweep.Options{Policy: parse(t, twoHours), Source: c, Stopper: c})
				if codeOf(err) != code || (code != "") != (len(server.Stats().Stops) == 0) || r.Complete != (code == "") {
					t.Errorf("error %v, complete %v, stops %v", err, r.Complete, server.Stats().Stops)
				}
			})
		})
	}
}
