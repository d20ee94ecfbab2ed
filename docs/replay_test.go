package docs

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// replayDemo is the demo, built, in a clone of which everything is built.
func replayDemo(t *testing.T) (m *machine, demo string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds three programs")
	}
	m = newMachine(t)
	demo = filepath.Join(m.dir, "bin", "replay-demo")
	build := exec.Command("go", "build", "-o", demo, "./scripts/replay-demo")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return m, demo
}

// TestReplay: all that docs/replay.md shows of the way to an enforced policy, commands,
// output and pictures, is what the demo does, in this order.
func TestReplay(t *testing.T) {
	m, demo := replayDemo(t)
	pictures := t.TempDir()
	run := exec.Command(demo, "-quota", "off", "-dir", "replay", "-pictures", pictures)
	run.Dir, run.Env = m.dir, m.env
	out, err := run.CombinedOutput()
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
	run = exec.Command(demo, "-dir", "replay")
	run.Dir, run.Env = m.dir, m.env
	if out, err := run.CombinedOutput(); err == nil || string(out) != "replay-demo: replay is not empty: name another folder, or remove it\n" {
		t.Errorf("a second time into the same folder: %v\n%s", err, out)
	}
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// comparePictures holds the document's pictures to those that were made now. What still
// runs has run some seconds longer or shorter each time, which moves it by a hair.
func comparePictures(t *testing.T, folder string) {
	const hair = 0.5
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
		different := !bytes.Equal(number.ReplaceAll(now, []byte("0")), number.ReplaceAll(then, []byte("0")))
		for i, a := range number.FindAllString(string(now), -1) {
			if different {
				break
			}
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(number.FindAllString(string(then), i+1)[i], 64)
			different = math.Abs(x-y) > hair
		}
		if different {
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

// TestReplayInterrupted: whatever signal ends the demo, its emulator ends, too.
func TestReplayInterrupted(t *testing.T) {
	m, demo := replayDemo(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			said := &strings.Builder{}
			run := exec.Command(demo, "-dir", fmt.Sprintf("interrupted-%s", strings.ReplaceAll(signal.String(), " ", "-")))
			run.Dir, run.Env, run.Stderr = m.dir, m.env, said
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
				if _, after, found := strings.Cut(lines.Text(), " at http"); found {
					endpoint, _, _ := strings.Cut("http"+after, ",")
					u, err := url.Parse(endpoint)
					if err != nil {
						t.Fatal(err)
					}
					address = u.Host
				}
			}
			if err := run.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if run.Wait(); run.ProcessState.ExitCode() != 130 || !strings.Contains(said.String(), "replay-demo: interrupted; what there is remains in "+m.dir) {
				t.Errorf("status %d:\n%s", run.ProcessState.ExitCode(), said)
			}
			if connection, err := net.Dial("tcp", address); err == nil {
				connection.Close()
				t.Errorf("an emulator still serves at %s", address)
			}
		})
	}
}
