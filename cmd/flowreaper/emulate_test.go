package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleAccount = "../../testdata/accounts/example.yaml"

// The built binary says where it serves, serves there, and ends well on both
// signals.
func TestEmulateServesUntilASignal(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "flowreaper")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			command := exec.Command(binary, "emulate", "--listen", "127.0.0.1:0", "--account", exampleAccount)
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer command.Process.Kill()
			checkServes(t, endpointOf(t, stdout))
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil {
				t.Errorf("it ends with %v, want status 0", err)
			}
		})
	}
}

// endpointOf reads the one line that emulate prints.
func endpointOf(t *testing.T, stdout io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var printed struct{ Endpoint string }
	if err := json.Unmarshal([]byte(line), &printed); err != nil {
		t.Fatal(err)
	}
	if want := `{"endpoint":"` + printed.Endpoint + "\"}\n"; line != want {
		t.Errorf("it prints %q, want %q", line, want)
	}
	return printed.Endpoint
}

func checkServes(t *testing.T, endpoint string) {
	t.Helper()
	answer, err := http.Get(endpoint + "/_emulator/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if want := `{"calls":{},"throttled":0,"stops":[]}` + "\n"; err != nil || string(body) != want {
		t.Errorf("its statistics are %q, %v; want %q", body, err, want)
	}
}

func TestEmulateRefuses(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(wrong, []byte("flows:\n  - nam: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "flowreaper: emulate needs --account FILE, such as testdata/accounts/demo.yaml\nSee 'flowreaper emulate --help'\n"},
		{[]string{"--account", "absent.yaml"}, "flowreaper: the account file can't be read: open absent.yaml: no such file or directory\n"},
		{[]string{"--account", wrong}, "flowreaper: " + wrong + ":2:5: unknown field \"nam\"\n      - nam: a\n        ^\n"},
		{[]string{"--account", exampleAccount, "--listen", "0.0.0.0:0"}, "flowreaper: --listen: the emulator listens on loopback only, and \"0.0.0.0\" is not: use 127.0.0.1, ::1 or localhost\n"},
		{[]string{"--account", exampleAccount, "--quota", "maybe"}, "flowreaper: --quota is on or off, not \"maybe\"\n"},
		{[]string{"--account", exampleAccount, "--latency", "20"}, "flowreaper: --latency: \"20\" is not a duration: it has no unit; of seconds write 20s\nSee 'flowreaper emulate --help'\n"},
		{[]string{"--account", exampleAccount, "--latency", "-1s"}, "flowreaper: --latency: \"-1s\" is not a duration: write it like 90s, 2h30m or 1.5d (ms, s, m, h, d, w)\nSee 'flowreaper emulate --help'\n"},
		{[]string{"--account", exampleAccount, "--access-key", "id"}, "flowreaper: --access-key: an access key is given as ID:SECRET, or ID:SECRET:TOKEN for temporary credentials\n"},
		{[]string{"more"}, "flowreaper: emulate takes no arguments, only flags, but \"more\" is none\nSee 'flowreaper emulate --help'\n"},
		{[]string{"--port", "1"}, "flowreaper: unknown flag: --port\nSee 'flowreaper emulate --help'\n"},
	} {
		status, stderr := runEmulate(t, test.args...)
		if diff := cmp.Diff(test.want, stderr); status != statusUsage || diff != "" {
			t.Errorf("%q: status %d, want %d; (-want +got):\n%s", test.args, status, statusUsage, diff)
		}
	}
}

// An address that is taken is nobody's wrong usage.
func TestEmulateOnATakenAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	status, stderr := runEmulate(t, "--account", exampleAccount, "--listen", address)
	if want := "flowreaper: listen tcp " + address + ": bind: address already in use\n"; status != statusFailed || stderr != want {
		t.Errorf("status %d, %q; want %d, %q", status, stderr, statusFailed, want)
	}
}

func runEmulate(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	var errors bytes.Buffer
	terminal := &terminal{in: &bytes.Buffer{}, out: io.Discard, err: &errors, getenv: func(string) string { return "" }}
	return terminal.run(t.Context(), append([]string{"emulate"}, args...)), errors.String()
}
