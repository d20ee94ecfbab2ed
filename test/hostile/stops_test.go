package hostile

import (
	"strings"
	"testing"
	"time"
)

// A stop is what DescribeExecution says, whatever StopExecution answers.
func TestAnswersToAStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stop     func(w *wire, c call) *answer
		describe func(w *wire, c call) *answer // nil: by the account
		status   int
		outcome  string
		came     int // stops, retries among them; 0 is any number but none
	}{
		"it had ended": {
			stop: func(*wire, call) *answer {
				return refuse(400, "ExecutionAlreadyCompleted", "It has already completed.")
			},
			outcome: "already_completed", came: 1,
			describe: func(_ *wire, c call) *answer { return ended("etl", "run-1", "Succeeded", started(c)) },
		},
		"it is gone": {
			stop:    func(*wire, call) *answer { return refuse(404, "ExecutionNotExists", "It does not exist.") },
			outcome: "gone", came: 1,
		},
		"its flow is gone": {
			stop:    func(*wire, call) *answer { return refuse(404, "FlowNotExists", "It does not exist.") },
			outcome: "gone", came: 1,
		},
		"the answer is lost, and it is stopped": {
			stop: func(w *wire, c call) *answer {
				if c.n > 0 {
					return refuse(400, "ExecutionAlreadyCompleted", "It has already completed.")
				}
				w.account.answer(c)
				return &answer{lost: true}
			},
			outcome: "stopped", came: 2,
		},
		"the answer is torn, and it is stopped": {
			stop: func(w *wire, c call) *answer {
				if c.n > 0 {
					return refuse(400, "ExecutionAlreadyCompleted", "It has already completed.")
				}
				a := w.account.answer(c)
				a.torn = 20
				return a
			},
			outcome: "stopped", came: 2,
		},
		"the request is lost": {
			stop: func(_ *wire, c call) *answer {
				if c.n == 0 {
					return &answer{lost: true}
				}
				return nil
			},
			outcome: "stopped", came: 2,
		},
		"a gateway's 502, after it was stopped": {
			stop: func(w *wire, c call) *answer {
				w.account.answer(c)
				return &answer{status: 502, body: "<html><h1>502 Bad Gateway</h1></html>"}
			},
			outcome: "stopped",
		},
		"nothing was done": {
			stop: func(*wire, call) *answer {
				return say(`{"RequestId":"r","Name":"run-1","FlowName":"etl","Status":"Stopped"}`)
			},
			status: 3, outcome: "still_running", came: 1,
		},
		"the answer is another's": {
			stop: func(w *wire, c call) *answer {
				w.account.answer(c)
				return say(`{"Name":"run-2","FlowName":"payroll","Status":"Stopped"}`)
			},
			outcome: "stopped", came: 1,
		},
		"no right": {
			stop:   func(*wire, call) *answer { return refuse(403, "AccessDenied", "The resources doesn't belong to you.") },
			status: 3, outcome: "failed", came: 1,
		},
		"it ends by itself": {
			stop:     func(*wire, call) *answer { return say(`{"Name":"run-1","FlowName":"etl","Status":"Running"}`) },
			describe: func(_ *wire, c call) *answer { return ended("etl", "run-1", "Succeeded", started(c)) },
			outcome:  "already_completed", came: 1,
		},
		"a status unheard of follows": {
			describe: func(_ *wire, c call) *answer { return say("%s", rowIn("Stopping", "etl", "run-1", startedTime)) },
			status:   3, outcome: "still_running", came: 1,
		},
		"an execution without a status follows": {
			describe: func(_ *wire, c call) *answer { return say("%s", rowIn("", "etl", "run-1", startedTime)) },
			status:   3, outcome: "still_running", came: 1,
		},
		"another execution's end follows": {
			describe: func(_ *wire, c call) *answer { return ended("etl", "run-2", "Stopped", started(c)) },
			status:   3, came: 1,
		},
		"another flow's end follows": {
			describe: func(_ *wire, c call) *answer { return ended("payroll", "run-1", "Stopped", started(c)) },
			status:   3, came: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t)
			w.account.rows = []string{row("etl", "run-1", startedTime)}
			w.on("StopExecution", func(c call) *answer {
				if test.stop == nil {
					return nil
				}
				return test.stop(w, c)
			})
			w.on("DescribeExecution", func(c call) *answer {
				if test.describe == nil || len(w.stops) == 0 {
					return nil
				}
				return test.describe(w, c)
			})
			r := w.machine(twoHours).apply("--timeout", "40s")
			if r.status != test.status || len(r.report.Decisions) != 1 || test.outcome != "" && r.report.Decisions[0].Outcome != test.outcome ||
				test.outcome == "" && !strings.Contains("still_running failed", r.report.Decisions[0].Outcome) {
				t.Errorf("status %d, want %d; want %s\n%s", r.status, test.status, test.outcome, r)
			}
			if came := w.came("StopExecution"); came != test.came && test.came > 0 || came == 0 {
				t.Errorf("StopExecution came %d times, want %d", came, test.came)
			}
		})
	}
}

// startedTime is one for all answers about an execution.
var startedTime = ago(3 * time.Hour)

func started(call) string { return read("{" + startedTime + "}").StartedTime }

// What DescribeExecution says of an execution that was looked at before is about
// that one only if it started at the same time.
func TestAnExecutionThatWasReplaced(t *testing.T) {
	w := overdue(t, "run-1")
	m := w.machine(strings.Replace(twoHours, "maxStops: 100", "maxStops: 0", 1))
	m.invoke(timer).want(1, "etl/run-1 withheld")
	w.account.rows = []string{row("etl", "run-1", ago(time.Hour))} // under the same name
	m.policy(twoHours)
	m.invoke(timer).want(0).whole(true)
	w.stopped()
}
