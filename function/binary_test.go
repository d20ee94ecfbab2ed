package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/fcruntime"
)

// build builds the function as it is deployed.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "flowreaper-function")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// Every cold start loads it, and every deployment sends it.
func TestBinarySize(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("Function Compute's go1 is linux/amd64")
	}
	info, err := os.Stat(build(t))
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(14 << 20); info.Size() > most {
		t.Errorf("the function's binary has %d bytes, at most %d are promised: what has come in (go tool nm -size -sort size)?", info.Size(), most)
	}
}

// A cold start waits for what packages set up: a regular expression that is compiled then
// shows, having some KiB.
func TestBinarySetsUpLittle(t *testing.T) {
	cmd := exec.Command(build(t))
	cmd.Env = append(fcruntime.Inherit(os.Environ()), "GODEBUG=inittrace=1")
	out, _ := cmd.CombinedOutput() // it ends at once: nobody started it as a function
	packages, total := regexp.MustCompile(`(?m)^init (github\.com/flowreaper/\S+) .* (\d+) bytes`).FindAllStringSubmatch(string(out), -1), 0
	for _, one := range packages {
		bytes, _ := strconv.Atoi(one[2])
		total += bytes
	}
	if most := 24 << 10; len(packages) < 5 || total > most {
		t.Errorf("%d packages set up %d bytes, at most %d: is a regular expression compiled that internal/pattern could have wait?\n%s", len(packages), total, most, out)
	}
}

func TestBinaryStartedByHand(t *testing.T) {
	binary := build(t)
	cmd := exec.Command(binary)
	cmd.Env = fcruntime.Inherit(os.Environ())
	out, err := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != 1 {
		t.Errorf("exit status %d (%v), want 1", status, err)
	}
	want := "This is flowreaper's function: Function Compute starts it (runtime go1), people don't.\n" +
		"On this machine: flowreaper invoke --function " + binary + " --event testdata/events/timer.json\n"
	if string(out) != want {
		t.Errorf("it says %q, want %q", out, want)
	}
}

// A function that can't work starts all the same, and says why in the answer of
// every invocation.
func TestBinaryThatCannotWork(t *testing.T) {
	binary := build(t)
	missing := filepath.Join(filepath.Dir(binary), "policy.yaml")
	robot := filepath.Join(t.TempDir(), "robot.yaml")
	text := "version: 1\nnotify: [{name: a, kind: webhook, urlEnv: FLOWREAPER_ROBOT}]\nrules: [{name: r, maxRuntime: 2h}]\n"
	if err := os.WriteFile(robot, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	unreadable := "the policy can't be read: open " + missing + ": no such file or directory; put it there, or set FLOWREAPER_POLICY to where it is"
	const known = "\nNothing is done until it is renamed, or unset. There are FLOWREAPER_ENDPOINT, FLOWREAPER_FLEET, FLOWREAPER_MODE, FLOWREAPER_POLICY, FLOWREAPER_RATES, " +
		"FLOWREAPER_REGION, FLOWREAPER_STATE, FLOWREAPER_TICK, and those that the policy names with urlEnv and secretEnv"
	for _, test := range []struct {
		name string
		env  []string
		typ  string
		want string
	}{
		{"no policy", []string{"FLOWREAPER_POLICY="}, "FlowReaperPolicy", unreadable},
		{"unknown mode", []string{"FLOWREAPER_MODE=stop"}, "FlowReaperConfig", `FLOWREAPER_MODE is "stop": set it to plan, off or enforce, or leave it unset (which is enforce); nothing is done until then`},
		{"a misspelt brake", []string{"FLOWREAPER_POLICY=" + robot, "FLOWREAPER_ROBOT=http://127.0.0.1:1/hush", "FLOWREAPER_MOD=off", "flowreaper_dry_run=true"}, "FlowReaperConfig",
			"FLOWREAPER_MOD is none of flowreaper's variables; did you mean FLOWREAPER_MODE?\n" +
				"flowreaper_dry_run is none of flowreaper's variables; did you mean FLOWREAPER_MODE=plan?" + known},
		{"one beside the brake itself", []string{"FLOWREAPER_POLICY=" + robot, "FLOWREAPER_ROBOT=http://127.0.0.1:1/hush", "FLOWREAPER_MODE=off", "FLOW_REAPER_TICK=5m"}, "FlowReaperConfig",
			"FLOW_REAPER_TICK is none of flowreaper's variables; did you mean FLOWREAPER_TICK?" + known},
		{"a misspelt policy", []string{"FLOWREAPER_POLCY=" + robot}, "FlowReaperConfig",
			"FLOWREAPER_POLCY is none of flowreaper's variables; did you mean FLOWREAPER_POLICY?" + known + "\n" + unreadable},
	} {
		t.Run(test.name, func(t *testing.T) {
			var logs strings.Builder
			rt, err := fcruntime.Start(t.Context(), fcruntime.Options{Binary: binary, Env: test.env, Logs: &logs})
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			for range 2 {
				_, err := rt.Invoke(t.Context(), fcruntime.Invocation{Event: timerEvent(t)})
				var answered *fcruntime.FunctionError
				if !errors.As(err, &answered) || answered.Type != test.typ || answered.Message != test.want {
					t.Errorf("error %v\nwant  %s: %s", err, test.typ, test.want)
				}
			}
			rt.Close()
			if n := strings.Count(logs.String(), `"msg":"failed","errorType":"`+test.typ); n != 2 {
				t.Errorf("%d lines about it, want 2:\n%s", n, logs.String())
			}
		})
	}
}
