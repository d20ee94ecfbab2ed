// Package emulator is a CloudFlow that runs inside this process: the
// operations of the fnf API, version 2019-03-15, on an account that a file
// describes, with the signatures, quotas, limits and errors of the documented
// service, and with faults on demand.
//
// Make a [Server] with [New]. It serves in two ways:
//
//   - as an [net/http.Handler]; [Listen] and [Server.Serve] put it on loopback;
//   - in memory, as the HttpClient of an Alibaba Cloud SDK's transport, by
//     [Server.Call], without any socket. It runs no goroutine and takes the time
//     from [time.Now] and timers alone, so it works under testing/synctest, where
//     a simulated day passes in seconds.
//
// Ask it afterwards, or meanwhile, what was done to it: [Server.Stats],
// [Server.Execution], [Server.Executions].
//
//	a, err := account.Parse("account.yaml", text)
//	server, err := emulator.New(a, emulator.Options{})
//	config.HttpClient = server          // in memory
//	httptest.NewServer(server)          // on loopback
//
// The package shares no types with any client of the API, this project's
// included, so that each proves the other.
package emulator

import (
	"iter"
	"time"

	"golang.org/x/time/rate"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
)

// DefaultKey signs requests when Options names no other key.
const DefaultKey = "emulator:emulator"

// Options are what the account's file doesn't say. The zero Options are what
// `flowreaper emulate` uses: quotas on, no latency, the key emulator:emulator.
type Options struct {
	NoQuota    bool
	Latency    time.Duration         // added to every answer
	AccessKeys []signature.AccessKey // none: emulator:emulator
}

// Server is an emulated CloudFlow. It is safe for concurrent use.
type Server struct {
	behaviour account.Behaviour
	cloud     *cloud.Cloud
	roles     []account.Role
	verifier  *signature.Verifier
	quota     map[string]*rate.Limiter // by operation; nil: none
	latency   time.Duration
	faults    *faults
	counter   *counter
}

// New makes a server of an account, whose relative times count from now. It
// refuses an account that [account.Account.Check] refuses.
func New(a *account.Account, o Options) (*Server, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	keys := o.AccessKeys
	if len(keys) == 0 {
		keys = []signature.AccessKey{{ID: "emulator", Secret: "emulator"}}
	}
	behaviour := a.Behaviour.WithDefaults()
	s := &Server{
		behaviour: behaviour,
		roles:     a.Roles,
		verifier:  signature.NewVerifier(keys, time.Duration(behaviour.MaxSkew)),
		latency:   o.Latency,
		faults:    &faults{},
		counter:   &counter{calls: map[string]int{}},
	}
	if !o.NoQuota {
		s.quota = map[string]*rate.Limiter{}
		for name, o := range operations {
			s.quota[name] = rate.NewLimiter(o.rate, o.burst)
		}
	}
	s.cloud = cloud.New(a, s.Now())
	s.AddFaults(a.Faults...)
	return s, nil
}

// Now is the emulator's clock: the machine's, and the account's clockOffset
// ahead of it.
func (s *Server) Now() time.Time {
	return time.Now().Add(time.Duration(s.behaviour.ClockOffset)).UTC()
}

// Stats returns what was called so far, and the stops that took effect.
func (s *Server) Stats() Stats { return s.counter.stats(s.cloud.Stops(s.Now())) }

// AddFaults adds faults behind those that are there.
func (s *Server) AddFaults(faults ...account.Fault) { s.faults.add(faults) }

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() { s.faults.clear() }

// Execution tells how an execution really is: no lag, no fault, no quota, and
// not counted as a call.
func (s *Server) Execution(flow, name string) (cloud.Execution, error) {
	return s.cloud.Execution(s.Now(), flow, name)
}

// Executions tells so of all executions of a flow.
func (s *Server) Executions(flow string) iter.Seq[cloud.Execution] {
	return s.cloud.Executions(s.Now(), flow)
}

// Flows returns all flows, by name.
func (s *Server) Flows() []cloud.Flow {
	flows, _ := s.cloud.Flows("", "", -1)
	return flows
}

// SetEnvironment replaces a flow's environment, as its owner would.
func (s *Server) SetEnvironment(flow string, environment map[string]string) error {
	return s.cloud.SetEnvironment(s.Now(), flow, environment)
}
