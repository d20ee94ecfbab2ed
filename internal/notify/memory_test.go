package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// minutes tells one channel of a report a minute, and returns the minutes in
// which a message came. The server is down in those that are given.
func minutes(t *testing.T, n int, report func(minute int) *result.Report, down ...int) (came []int) {
	t.Helper()
	server := newReceiver(t, policy.Webhook)
	now := finished
	everything := []policy.News{policy.NewsStopped, policy.NewsWithheld, policy.NewsFailed, policy.NewsUndecided, policy.NewsPlanned}
	notifier := newNotifier(t, []policy.Channel{{Name: "a", Kind: policy.Webhook, URL: server.URL + "/", On: everything}},
		notify.Options{Now: func() time.Time { return now }})
	for minute := range n {
		server.status = 200
		for _, d := range down {
			if minute == d {
				server.status = 500
			}
		}
		before := server.at("/")
		errs := notifier.Send(t.Context(), report(minute))
		if len(errs) > 0 != (server.status == 500 && server.at("/") > before) {
			t.Errorf("minute %d: %v", minute, errs)
		}
		if server.at("/") > before && server.status == 200 {
			came = append(came, minute)
		}
		now = now.Add(time.Minute)
	}
	return came
}

func wantMinutes(t *testing.T, got []int, want ...int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("told in the minutes %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("told in the minutes %v, want %v", got, want)
		}
	}
}

// quiet is a report of which there is nothing to tell.
func quiet() *result.Report {
	return &result.Report{Complete: true, Policy: result.PolicyRef{Name: "p"}, Mode: "enforce", FinishedAt: finished}
}

// withholding is a report of a sweep whose stops the limits withheld, as the
// engine makes it.
func withholding() *result.Report {
	r := quiet()
	r.Withheld = &result.Withheld{Limit: "maxStops", Condemned: 130, Max: 100, Allowed: 100, Window: "1h"}
	r.Decisions = []result.Decision{{Flow: "f", Execution: "e", Rule: "r", Outcome: result.WithheldOutcome}}
	r.Errors = []result.ErrorNote{{Code: string(result.CodeWithheld), Message: "130 condemned", Count: 1}}
	return r
}

// An hour is none by a clock that was set back meanwhile.
func TestAClockThatIsSetBackSilencesNothing(t *testing.T) {
	broken := quiet()
	broken.Errors = []result.ErrorNote{{Code: "AccessDenied", Message: "x", Count: 1}}
	for name, r := range map[string]*result.Report{"withheld": withholding(), "an error": broken} {
		server, now := newReceiver(t, policy.Webhook), finished.Add(24*time.Hour)
		notifier := newNotifier(t, []policy.Channel{{Name: "a", Kind: policy.Webhook, URL: server.URL + "/"}},
			notify.Options{Now: func() time.Time { return now }})
		for range 2 {
			notifier.Send(t.Context(), r)
			now = finished
		}
		if server.at("/") != 2 {
			t.Errorf("%s isn't told", name)
		}
	}
}

func TestWhatLastsIsToldHourly(t *testing.T) {
	failing := func(outcome result.Outcome) *result.Report {
		r := quiet()
		r.Decisions = []result.Decision{{Flow: "f", Execution: "e", Rule: "r", Outcome: outcome, RequestID: "q"}}
		return r
	}
	undecided, broken, tight := quiet(), quiet(), quiet()
	undecided.Undecided = []result.Undecided{{Flow: "f", Execution: "e", Rule: "r", Error: "x"}}
	broken.Errors = []result.ErrorNote{{Code: "AccessDenied", Message: "x", Count: 1}}
	tight.Errors = []result.ErrorNote{{Code: "Demand", Message: "x", Count: 1}}
	for name, r := range map[string]*result.Report{
		"withheld": withholding(), "failed": failing(result.Failed), "still running": failing(result.StillRunning), "undecided": undecided, "an error": broken,
	} {
		t.Run(name, func(t *testing.T) {
			wantMinutes(t, minutes(t, 150, func(int) *result.Report { return r }), 0, 60, 120)
		})
	}
	t.Run("stops", func(t *testing.T) {
		wantMinutes(t, minutes(t, 3, func(int) *result.Report { return failing(result.Stopped) }), 0, 1, 2)
	})
	over, waiting := quiet(), failing(result.NotTried)
	over.Errors = []result.ErrorNote{{Code: "NoRule", Message: "x", Count: 1}}
	for name, r := range map[string]*result.Report{"tight looks": tight, "an alarm that is over": over, "a stop that waits for its turn": waiting} {
		t.Run(name, func(t *testing.T) {
			wantMinutes(t, minutes(t, 3, func(int) *result.Report { return r }))
		})
	}
}

