package sweep_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// emergencyModel is a random account in which something happens, with random
// faults. Which executions must be stopped it knows from their names: the policy
// asks for the same by their inputs.
type emergencyModel struct {
	account             account.Account
	unlimited, exceeded bool
	young               bool            // what started more than an hour and a half before the event is kept
	condemned           map[string]bool // by flow and name
	killed              time.Duration   // 0: the process lives
	sparse              *rand.Rand      // leaves fields out of listings' rows; nil: they are whole
}

func drawEmergency(r *rand.Rand) (m emergencyModel) {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	m.unlimited = r.IntN(2) == 0
	m.exceeded = r.IntN(4) == 0
	m.young = r.IntN(2) == 0
	m.condemned = map[string]bool{}
	m.account.Behaviour = account.Behaviour{
		Order: pick("random", "newest", "oldest"), StartedTimeBounds: pick("inclusive", "exclusive"),
		ListLag: account.Duration(r.IntN(2)) * account.Duration(5*time.Second), PageCursor: pick("key", "offset"),
	}
	for i := range 1 + r.IntN(4) {
		flow := account.Flow{Name: fmt.Sprintf("%s%d", pick("etl-", "web-", "payroll-"), i)}
		if r.IntN(5) == 0 {
			flow.Environment = map[string]string{"FLOWREAPER": "off"}
		}
		for j := range r.IntN(2)*r.IntN(4)*70 + r.IntN(6) {
			want := pick("keep", "stop", "stop", "stop")
			e := account.Execution{Name: fmt.Sprintf("%s-%d", want, j), Input: account.Payload(fmt.Sprintf(`{"want":%q}`, want))}
			e.StartedAgo = account.Duration(r.Int64N(int64(3 * time.Hour)))
			if age := time.Duration(e.StartedAgo); m.young && age > 80*time.Minute && age < 90*time.Minute {
				e.StartedAgo = account.Duration(80 * time.Minute) // the event comes some seconds to minutes later
			}
			if r.IntN(8) == 0 {
				in := account.Duration(r.Int64N(int64(5 * time.Minute)))
				e.EndsIn = &in
			}
			flow.Executions = append(flow.Executions, e)
			m.condemned[flow.Name+"/"+e.Name] = want == "stop" && strings.HasPrefix(flow.Name, "etl-") && flow.Environment == nil &&
				(!m.young || time.Duration(e.StartedAgo) < 90*time.Minute)
		}
		m.account.Flows = append(m.account.Flows, flow)
	}
	for range r.IntN(4) {
		m.account.Faults = append(m.account.Faults, account.Fault{
			Operation: pick("ListFlows", "ListExecutions", "ListExecutions", "StopExecution", "DescribeExecution"),
			Kind:      pick("error", "resetBefore", "resetAfter", "torn", "html502", "empty503"), Skip: r.IntN(6), Times: 1 + r.IntN(12),
		})
	}
	if r.IntN(3) == 0 {
		m.killed = time.Duration(r.Int64N(int64(time.Minute)))
	}
	if r.IntN(3) == 0 {
		m.sparse = rand.New(rand.NewPCG(r.Uint64(), 1))
	}
	return m
}

func (m emergencyModel) policy() string {
	limits := "limits: {maxStops: 100000, maxShare: 100%}"
	if m.exceeded {
		limits = "limits: {maxStops: 1, maxShare: 100%, over: " + []string{"withhold", "trickle"}[len(m.condemned)%2] + "}"
	}
	when := `execution.input.want == "stop" and event.data.action == "stop"`
	if m.young {
		when += ` and execution.startedTime > event.time - duration("90m")`
	}
	rule := `name: stop, on: [event], flows: ["etl-*", "payroll-*"], when: '` + when + "'"
	if m.unlimited {
		rule += ", limits: none"
	}
	return eventPolicy(limits+"\nprotect: {flows: [\"payroll-*\"], when: 'flow.env[\"FLOWREAPER\"] == \"off\"'}", rule)
}

// check holds what was stopped against what had to be.
func (m emergencyModel) check(t *testing.T, server *emulator.Server) {
	t.Helper()
	stops := map[string]int{}
	for _, s := range server.Stats().Stops {
		stops[s.Flow+"/"+s.Execution]++
	}
	left := 0
	for _, flow := range server.Flows() {
		for e := range server.Executions(flow.Name) {
			name := flow.Name + "/" + e.Name
			switch n := stops[name]; {
			case n > 0 && !m.condemned[name], n > 1:
				t.Errorf("%s was stopped %d times", name, n)
			case m.condemned[name] && e.Status == "Running":
				left++
			}
		}
	}
	switch {
	case m.exceeded && !m.unlimited && len(stops) > 1:
		t.Errorf("%d were stopped beyond the limit", len(stops))
	case (!m.exceeded || m.unlimited) && left > 0:
		t.Errorf("%d of %d still run", left, len(m.condemned))
	}
}

// Whatever the account, the faults and the kills: what an event condemns is stopped
// in the end, once, and nothing else.
func TestEmergencyModel(t *testing.T) {
	for seed := range seeds(t, 40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runEmergency(t, drawEmergency(rand.New(rand.NewPCG(seed, 1)))) })
	}
}

func runEmergency(t *testing.T, m emergencyModel) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&m.account, emulator.Options{Latency: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, m.policy()), file: file}
		if m.sparse != nil {
			p.wire = &sparse{HTTPClient: server, rand: m.sparse}
			p.http = p.wire
		}
		p.start()
		time.Sleep(10 * time.Second)
		restore := func() {}
		if m.killed > 0 {
			restore = p.kill(m.killed)
		}
		_, err = p.happen(4*time.Minute, `{"action":"stop"}`)
		restore()
		if m.killed > 0 {
			p.start()
		}
		for range 14 {
			time.Sleep(time.Minute)
			if r, err := p.sweep(50 * time.Second); err == nil && r.Resumable == nil {
				break
			}
		}
		m.check(t, server)
		if t.Failed() {
			t.Logf("the event's sweep ended with %v; %+v", err, m.account.Faults)
		}
	})
}
