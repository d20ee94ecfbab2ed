package celgo

import (
	"testing"
	"time"

	"github.com/google/cel-go/cel"

	"github.com/flowreaper/flowreaper/policy"
)

// The rule, in both languages.
const (
	ours   = `execution.status == "Running" and execution.age > duration("2h") and flow.name matches "^etl-"`
	theirs = `execution.status == "Running" && execution.age > duration("2h") && flow.name.matches("^etl-")`
)

// situation is what one verdict is about.
type situation struct {
	status, flow string
	age          time.Duration
}

var condemned = situation{"Running", "etl-nightly", 3 * time.Hour}

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// engine makes a function that judges one situation.
type engine func(testing.TB, situation) (judge func() bool)

// engines are ours, all at once and as a sweep does it, when what the flow alone
// decides has been decided before; and cel-go as its documentation uses it, and
// at its best.
var engines = []struct {
	name string
	engine
}{{"flowreaper", atOnce}, {"cel-go", celGo}, {"cel-go-typed", celGoTyped}}

func facts(tb testing.TB, s situation) (*policy.Policy, *policy.Facts) {
	tb.Helper()
	p, err := policy.Parse("policy.yaml", []byte("version: 1\nrules:\n  - name: r\n    when: "+ours+"\n"))
	if err != nil {
		tb.Fatal(err)
	}
	return p, &policy.Facts{
		Now: now, Event: &policy.Event{Kind: "timer", Time: now}, Flow: &policy.Flow{Name: s.flow},
		Execution: &policy.Execution{Name: "e", Status: s.status, StartedTime: now.Add(-s.age)},
	}
}

func atOnce(tb testing.TB, s situation) func() bool {
	p, f := facts(tb, s)
	return func() bool { return p.Judge(f).Decision == policy.Stop }
}

// celGo has the execution and the flow as objects, as rules see them.
func celGo(tb testing.TB, s situation) func() bool {
	program := compile(tb, nil, cel.Variable("execution", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("flow", cel.MapType(cel.StringType, cel.DynType)))
	return judge(program, map[string]any{
		"execution": map[string]any{"status": s.status, "age": s.age},
		"flow":      map[string]any{"name": s.flow},
	})
}

// celGoTyped has no objects, typed variables, constants and the pattern prepared
// beforehand, and an activation that is made once.
func celGoTyped(tb testing.TB, s situation) func() bool {
	program := compile(tb, []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)},
		cel.Variable("execution.status", cel.StringType), cel.Variable("execution.age", cel.DurationType), cel.Variable("flow.name", cel.StringType))
	activation, err := cel.NewActivation(map[string]any{"execution.status": s.status, "execution.age": s.age, "flow.name": s.flow})
	if err != nil {
		tb.Fatal(err)
	}
	return judge(program, activation)
}

func compile(tb testing.TB, options []cel.ProgramOption, variables ...cel.EnvOption) cel.Program {
	tb.Helper()
	env, err := cel.NewEnv(variables...)
	if err != nil {
		tb.Fatal(err)
	}
	ast, issues := env.Compile(theirs)
	if issues.Err() != nil {
		tb.Fatal(issues.Err())
	}
	program, err := env.Program(ast, options...)
	if err != nil {
		tb.Fatal(err)
	}
	return program
}

func judge(program cel.Program, activation any) func() bool {
	return func() bool {
		value, _, err := program.Eval(activation)
		return err == nil && value.Value() == true
	}
}

// TestSameVerdicts: what is measured is the same.
func TestSameVerdicts(t *testing.T) {
	for _, s := range []struct {
		situation
		want bool
	}{
		{condemned, true},
		{situation{"Running", "etl-nightly", 2 * time.Hour}, false},
		{situation{"Running", "report", 3 * time.Hour}, false},
		{situation{"Starting", "etl-nightly", 3 * time.Hour}, false},
	} {
		for _, e := range engines {
			if got := e.engine(t, s.situation)(); got != s.want {
				t.Errorf("%s, %+v: %v, want %v", e.name, s.situation, got, s.want)
			}
		}
	}
}

func BenchmarkVerdict(b *testing.B) {
	for _, e := range engines {
		judge := e.engine(b, condemned)
		b.Run(e.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !judge() {
					b.Fatal("kept")
				}
			}
		})
	}
}
