// Package doctor asks a CloudFlow account what CloudFlow's documentation leaves
// open, and says what the answers mean for flowreaper.
//
//	report, err := doctor.Run(ctx, doctor.Options{Region: …, Credentials: …})
//	doctor.Text(os.Stdout, report, 100)
//
// Only what changes something that flowreaper does, or that its people should
// set, is asked: where the code works either way there is no question. The keys
// are those of behaviour in the emulator's account files. An [Answer] says what
// was seen; what couldn't be told is said to be so, with the reason, and never
// guessed.
//
// By itself Run only reads, and compares the clocks. [Steps] says beforehand what
// will be called. The other answers need more than that, and more is done only
// when it is asked for:
//
//   - Canary: two flows of doctor's own, which only wait, are created, started,
//     stopped and deleted;
//   - Burst: more calls at once than the quotas allow, to see what they are.
//
// One guard (guard.go) stands in front of every request, whoever makes it: what
// changes an account passes only for the flows that this run has created.
package doctor
