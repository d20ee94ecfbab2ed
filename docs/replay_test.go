package docs

import (
	"bufio"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestReplay runs the demo of docs/replay.md, and holds the document to it.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	bin := t.TempDir()
	for _, program := range []string{"./cmd/flowreaper", "./scripts/replay-demo"} {
		build := exec.Command("go", "build", "-o", bin, program)
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	demo := func(args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, "replay-demo"), append([]string{"-bin", bin}, args...)...)
		c.Env = append(os.Environ(), "NO_COLOR=1", "FLOWREAPER_MODE=off", "ALIBABA_CLOUD_SECURITY_TOKEN=one's own") // what people have set is not for it
		return c
	}
	t.Run("whole", func(t *testing.T) { replayWhole(t, demo) })
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) { replayInterrupted(t, demo, signal) })
	}
}

// replayWhole: all that the document shows of the way to an enforced policy, commands,
// output and pictures, is what the demo does, in this order.
func replayWhole(t *testing.T, demo func(args ...string) *exec.Cmd) {
	pictures, folder := t.TempDir(), filepath.Join(t.TempDir(), "replay")
	out, err := demo("-quota", "off", "-dir", folder, "-pictures", pictures).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	way := filepath.Join(t.TempDir(), "way.md")
	if err := os.WriteFile(way, []byte(part(t, "replay.md", "From an account never guarded to an enforced policy")), 0o666); err != nil {
		t.Fatal(err)
	}
	all, shown := commands(t, way), []string{}
	for _, c := range all {
		shown = append(append(shown, "$ "+c.text), c.shown...)
	}
	if err := showsWhatHappened(shown, string(out)); err != nil || len(all) < 10 {
		t.Errorf("of %d commands: %v, but:\n%s", len(all), err, out)
	}
	comparePictures(t, pictures)

	// Not over what is there.
	if out, err := demo("-dir", folder).CombinedOutput(); err == nil || string(out) != "replay-demo: "+folder+" is not empty: name another folder, or remove it\n" {
		t.Errorf("a second time into the same folder: %v\n%s", err, out)
	}
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// comparePictures holds the document's pictures to those that were made now.
func comparePictures(t *testing.T, folder string) {
	made, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("replay.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range made {
		now, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		then, err := os.ReadFile(filepath.Join("pictures", file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !alike(string(now), string(then)) {
			t.Errorf("docs/pictures/%s is not what the demo draws: make replay-pictures", file.Name())
		}
		if !strings.Contains(string(text), "](pictures/"+file.Name()+")") {
			t.Errorf("docs/replay.md doesn't show %s", file.Name())
		}
	}
	if kept, err := os.ReadDir("pictures"); err != nil || len(kept) != len(made) {
		t.Errorf("there are %d pictures, and the demo draws %d: %v", len(kept), len(made), err)
	}
}

// alike allows for what still runs: some seconds more or less of it move it by a hair.
func alike(a, b string) bool {
	const hair = 0.5
	return number.ReplaceAllString(a, "0") == number.ReplaceAllString(b, "0") &&
		slices.EqualFunc(number.FindAllString(a, -1), number.FindAllString(b, -1), func(a, b string) bool {
			x, errX := strconv.ParseFloat(a, 64)
			y, errY := strconv.ParseFloat(b, 64)
			return errX == nil && errY == nil && math.Abs(x-y) <= hair
		})
}

// replayInterrupted: whatever signal ends the demo, its emulator ends, too.
func replayInterrupted(t *testing.T, demo func(args ...string) *exec.Cmd, signal os.Signal) {
	folder, said := t.TempDir(), &strings.Builder{}
	run := demo("-dir", folder)
	run.Stderr = said
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if found := serving.FindStringSubmatch(lines.Text()); found != nil {
			address = found[1]
		}
	}
	if err := run.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if run.Wait(); run.ProcessState.ExitCode() != 130 || !strings.Contains(said.String(), "replay-demo: interrupted; what there is remains in "+folder+"\n") {
		t.Errorf("status %d:\n%s", run.ProcessState.ExitCode(), said)
	}
	if connection, err := net.Dial("tcp", address); err == nil {
		connection.Close()
		t.Errorf("an emulator still serves at %s", address)
	}
}

var serving = regexp.MustCompile(`^A CloudFlow on this machine, at http://(127\.0\.0\.1:\d+),`)
