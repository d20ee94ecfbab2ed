package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aliyunHere stands in for the aliyun CLI: it keeps the arguments of each call, a line each
// that ends with a zero.
const aliyunHere = "#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done >>calls\nprintf '\\n\\0' >>calls\n"

// TestFleetCommands runs the commands for RAM of docs/fleet.md, as they stand there, on the
// fleet that it shows: every document goes to the role that it is of, in that role's account.
func TestFleetCommands(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("there is no jq on this machine")
	}
	dir := fleetShown(t)
	calls := runRAM(t, dir)
	var want struct {
		Policies []any
		Roles    []struct {
			Role          string
			Trust, Policy any
		}
	}
	read(t, filepath.Join(dir, "ram.json"), &want)
	names := map[string]string{"1968132000123456": "payments", "1779024000654321": "sandbox"}
	expected := map[string]any{"/flowreaper-fleet-places": want.Policies[0]}
	for document, file := range map[string]string{"/flowreaper-fleet trust": "trust.json", "/flowreaper-fleet": "fleet.json"} {
		var d any
		read(t, filepath.Join(dir, "deploy", "ram", file), &d)
		expected[document] = d
	}
	for _, r := range want.Roles {
		account, name, _ := strings.Cut(strings.TrimPrefix(r.Role, "acs:ram::"), ":role/")
		expected[names[account]+"/"+name+" trust"], expected[names[account]+"/"+name] = r.Trust, r.Policy
	}
	made := map[string]any{}
	for _, c := range calls {
		c.make(t, made)
	}
	delete(made, "/flowreaper-state-cn-hangzhou") // deploy/README.md's
	if diff := cmp.Diff(expected, made); diff != "" {
		t.Errorf("-needed +made:\n%s", diff)
	}
}

// fleetShown is a clone's root with the fleet that the page shows, and the terminal.
func fleetShown(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	page, err := os.ReadFile("fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```yaml\n# fleet.yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	const rules = "version: 1\nmode: enforce\nrules: [{name: r, maxRuntime: 2h}]\n"
	for name, text := range map[string]string{"fleet.yaml": shown, "policy.yaml": rules, "policies/production.yaml": rules, "policies/sandbox.yaml": rules, "on/aliyun": aliyunHere} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "deploy"), filepath.Join(dir, "deploy")); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "bin", "flowreaper"), "./cmd/flowreaper")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

var blocks = regexp.MustCompile("(?s)\n```\n(\\$.*?)\n```\n")

// runRAM runs the blocks that call aliyun ram or print what it is told, and returns the calls.
func runRAM(t *testing.T, dir string) (calls []call) {
	t.Helper()
	page, err := os.ReadFile("fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range blocks.FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[1], "aliyun ram ") || strings.Contains(block[1], "--profile") || strings.Contains(block[1], "ram-policy") {
			script += strings.ReplaceAll("\n"+block[1], "\n$ ", "\n") + "\n"
		}
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir, cmd.Env = dir, append(environ(), "PATH="+filepath.Join(dir, "on")+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s%s", err, script, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x00\n\x00"), "\x00\n\x00") {
		calls = append(calls, newCall(strings.Split(line, "\x00")))
	}
	return calls
}

// call is one of aliyun ram's operations.
type call struct {
	operation string
	given     map[string]string
}

func newCall(args []string) call {
	c := call{given: map[string]string{}}
	for i := 0; i < len(args); i++ {
		if name, flag := strings.CutPrefix(args[i], "--"); flag && i+1 < len(args) {
			c.given[name] = args[i+1]
			i++
		} else {
			c.operation = args[i]
		}
	}
	return c
}

// make keeps the document of a call: a role's trust, or a policy by its name, in a profile's
// account. A policy is attached to a role that is there.
func (c call) make(t *testing.T, made map[string]any) {
	t.Helper()
	in := c.given["profile"] + "/"
	switch c.operation {
	case "CreateRole":
		made[in+c.given["RoleName"]+" trust"] = document(t, c.given["AssumeRolePolicyDocument"])
	case "UpdateRole":
		made[in+c.given["RoleName"]+" trust"] = document(t, c.given["NewAssumeRolePolicyDocument"])
	case "CreatePolicy", "CreatePolicyVersion":
		made[in+c.given["PolicyName"]] = document(t, c.given["PolicyDocument"])
	case "AttachPolicyToRole", "DetachPolicyFromRole":
		for _, what := range []string{c.given["RoleName"] + " trust", c.given["PolicyName"]} {
			if made[in+what] == nil || c.given["PolicyType"] != "Custom" {
				t.Errorf("%v: there is no %s", c, in+what)
			}
		}
	default:
		t.Errorf("%v is unknown here", c)
	}
}

func document(t *testing.T, text string) (d any) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewBufferString(text)).Decode(&d); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return d
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", file, err))
	}
}
