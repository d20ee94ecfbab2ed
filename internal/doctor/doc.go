// Package doctor asks a CloudFlow account what CloudFlow's documentation leaves
// open, and says what the answers mean for flowreaper.
//
//	report, err := doctor.Run(ctx, doctor.Options{Region: …, Credentials: …})
//	doctor.Text(os.Stdout, report, 100)
//
// The questions are those that the emulator's account files answer under
// behaviour, by the same names, and the quotas. An [Answer] says what was seen;
// what couldn't be told is said to be so, with the reason, and never guessed.
//
// By itself Run only reads: ListFlows, DescribeFlow, ListExecutions,
// DescribeExecution and GetExecutionHistory, a few dozen calls within the
// documented quotas. [Steps] says beforehand what will be called. Some answers
// need more than that, and more is done only when it is asked for:
//
//   - Canary: two flows of doctor's own, which only wait, are created, started,
//     stopped and deleted;
//   - Burst: more calls at once than the quotas allow, to see what they are;
//   - Earlier: an earlier report, whose executions are looked for again.
//
// One guard (guard.go) stands in front of every request, whoever makes it: what
// changes an account passes only for the flows that this run has created.
package doctor
