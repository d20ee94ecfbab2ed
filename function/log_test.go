package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowreaper/flowreaper/internal/notify"
	"github.com/flowreaper/flowreaper/internal/plain/plaintest"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// Whoever follows the log, or prints an answer, sees no line turned around and no
// terminal driven, whatever flows and executions are called.
func TestTheLogDeceivesNobody(t *testing.T) {
	f, log := working("http://127.0.0.1:1")
	report, decision := &result.Report{}, result.Decision{}
	plaintest.Fill(report)
	plaintest.Fill(&decision)
	hostile := errors.New(plaintest.Hostile)
	f.logDecision(plaintest.Hostile, decision)
	f.logReport(report, nil)
	f.logReport(report, hostile)
	f.logFailure("failed", hostile)
	f.log.Warn("state", "file", plaintest.Hostile, slog.Any("doubts", hostile))
	(&notifier{log: f.log}).warn([]*notify.Error{{Channel: plaintest.Hostile, Text: plaintest.Hostile}})
	plaintest.Check(t, log.String())
	logged := lines(t, log)
	if len(logged) != 6 || logged[0]["flow"] != plaintest.Hostile {
		t.Errorf("the lines say something else: %v", logged)
	}
	answered, _ := answerError(hostile).(messages.InvokeResponse_Error) //nolint:errorlint // so does the SDK
	if want := "x\\x1b[2J\\u009b31m\\x0d\n\\u202e\\u2066\\u200b\\ufeff\\u2028\\U000e0041y"; answered.Message != want {
		t.Errorf("%q, want %q", answered.Message, want)
	}
}

func TestTheAnswerDeceivesNobody(t *testing.T) {
	endpoint, _ := emptyAccount(t)
	f, _ := working(endpoint)
	want := &result.Report{}
	plaintest.Fill(want)
	f.sweep = func(context.Context, sweep.Options) (*result.Report, error) { return want, nil }
	answered, err := f.answer(withCredentials(t.Context(), someone), timerEvent(t))
	if err != nil {
		t.Fatal(err)
	}
	plaintest.Check(t, string(answered))
	got := &result.Report{}
	if err := json.Unmarshal(answered, got); err != nil {
		t.Fatal(err)
	}
	kept := cmpopts.IgnoreFields(result.Warning{}, "FlowKey", "RuleID") // what nobody but the function needs
	if diff := cmp.Diff(want, got, kept); diff != "" {
		t.Errorf("(-report +answer):\n%s", diff)
	}
}