// TestWithholdingBeginsAnew once a whole sweep has seen its end; a sweep that
// saw half of what there is hasn't.
func TestWithholdingBeginsAnew(t *testing.T) {
	wantMinutes(t, minutes(t, 10, func(minute int) *result.Report {
		switch minute {
		case 3: // incomplete
			r := quiet()
			r.Complete = false
			return r
		case 6:
			return quiet()
		}
		return withholding()
	}), 0, 7)
}

// TestWhatIsNewIsTold beside what was told already.
func TestWhatIsNewIsTold(t *testing.T) {
	wantMinutes(t, minutes(t, 6, func(minute int) *result.Report {
		r := withholding()
		for i := range minute / 2 { // one more in every second minute
			r.Undecided = append(r.Undecided, result.Undecided{Flow: "f", Execution: strings.Repeat("e", i+1), Rule: "r"})
		}
		return r
	}), 0, 2, 4)
}

// TestPlansAreToldOnce an execution, however often a report has them, and also where a
// channel was down when its only report came.
func TestPlansAreToldOnce(t *testing.T) {
	plans := func(executions ...string) *result.Report {
		r := quiet()
		for _, e := range executions {
			r.Decisions = append(r.Decisions, result.Decision{Flow: "f", Execution: e, Rule: "r", Outcome: result.Planned})
		}
		return r
	}
	t.Run("reported in every sweep", func(t *testing.T) {
		wantMinutes(t, minutes(t, 150, func(int) *result.Report { return plans("a", "b") }), 0)
	})
	t.Run("one more", func(t *testing.T) {
		wantMinutes(t, minutes(t, 150, func(minute int) *result.Report {
			if minute < 90 {
				return plans("a")
			}
			return plans("a", "b")
		}), 0, 90)
	})
	t.Run("another of its name", func(t *testing.T) {
		wantMinutes(t, minutes(t, 3, func(minute int) *result.Report {
			r := plans("a")
			r.Decisions[0].StartedTime = finished.Add(time.Duration(minute/2) * time.Hour)
			return r
		}), 0, 2)
	})
	t.Run("reported once, to a channel that is down", func(t *testing.T) {
		wantMinutes(t, minutes(t, 90, func(minute int) *result.Report {
			if minute == 1 {
				return plans("a")
			}
			return quiet()
		}, 1, 2), 3)
	})
}

