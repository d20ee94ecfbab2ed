// Package result is what a sweep yields, as data: its [Report], the [Recording] of
// a plan, the [Error] of a sweep that failed, its [Progress], and the [End] that an
// execution came to.
//
// Packages sweep, stops, judge and emergency tell a [Collector], which makes the Report;
// the function makes those of sweeps that didn't begin. Packages report, notify and plan show it, tell it and
// keep it, and know no engine. It imports nothing of ours but package policy, in
// whose words it speaks, and how numbers and lengths of time are written.
package result
