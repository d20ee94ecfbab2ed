package sweep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// slowMount is a folder in which every operation takes its time.
type slowMount struct {
	mu     sync.Mutex
	random *rand.Rand
	most   time.Duration
}

func (m *slowMount) takes() {
	m.mu.Lock()
	d := time.Duration(m.random.Int64N(int64(m.most)))
	m.mu.Unlock()
	time.Sleep(d)
}

func (m *slowMount) Open(name string) (io.ReadCloser, error) { m.takes(); return os.Open(name) }
func (m *slowMount) Mkdir(name string) error                 { m.takes(); return os.Mkdir(name, 0o700) }
func (m *slowMount) Remove(name string) error                { m.takes(); return os.Remove(name) }

func (m *slowMount) Write(name string, parts ...[]byte) error {
	m.takes()
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return err
	}
	m.takes()
	err := os.WriteFile(name, bytes.Join(parts, nil), 0o600)
	m.takes()
	return err
}

func (m *slowMount) List(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	m.takes()
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Two processes with one state file, as the timer's and the event's function are
// deployed, find out at once that each has 60 to stop, which each alone may. What
// both stop is no more than one may.
func TestTwoProcessesTogetherKeepToTheLimits(t *testing.T) {
	for _, test := range []struct {
		limits  string
		allowed int
	}{
		{"{maxStops: 100, per: 1h, maxShare: 100%}", 100},
		{"{maxStops: 1000, per: 1h, maxShare: 50%, floor: 3}", 90}, // of the 180 that run
	} {
		most := 0
		for seed := range uint64(8) {
			stops, withheld := sweepTogether(t, seed, test.limits)
			if stops > test.allowed {
				t.Errorf("%s, seed %d: %d stops were tried, %d are allowed", test.limits, seed, stops, test.allowed)
			}
			if withheld == 0 {
				t.Errorf("%s, seed %d: neither was withheld", test.limits, seed)
			}
			most = max(most, stops)
		}
		if most == 0 {
			t.Error("none was stopped, so this proves nothing")
		}
	}
}

func sweepTogether(t *testing.T, seed uint64, limits string) (stops, withheld int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		mount := &slowMount{random: rand.New(rand.NewPCG(seed, 0)), most: 100 * time.Millisecond}
		var group sync.WaitGroup
		var mu sync.Mutex
		for i := range 2 {
			text := strings.Replace(twoHours, "{maxStops: 100, maxShare: 100%}", limits, 1)
			p := parse(t, text+fmt.Sprintf("    when: execution.name endsWith %q\n", "ab"[i:i+1]))
			c := newCloud(map[string][]cloudflow.Execution{"f": mixed(60)})
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			c.onStop = func(context.Context, string) error {
				time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
				return nil
			}
			o := c.options(p)
			o.Now = time.Now
			memory, err := sweep.NewMemory(sweep.MemoryOptions{File: file, Mount: mount})
			if err != nil {
				t.Fatal(err)
			}
			o.Memory = memory
			group.Go(func() {
				_, err := sweep.Run(context.Background(), o)
				mu.Lock()
				defer mu.Unlock()
				stops += len(c.stopped())
				if codeOf(err) == result.CodeWithheld {
					withheld++
				}
			})
		}
		group.Wait()
	})
	return stops, withheld
}

// mixed is executions of which so many end on a, as many on b, and are overdue;
// and as many are young.
func mixed(n int) (all []cloudflow.Execution) {
	for i := range n {
		for kind, age := range map[string]time.Duration{"a": 3 * time.Hour, "b": 3 * time.Hour, "young": time.Hour} {
			all = append(all, cloudflow.Execution{Name: fmt.Sprint("e", i, kind), Status: "Running", StartedTime: time.Now().Add(-age), InputFetched: true})
		}
	}
	return all
}