// TestStopsThatCouldNotBeToldAreToldLater, once, beside the later ones; and by a channel
// that hears of none, never.
func TestStopsThatCouldNotBeToldAreToldLater(t *testing.T) {
	server := newReceiver(t, policy.Webhook)
	url := server.URL + "/"
	notifier := newNotifier(t, []policy.Channel{
		{Name: "a", Kind: policy.Webhook, URL: url},
		{Name: "b", Kind: policy.Webhook, URL: url, On: []policy.News{policy.NewsFailed}},
	}, notify.Options{})
	for minute, want := range []string{"", "", "0 1 2", "3", ""} {
		r := quiet()
		if minute < 4 {
			r.Decisions = []result.Decision{{Flow: "f", Execution: fmt.Sprint(minute), Rule: "r", Outcome: result.Stopped}}
		}
		if server.status = 500; minute > 1 {
			server.status = 200
		}
		server.came = nil
		notifier.Send(t.Context(), r)
		var named []string
		for _, came := range server.came {
			var m notify.Message
			if err := json.Unmarshal(came.body, &m); err != nil || m.Stopped.Count != len(m.Stopped.Items) {
				t.Errorf("%s: error %v", came.body, err)
			}
			for _, item := range m.Stopped.Items {
				named = append(named, item.Execution)
			}
		}
		if got := strings.Join(named, " "); server.status == 200 && got != want {
			t.Errorf("minute %d: told of %q, want %q", minute, got, want)
		}
	}
}

// TestWhatWaitsIsBounded: a channel that is down for days is told of 1,000 plans, and
// then of no more that were before.
func TestWhatWaitsIsBounded(t *testing.T) {
	server, now := newReceiver(t, policy.Webhook), finished
	notifier := newNotifier(t, []policy.Channel{{Name: "a", Kind: policy.Webhook, URL: server.URL + "/", On: []policy.News{policy.NewsPlanned}}},
		notify.Options{Now: func() time.Time { return now }})
	server.status = 500
	for sweep := range 5 {
		r := quiet()
		for i := range 400 {
			r.Decisions = append(r.Decisions, result.Decision{Flow: "f", Execution: fmt.Sprint(sweep, "-", i), Rule: "r", Outcome: result.Planned})
		}
		notifier.Send(t.Context(), r)
	}
	server.status, server.came = 200, nil
	notifier.Send(t.Context(), quiet())
	var m notify.Message
	if err := json.Unmarshal(server.only(t).body, &m); err != nil || m.Planned.Count != 1000 {
		t.Errorf("told of %d, error %v", m.Planned.Count, err)
	}
	server.came = nil
	notifier.Send(t.Context(), quiet())
	if server.at("/") != 0 {
		t.Error("told once more")
	}
}

// TestWhatCouldNotBeToldIsToldNext, and by each channel's own memory.
func TestWhatCouldNotBeToldIsToldNext(t *testing.T) {
	wantMinutes(t, minutes(t, 70, func(int) *result.Report { return withholding() }, 0, 1), 2, 62)
}

// TestWhatCannotBeToldSilencesNoOthers: a stop that the channel's own template can't be
// filled in with, or that the far end refuses, doesn't come again with each later message.
func TestWhatCannotBeToldSilencesNoOthers(t *testing.T) {
	for name, template := range map[string]string{"the template": `{{range .Stopped.Items}}{{slice .Execution 0 5}} {{end}}`, "the far end": ""} {
		server := newReceiver(t, policy.Webhook)
		server.refuses = `"run"`
		notifier := newNotifier(t, []policy.Channel{{Name: "a", Kind: policy.Webhook, URL: server.URL + "/", Template: template}}, notify.Options{})
		var told []string
		for _, execution := range []string{"first", "run", "", "later", "latest"} {
			server.came = nil
			r := quiet()
			if execution != "" {
				r.Decisions = []result.Decision{{Flow: "f", Execution: execution, Rule: "r", Outcome: result.Stopped}}
			}
			errs := notifier.Send(t.Context(), r)
			taken := execution == "first" || execution == "latest"
			if len(errs) > 0 == taken {
				t.Errorf("%s, %s: %v", name, execution, errs)
			}
			for _, came := range server.came {
				var m notify.Message
				if err := json.Unmarshal(came.body, &m); err != nil {
					t.Error(err)
				}
				for _, item := range m.Stopped.Items {
					if item.Execution != "run" && m.Stopped.Count == 1 {
						told = append(told, item.Execution)
					}
				}
			}
		}
		if got := strings.Join(told, " "); got != "first later latest" {
			t.Errorf("%s: told of %s", name, got)
		}
	}
}
