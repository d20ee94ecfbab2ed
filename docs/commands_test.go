package docs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A command of a document, and what the document shows of its output.
type command struct {
	file  string
	line  int
	text  string
	shown []string
}

func (c command) String() string { return fmt.Sprintf("%s:%d: $ %s", c.file, c.line, c.text) }

// elsewhere begins what can't be run on any machine: it changes the cloud.
var elsewhere = regexp.MustCompile(`^(aliyun|make|deploy/)`)

// commands are what a document's blocks of console hold, in their order. A
// command goes on for as long as its lines end in a backslash.
func commands(t *testing.T, file string) []command {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []command
	inside, goesOn, indent := false, false, ""
	for i, line := range strings.Split(string(text), "\n") {
		if unindented := strings.TrimLeft(line, " "); strings.HasPrefix(unindented, "```") {
			inside, indent = !inside && strings.HasPrefix(unindented, "```console"), line[:len(line)-len(unindented)]
			continue
		}
		line := strings.TrimPrefix(line, indent)
		switch {
		case !inside:
		case goesOn:
			all[len(all)-1].text += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case strings.HasPrefix(line, "$ "):
			all = append(all, command{file: file, line: i + 1, text: line[2:]})
			goesOn = strings.HasSuffix(line, `\`)
		case len(all) > 0:
			last := &all[len(all)-1]
			last.shown = append(last.shown, line)
		}
	}
	return all
}

// showsWhatHappened says whether the lines that a document shows are in what a
// command printed, in this order. … stands for any text within a line.
func showsWhatHappened(shown []string, printed string) error {
	lines := strings.Split(printed, "\n")
	for _, line := range shown {
		parts := strings.Split(strings.TrimRight(line, " "), "…")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		wanted := regexp.MustCompile("^" + strings.Join(parts, ".*") + " *$")
		for len(lines) > 0 && !wanted.MatchString(lines[0]) {
			lines = lines[1:]
		}
		if len(lines) == 0 {
			return fmt.Errorf("it doesn't print %q there", line)
		}
		lines = lines[1:]
	}
	return nil
}

// A machine is a clone in which everything is built, as a document's reader has
// one, and a shell in it.
type machine struct {
	dir      string
	env      []string
	status   int    // of the last command
	emulator string // the address of the one that the document started
}

// environ is this process's environment without variables of flowreaper's, which
// tests have too.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "FLOWREAPER_") })
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{dir: t.TempDir(), env: append(environ(), "NO_COLOR=1", "XDG_STATE_HOME="+t.TempDir())}
	if err := os.WriteFile(filepath.Join(m.dir, ".exports"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"deploy", "testdata"} {
		if err := os.Symlink(filepath.Join(root, folder), filepath.Join(m.dir, folder)); err != nil {
			t.Fatal(err)
		}
	}
	for program, main := range map[string]string{"flowreaper": "./cmd/flowreaper", "flowreaper-function": "./function"} {
		build := exec.Command("go", "build", "-o", filepath.Join(m.dir, "bin", program), main)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", program, err, out)
		}
	}
	return m
}

// The address at which documents start the emulator; here it takes a free port.
const documented = "127.0.0.1:8790"

// run runs a command. What it exports and its status ($?), the next one has.
func (m *machine) run(t *testing.T, c command) (printed string, status int) {
	t.Helper()
	if strings.HasPrefix(c.text, "bin/flowreaper emulate") {
		return m.emulate(t, c), 0
	}
	text := strings.ReplaceAll(c.text, documented, m.emulator)
	exports := filepath.Join(m.dir, ".exports")
	cmd := exec.CommandContext(t.Context(), "bash", "-c",
		fmt.Sprintf(". %[1]s\n(exit %[2]d)\n%[3]s\nstatus=$?; export -p >%[1]s; exit $status", exports, m.status, text))
	cmd.Dir, cmd.Env = m.dir, m.env
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s\n%v", c, err)
	}
	m.status = cmd.ProcessState.ExitCode()
	return strings.ReplaceAll(string(out), m.emulator, documented), m.status
}

// emulate starts the emulator, which ends with the test.
func (m *machine) emulate(t *testing.T, c command) string {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(c.text, documented, "127.0.0.1:0"))
	if args[len(args)-1] == "&" {
		args = args[:len(args)-1]
	}
	cmd := exec.Command(filepath.Join(m.dir, args[0]), args[1:]...)
	cmd.Dir, cmd.Env = m.dir, m.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	var serving struct{ Endpoint string }
	if err := json.Unmarshal([]byte(line), &serving); err != nil {
		t.Fatalf("%s: %v\n%s", c, err, line)
	}
	m.emulator = strings.TrimPrefix(serving.Endpoint, "http://")
	return strings.ReplaceAll(line, m.emulator, documented)
}

// TestEmergencyStopCommands runs what docs/emergency-stop.md says, in its order,
// but for what needs a cloud, and compares it with what it shows.
func TestEmergencyStopCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds both programs")
	}
	m, ran := newMachine(t), 0
	all := commands(t, "emergency-stop.md")
	for i, c := range all {
		if elsewhere.MatchString(c.text) {
			continue
		}
		ran++
		printed, status := m.run(t, c)
		if testing.Verbose() {
			t.Logf("%s\n%s", c, printed)
		}
		if tells := i+1 < len(all) && all[i+1].text == "echo $?"; status != 0 && !tells {
			t.Errorf("%s\nstatus %d:\n%s", c, status, printed)
		}
		if err := showsWhatHappened(c.shown, printed); err != nil {
			t.Errorf("%s\n%v, but:\n%s", c, err, printed)
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were run", ran)
	}
}

func TestShowsWhatHappened(t *testing.T) {
	for _, test := range []struct {
		name, shown, printed string
		want                 bool
	}{
		{"all of it", "a\nb", "a\nb\n", true},
		{"some of it", "b", "a\nb\nc\n", true},
		{"another order", "b\na", "a\nb\n", false},
		{"twice what is there once", "a\na", "a\n", false},
		{"part of a line", "a", "ab\n", false},
		{"a line with a gap", "ran … ago", "ran 3h ago\n", true},
		{"a gap hides no difference beside it", "ran … ago", "ran 3h hence\n", false},
		{"a line of nothing but a gap", "…\nb", "a\nb\n", true},
		{"signs of regular expressions", "a.c", "abc\n", false},
	} {
		if err := showsWhatHappened(strings.Split(test.shown, "\n"), test.printed); (err == nil) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
