package deploy

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// alarms runs deploy/alarms.sh with a stand-in for the aliyun CLI and returns
// the arguments of each call.
func alarms(t *testing.T, args ...string) ([][]string, string, error) {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	writeFile(t, calls, "")
	aliyun := filepath.Join(dir, "aliyun")
	writeFile(t, aliyun, "#!/bin/sh\nprintf '%s\\n' \"$@\" END >>"+calls+"\n")
	if err := os.Chmod(aliyun, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(repository(t), "deploy", "alarms.sh"), args...)
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	var all [][]string
	for call := range strings.SplitSeq(strings.TrimSuffix(string(readFile(t, calls)), "END\n"), "END\n") {
		all = append(all, strings.Split(strings.TrimSuffix(call, "\n"), "\n"))
	}
	return all, string(out), err
}

func TestAlarms(t *testing.T) {
	alarm := func(function, name, metric, operator, threshold, times string, more ...string) []string {
		return append([]string{"cms", "PutResourceMetricRule", "--region", "cn-shanghai",
			"--RuleId", name, "--RuleName", name, "--Namespace", "acs_fc", "--MetricName", metric,
			"--Resources", `[{"region":"cn-shanghai","functionName":"` + function + `"}]`,
			"--ContactGroups", "on-call", "--Period", "60", "--SilenceTime", "3600",
			"--Escalations.Critical.Statistics", "Sum", "--Escalations.Critical.ComparisonOperator", operator,
			"--Escalations.Critical.Threshold", threshold, "--Escalations.Critical.Times", times}, more...)
	}
	for _, test := range []struct {
		args []string
		want [][]string
	}{
		{[]string{"cn-shanghai", "on-call", "Sum"}, [][]string{
			alarm("flowreaper", "flowreaper-failed-cn-shanghai", "FunctionFunctionErrors", "GreaterThanThreshold", "0", "1"),
			alarm("flowreaper", "flowreaper-missing-cn-shanghai", "FunctionTotalInvocations", "LessThanThreshold", "1", "5",
				"--NoDataPolicy", "INSUFFICIENT_DATA"),
		}},
		{[]string{"--emergency", "cn-shanghai", "on-call", "Sum"}, [][]string{
			alarm("flowreaper-emergency", "flowreaper-emergency-failed-cn-shanghai", "FunctionFunctionErrors", "GreaterThanThreshold", "0", "1"),
			alarm("flowreaper-emergency", "flowreaper-emergency-dropped-cn-shanghai", "FunctionAsyncEventExpiredDropped", "GreaterThanThreshold", "0", "1"),
		}},
	} {
		calls, out, err := alarms(t, test.args...)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(test.want, calls); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.args, diff)
		}
		for _, call := range calls {
			if !json.Valid([]byte(call[13])) {
				t.Errorf("the resources aren't JSON: %s", call[13])
			}
		}
	}
}

func TestAlarmsWithoutArguments(t *testing.T) {
	_, out, err := alarms(t)
	var exit *exec.ExitError
	if want := "usage: deploy/alarms.sh [--emergency] REGION CONTACT-GROUP [STATISTICS]\n"; out != want || !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("%v, %q, want exit status 2, %q", err, out, want)
	}
}
