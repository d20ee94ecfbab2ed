package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc/messages"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/fleet"
	"github.com/flowreaper/flowreaper/internal/result"
)

// aFleet writes a fleet of two places, and makes the function of it.
func aFleet(t *testing.T, env map[string]string) *theFleet { return aFleetTo(t, io.Discard, env) }

func aFleetTo(t *testing.T, log io.Writer, env map[string]string) *theFleet {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"fleet.yaml":  "version: 1\ndefaults: {policy: policy.yaml, region: cn-hangzhou, role: r}\nplaces: [{name: payments, account: 1}, {name: orders, account: 2}]\n",
		"policy.yaml": "version: 1\npolicy: p\nmode: enforce\nrules: [{name: r, maxRuntime: 2h}]\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]string{"FC_FUNC_CODE_PATH": folder, "FLOWREAPER_FLEET": "fleet.yaml", "FLOWREAPER_STATE": "/mnt/state/flowreaper.state"}
	for name, value := range env {
		all[name] = value
	}
	return newFleet(func(name string) string { return all[name] }, nil, newLog(log))
}

// An event names its place, wherever it says so; the rest of it is judged as it came.
func TestThePlaceOfAnEvent(t *testing.T) {
	f := aFleet(t, nil)
	if f.broken != nil {
		t.Fatal(f.broken)
	}
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for body, want := range map[string]string{
		`{"place":"orders"}`: `orders {"payload":"","triggerName":"fleet","triggerTime":"2026-03-04T12:00:00Z"}`,
		`{"triggerTime":"2026-03-04T12:00:00Z","triggerName":"t","payload":"{\"place\": \"payments\"}"}`: "payments ",
		`{"kind":"manual","place":"orders"}`:                                      "orders ",
		`{"alertName":"a","alertState":"ALERT","place":"orders"}`:                 "orders ",
		`{"specversion":"1.0","id":"1","source":"s","type":"t","place":"orders"}`: "orders ",
		`[{"a":1,"place":"orders"},{"place":"orders"}]`:                           "orders ",
	} {
		p, rest, err := f.placeOf([]byte(body), now)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if strings.HasSuffix(want, " ") {
			want += body
		}
		if got := p.of.Name + " " + string(rest); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// Every line that is written for a place names it, once.
func TestLinesNameTheirPlace(t *testing.T) {
	var lines bytes.Buffer
	f := aFleet(t, nil)
	for _, write := range []func(*function){
		func(p *function) { p.logDecision("run", result.Decision{Flow: "f", Execution: "e"}) },
		func(p *function) { p.logReport(&result.Report{Place: result.Place{Name: "orders"}}, nil) },
		func(p *function) { p.logFailure("failed", errors.New("x")) },
	} {
		lines.Reset()
		f.log = newLog(&lines)
		if err := f.open(func(string) string { return "" }); err != nil {
			t.Fatal(err)
		}
		write(f.places["orders"])
		if n := strings.Count(lines.String(), `"place":"orders"`); n != 1 {
			t.Errorf("named %d times: %s", n, lines.String())
		}
	}
}

// A new process says of each place that it sweeps, once, by which rules it judges: an alert
// asks which of them match nothing.
func TestAPlaceSaysWhatItBeginsWith(t *testing.T) {
	var log bytes.Buffer
	f := aFleetTo(t, &log, map[string]string{"FLOWREAPER_MODE": "plan"})
	for range 2 {
		_, _ = f.answer(t.Context(), []byte(`{"place":"orders"}`)) // its role can't be assumed
	}
	var got []string
	for _, line := range lines(t, &log)[1:] { // the first is the whole fleet's
		if line["msg"] != "start" {
			continue
		}
		got = append(got, fmt.Sprintf("%v %v %v %v %v %v", line["msg"], line["place"], line["policy"], line["rules"], line["mode"], line["hash"] == f.file.Places[0].Policy.Hash))
	}
	if diff := cmp.Diff([]string{"start orders p r plan true"}, got); diff != "" {
		t.Error(diff)
	}
}

// What names no place of the file does nothing, and says what would.
func TestNoPlaceOfAnEvent(t *testing.T) {
	f := aFleet(t, nil)
	const how = `: {"place": "NAME"}, by itself, beside what the event says, or in a timer's payload`
	for body, want := range map[string]string{
		`{"place":"order"}`:                         `there is no place "order" in the fleet; did you mean "orders"?`,
		`{"place":"../fleet"}`:                      `there is no place "../fleet" in the fleet; there are: payments, orders`,
		`{"place":""}`:                              `there is no place "" in the fleet; there are: payments, orders`,
		`{"plase":"orders"}`:                        `the event names no place; did you mean "place" by "plase"?`,
		`{"Place":"orders"}`:                        `the event names no place; did you mean "place" by "Place"?`,
		`{"place":["orders"]}`:                      `the event's place is no text` + how,
		`{"a":1}`:                                   `the event names no place of the fleet` + how,
		`{"kind":"manual"}`:                         `the event names no place of the fleet` + how,
		`[{"place":"orders"},{"a":1}]`:              `element 2 of 2: the event names no place of the fleet` + how,
		`[{"place":"orders"},{"place":"payments"}]`: `the array names the places "orders" and "payments": send an array a place`,
		`alertName=a&alertState=ALERT`:              `a fleet's event must be a JSON object, or an array of them, that names its place` + how,
		`{"triggerTime":"2026-03-04T12:00:00Z","triggerName":"t","payload":"orders"}`:                 `the timer's payload is "orders", and names no place` + how,
		`{"triggerTime":"2026-03-04T12:00:00Z","triggerName":"t","payload":"{\"palce\":\"orders\"}"}`: `the event names no place; did you mean "place" by "palce"?`,
		`{"place":"orders","place":"payments"}`:                                                       `event refused: line 1, column 19: the key "/place" is given twice; expected each key once`,
	} {
		_, err := f.answer(t.Context(), []byte(body))
		if got := answered(err); got != "FlowReaperEvent: "+want {
			t.Errorf("%s: %s\nwant %s", body, got, want)
		}
	}
}

// A place has its own file, and no fleet works without one, or beside what its file says.
func TestFleetSettings(t *testing.T) {
	f := aFleet(t, nil)
	if got := f.places["orders"].settings.state; got != "/mnt/state/flowreaper-orders.state" {
		t.Errorf("the state's file is %s", got)
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no state": {map[string]string{"FLOWREAPER_STATE": ""}, "FlowReaperConfig: FLOWREAPER_FLEET is set and FLOWREAPER_STATE isn't: a fleet's stops are counted in files, one a place; set it to a file on a mounted OSS bucket or NAS"},
		"a region": {map[string]string{"FLOWREAPER_REGION": "cn-beijing"}, "FlowReaperConfig: FLOWREAPER_FLEET and FLOWREAPER_REGION are set: the fleet's file says it for each place; unset FLOWREAPER_REGION"},
		"a policy": {map[string]string{"FLOWREAPER_POLICY": "policy.yaml"}, "FlowReaperConfig: FLOWREAPER_FLEET and FLOWREAPER_POLICY are set: the fleet's file says it for each place; unset FLOWREAPER_POLICY"},
		"no file":  {map[string]string{"FLOWREAPER_FLEET": "/none/fleet.yaml"}, "FlowReaperPolicy: the fleet /none/fleet.yaml does not exist: check its name and folder"},
	} {
		_, err := aFleet(t, test.env).answer(t.Context(), []byte(`{"place":"orders"}`))
		if got := answered(err); got != test.want {
			t.Errorf("%s: %s\nwant %s", name, got, test.want)
		}
	}
}

// FLOWREAPER_MODE=off holds a fleet, too: nothing is called.
func TestFleetOff(t *testing.T) {
	f := aFleet(t, map[string]string{"FLOWREAPER_MODE": "off"})
	text, err := f.answer(t.Context(), []byte(`{"place":"orders"}`))
	if err != nil || !strings.Contains(string(text), `"answered":"off"`) || !strings.Contains(string(text), `"place":"orders","account":"2"`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A place without a role is the function's own account's.
func TestPlaceOfAnotherAccount(t *testing.T) {
	f := aFleet(t, nil)
	f.places["orders"].of.Role = nil
	_, err := f.answer(t.Context(), []byte(`{"place":"orders"}`))
	const want = "FlowReaperCredentials: the place orders is in the account 2 and has no role, but the function is in : give the place a role of its account"
	if got := answered(err); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// answered is an error as Function Compute is told it.
func answered(err error) string {
	var e messages.InvokeResponse_Error
	if !errors.As(err, &e) {
		return "no error of the function's"
	}
	return e.Type + ": " + e.Message
}

// The flow that fans out hands the function, for each of its places, what names one of the
// fleet that the documentation shows.
func TestFlow(t *testing.T) {
	text, err := os.ReadFile("../deploy/fleet/flow.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var flow struct {
		States []struct {
			Type, ItemsPath  string
			InputConstructor struct{ Places []map[string]string }
			Processor        struct {
				States []struct {
					Action     string
					Parameters map[string]string
				}
			}
		}
	}
	if err := yaml.Unmarshal(lower(text), &flow); err != nil {
		t.Fatal(err)
	}
	each := flow.States[0]
	if len(flow.States) != 1 || each.Type != "Map" || each.ItemsPath != "$Input.places" || each.Processor.States[0].Action != "FC:InvokeFunction" || each.Processor.States[0].Parameters["body"] != "$Input" {
		t.Fatalf("%+v", flow)
	}
	page, err := os.ReadFile("../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```yaml\n# fleet.yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	file, err := fleet.Parse("fleet.yaml", []byte(shown), func(string) ([]byte, error) { return []byte("version: 1\nrules: [{name: r, maxRuntime: 2h}]\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	f := &theFleet{file: file, places: map[string]*function{}}
	for _, p := range file.Places {
		f.places[p.Name] = &function{of: p}
	}
	var named []string
	for _, item := range each.InputConstructor.Places {
		body, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := f.placeOf(body, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, p.of.Name)
	}
	if got := strings.Join(named, " "); got != "payments payments-shanghai sandbox" {
		t.Errorf("the flow names %s", got)
	}
}

// lower writes a flow's own keys as Go's YAML looks for them.
func lower(text []byte) []byte {
	return regexp.MustCompile(`(?m)^([ -]*)([A-Z]\w*):`).ReplaceAllFunc(text, bytes.ToLower)
}
