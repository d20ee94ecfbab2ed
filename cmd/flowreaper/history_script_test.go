package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowreaper/flowreaper/internal/history"
)

// madeUpHistory writes a history of flows whose good runs are lognormal, the same one
// each time: history FOLDER 'FLOW MEDIAN RUNS HANGS'…. Executions start evenly over
// February and March 2026; hangs are stopped a day later.
func madeUpHistory(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	c := &history.Coverage{Version: 1, Account: "1234567890123456", Region: "cn-hangzhou"}
	var flows []*history.Flow
	for i, arg := range args[1:] {
		var name, median string
		var runs, hangs int
		_, err := fmt.Sscan(arg, &name, &median, &runs, &hangs)
		ts.Check(err)
		typical, err := time.ParseDuration(median)
		ts.Check(err)
		flows = append(flows, &history.Flow{ID: strconv.Itoa(i), Name: name, Executions: madeUpRuns(uint64(i), typical, runs, hangs)})
	}
	ts.Check(history.Write(dir, c, slices.Values(flows)))
}

func madeUpRuns(seed uint64, median time.Duration, runs, hangs int) []history.Execution {
	r := rand.New(rand.NewPCG(seed, 1))
	begin, end := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	every := (runs + hangs) / max(hangs, 1) // which of them hang
	var all []history.Execution
	for i := range runs + hangs {
		started := begin.Add(end.Sub(begin) * time.Duration(i) / time.Duration(runs+hangs))
		e := history.Execution{Name: fmt.Sprintf("run-%d", i), Status: "Succeeded", StartedTime: started, SeenTime: end.AddDate(0, 0, 3)}
		length := time.Duration(float64(median) * math.Exp(0.3*r.NormFloat64()))
		if hangs > 0 && i%every == 1 {
			e.Status, length = "Stopped", 24*time.Hour
		}
		e.StoppedTime = started.Add(length.Truncate(time.Millisecond))
		all = append(all, e)
	}
	return all
}
