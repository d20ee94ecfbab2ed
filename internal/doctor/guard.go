package doctor

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// guard stands in front of every request of doctor, on the wire, where no
// mistake above it can get around it. Reading passes. What changes an account
// passes only when every flow that the request names is one that this run has
// created. Anything else never leaves.
type guard struct {
	inner cloudflow.HTTPClient

	mu       sync.Mutex
	creating map[string]bool // a name that nothing had, and that may be created
	owned    map[string]bool // flows that this run has created
}

func newGuard(inner cloudflow.HTTPClient) *guard {
	return &guard{inner: inner, creating: map[string]bool{}, owned: map[string]bool{}}
}

// mayCreate lets a flow be created. Nothing else may be done to it yet.
func (g *guard) mayCreate(flow string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.creating[flow] = true
}

// own lets a flow's executions be started and stopped, and the flow be deleted.
// Only one that mayCreate named can be owned.
func (g *guard) own(flow string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owned[flow] = g.creating[flow]
}

// disown takes a flow out of reach again.
func (g *guard) disown(flow string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.owned, flow)
	delete(g.creating, flow)
}

func (g *guard) owns(flow string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.owned[flow]
}

// Call sends a request, or refuses it.
func (g *guard) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	asked, err := readAsked(r)
	if err == nil {
		err = g.check(asked)
	}
	if err != nil {
		return nil, fmt.Errorf("doctor's guard refused the request, nothing was sent: %w", err)
	}
	return g.inner.Call(r, t)
}

// asked is what a request asks for, in all places where a server may look.
type asked struct {
	actions []string
	flows   []string
}

func readAsked(r *http.Request) (asked, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return asked{}, fmt.Errorf("its query can't be read: %w", err)
	}
	form, err := readForm(r)
	if err != nil {
		return asked{}, err
	}
	var a asked
	for name, values := range r.Header { // the SDK's are not in Go's usual case
		if strings.EqualFold(name, "x-acs-action") {
			a.actions = append(a.actions, values...)
		}
	}
	for _, values := range []url.Values{query, form} {
		a.actions = append(a.actions, values["Action"]...)
		a.flows = append(append(a.flows, values["FlowName"]...), values["Name"]...)
	}
	return a, nil
}

// readForm reads the body and puts it back.
func readForm(r *http.Request) (url.Values, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("its body can't be read: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("its body can't be read: %w", err)
	}
	return form, nil
}

// reads are the operations that change nothing.
var reads = []string{
	cloudflow.OpListFlows, cloudflow.OpDescribeFlow, cloudflow.OpListExecutions, cloudflow.OpDescribeExecution,
}

const (
	opCreateFlow     = "CreateFlow"
	opDeleteFlow     = "DeleteFlow"
	opStartExecution = "StartExecution"
)

func (g *guard) check(a asked) error {
	actions := slices.Compact(slices.Sorted(slices.Values(a.actions)))
	if len(actions) != 1 {
		return fmt.Errorf("it names the operations %q, not one", actions)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	may := map[string]bool{}
	switch action := actions[0]; action {
	case opCreateFlow:
		may = g.creating
	case opStartExecution, cloudflow.OpStopExecution, opDeleteFlow:
		may = g.owned
	default:
		if slices.Contains(reads, action) {
			return nil
		}
	}
	foreign := func(flow string) bool { return !may[flow] }
	if len(a.flows) == 0 || slices.ContainsFunc(a.flows, foreign) {
		return fmt.Errorf("%s of %q would change what this run has not created", actions[0], a.flows)
	}
	return nil
}
