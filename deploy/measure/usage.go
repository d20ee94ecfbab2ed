package main

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
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
	process, err := procfs.NewProc(pid)
	if err != nil {
		return usage{}, fmt.Errorf("only Linux tells what a process uses: %w", err)
	}
	status, err := process.NewStatus()
	if err != nil {
		return usage{}, err
	}
	u := usage{resident: int64(status.VmRSS), peak: int64(status.VmHWM)}
	threads, err := procfs.AllThreads(pid)
	if err != nil {
		return usage{}, err
	}
	for _, thread := range threads {
		ran, err := thread.Schedstat()
		if err != nil {
			return usage{}, err
		}
		u.cpu += time.Duration(ran.RunningNanoseconds)
	}
	return u, nil
}
