package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// usage is what Linux tells of a process.
type usage struct {
	cpu            time.Duration // of all its threads, since its start
	resident, peak int64         // bytes
}

// usageOf adds up the threads' schedstat, which counts nanoseconds, where the
// process's own stat counts hundredths of a second. A thread that has ended
// counts no more; Go's threads seldom do.
func usageOf(pid int) (usage, error) {
	proc := fmt.Sprintf("/proc/%d", pid)
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return usage{}, fmt.Errorf("only Linux tells what a process uses: %w", err)
	}
	u := memoryOf(string(status))
	threads, err := filepath.Glob(filepath.Join(proc, "task", "*", "schedstat"))
	if err != nil {
		return usage{}, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return usage{}, err
		}
		var run int64
		if _, err := fmt.Sscan(string(text), &run); err != nil {
			return usage{}, fmt.Errorf("%s: %w", thread, err)
		}
		u.cpu += time.Duration(run)
	}
	return u, nil
}

func memoryOf(status string) usage {
	var u usage
	for line := range strings.Lines(status) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			u.resident = kilobytes << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			u.peak = kilobytes << 10
		}
	}
	return u
}
