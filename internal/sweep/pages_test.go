package sweep_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/result"
)

// pager is a CloudFlow that cuts its lists into other pages: some empty, with rows
// that came before, out of order, or without an end. Each list has to fit one page
// of the server's.
type pager struct {
	server *emulator.Server
	manner func(list string) string // by operation and flow; "" is the server's own

	mu     sync.Mutex
	rand   *rand.Rand
	lists  []pagedList
	broken int // pages of lists that can't be read to their end
}

type pagedList struct {
	name   string // of the rows: Flows, Executions, Events
	manner string
	pages  [][]json.RawMessage
	header http.Header
}

func (p *pager) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	q := r.URL.Query()
	name := map[string]string{"ListFlows": "Flows", "ListExecutions": "Executions", "GetExecutionHistory": "Events"}[q.Get("Action")]
	p.mu.Lock()
	defer p.mu.Unlock()
	manner := p.manner(q.Get("Action") + q.Get("FlowName"))
	var list, page int
	if n, _ := fmt.Sscanf(q.Get("NextToken"), "list-%d-%d", &list, &page); n == 2 {
		return p.page(list, page)
	}
	answer, err := p.server.Call(r, t)
	if err != nil || answer.StatusCode != 200 || name == "" || manner == "" {
		return answer, err
	}
	defer answer.Body.Close()
	var body map[string]json.RawMessage
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(body[name], &rows); err != nil {
		return nil, err
	}
	if token := string(body["NextToken"]); token != "" && token != `""` {
		return nil, fmt.Errorf("the list has more than one page, %s", token)
	}
	pages := [][]json.RawMessage{nil, rows}
	switch manner {
	case "late":
	case "long": // two lists of it take nearly all the calls of a sweep
		pages = slices.Insert(make([][]json.RawMessage, 45), 45, rows)
	default:
		pages = p.cut(rows)
	}
	p.lists = append(p.lists, pagedList{name, manner, pages, answer.Header})
	return p.page(len(p.lists)-1, 0)
}

// cut cuts rows into pages in which each comes once, at least, in order or not.
func (p *pager) cut(rows []json.RawMessage) (pages [][]json.RawMessage) {
	for at := 0; at < len(rows); {
		from, to := at, min(len(rows), at+1+p.rand.IntN(len(rows)))
		switch p.rand.IntN(6) {
		case 0: // empty
			to = from
		case 1: // rows have moved
			from -= p.rand.IntN(at + 1)
		case 2: // again
			to = at
			from -= p.rand.IntN(at + 1)
		}
		pages = append(pages, rows[from:to])
		at = max(at, to)
	}
	for range p.rand.IntN(3) {
		pages = append(pages, nil)
	}
	return pages
}

func (p *pager) page(list, n int) (*http.Response, error) {
	l := p.lists[list]
	rows := []json.RawMessage{}
	if n < len(l.pages) {
		rows = append(rows, l.pages[n]...)
	}
	next := fmt.Sprintf("list-%d-%d", list, n+1)
	if n >= len(l.pages)-1 {
		switch l.manner {
		case "ragged", "late", "long":
			next = ""
		case "looped":
			next = fmt.Sprintf("list-%d-%d", list, max(0, n-1))
		case "endless":
			if n%2 == 1 && len(l.pages) > 0 {
				rows = l.pages[n%len(l.pages)]
			}
		}
	}
	if l.manner == "looped" || l.manner == "endless" {
		p.broken++
	}
	body, err := json.Marshal(map[string]any{l.name: rows, "NextToken": next, "RequestId": "paged"})
	if err != nil {
		return nil, err
	}
	header := l.header.Clone()
	header.Set("Date", p.server.Now().UTC().Format(http.TimeFormat))
	header.Del("Content-Length")
	return &http.Response{
		StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// A page that is empty and has a token is a page.
func TestAnEmptyPageWithAToken(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		rules := []string{
			"name: all, on: [event], when: 'event.data.stop == true and flow.name == \"a\" and history.idle > duration(\"1s\")'" + limits,
			"name: old, flows: [\"c*\"], maxRuntime: 1m",
		}
		accident(t, map[string]int{"a": 2, "c": 2}, eventPolicy("limits: {maxShare: 100%}", rules...), func(t *testing.T, p *process) {
			p.wire = &pager{server: p.server, manner: func(string) string { return "late" }}
			p.http = p.wire
			if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || !r.Complete {
				t.Errorf("%q: error %v, complete %v", limits, err, r.Complete)
			}
			if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete {
				t.Errorf("%q: error %v, complete %v", limits, err, r.Complete)
			}
			p.wantStopped("a-000", "a-001", "c-000", "c-001")
		})
	}
}

// A listing without an end is given up after 1,000 pages, with what else would be
// asked of the flow; the others are looked at.
func TestAListWithoutEndIsGivenUpOnce(t *testing.T) {
	accident(t, map[string]int{"a": 40, "b": 2}, eventPolicy("", everything+", limits: none"), func(t *testing.T, p *process) {
		p.quota = pagesModel{}.quota(t)
		p.http = &pager{server: p.server, rand: rand.New(rand.NewPCG(1, 2)), manner: func(list string) string {
			return map[string]string{"ListExecutionsa": "endless"}[list]
		}}
		r, err := p.happen(time.Hour, `{"stop":true}`)
		want := []result.FlowNote{{Flow: "a", Reason: "ListExecutions: 1000 pages came, and there is a next one: the listing would never end, so it is given up as incomplete (HTTP 200, request id paged)"}}
		if diff := cmp.Diff(want, r.Incomplete); err != nil || r.Complete || diff != "" {
			t.Errorf("error %v, complete %v, incomplete (-want +got):\n%s", err, r.Complete, diff)
		}
		if n := r.Calls.ListExecutions; n < 2000 || n > 2050 { // of Running, and of Starting
			t.Errorf("%d pages were asked for", n)
		}
		if n := p.stopped(); !slices.Contains(n, "b-000") || !slices.Contains(n, "b-001") {
			t.Errorf("stopped %v", n)
		}
	})
}
