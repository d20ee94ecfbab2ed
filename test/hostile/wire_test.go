package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// A call is one request, as it came.
type call struct {
	operation  string
	url.Values        // query and form
	n          int    // how many of the operation came before
	whole      string // the request line and the body
}

// An answer is what goes over the wire, to the byte.
type answer struct {
	status int         // 200 where it is 0
	header http.Header // a Date is added where it has none
	body   string
	torn   int                             // so many bytes of the body never come
	pause  time.Duration                   // in the middle of the body
	lost   bool                            // the connection ends without an answer
	before func(cancelled <-chan struct{}) // what is waited for first
}

// A script answers calls of an operation; nil leaves one to the account.
type script func(call) *answer

// wire is a server on loopback. It answers by script, else by its account, and
// remembers what came.
type wire struct {
	*testing.T
	url     string
	account account

	mu      sync.Mutex
	scripts map[string]script
	calls   []call
	stops   []string      // flow/execution, as often as StopExecution came
	date    func() string // "" is none
}

func serve(t *testing.T) *wire {
	w := &wire{T: t, scripts: map[string]script{}}
	w.account.stopped = map[string]bool{}
	w.date = func() string { return time.Now().UTC().Format(http.TimeFormat) }
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	w.url = server.URL
	return w
}

// on answers an operation by script from now on.
func (w *wire) on(operation string, s script) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scripts[operation] = s
}

// came counts the calls of an operation.
func (w *wire) came(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if c.operation == operation {
			n++
		}
	}
	return n
}

// ServeHTTP writes its answer by hand: net/http would mend what is to be wrong.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // its sender is gone
	}
	a := w.answer(r, string(body))
	if a.before != nil {
		a.before(r.Context().Done())
	}
	connection, _, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		w.Errorf("taking over the connection: %v", err)
		return
	}
	defer connection.Close()
	if a.lost {
		return
	}
	a.write(connection, w.date())
}

// answer decides under the lock, so that scripts need none.
func (w *wire) answer(r *http.Request, body string) *answer {
	form, _ := url.ParseQuery(body)
	c := call{operation: r.URL.Query().Get("Action"), Values: r.URL.Query(), whole: r.URL.RequestURI() + body}
	for name, values := range form {
		c.Values[name] = values
	}
	c.n = w.came(c.operation)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	if c.operation == "StopExecution" {
		w.stops = append(w.stops, c.Get("FlowName")+"/"+c.Get("ExecutionName"))
	}
	if s := w.scripts[c.operation]; s != nil {
		if a := s(c); a != nil {
			return a
		}
	}
	return w.account.answer(c)
}

func (a *answer) write(to io.Writer, date string) {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Date") == "" && date != "" {
		header.Set("Date", date)
	}
	header.Set("Content-Length", fmt.Sprint(len(a.body)))
	header.Set("Connection", "close")
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d Something\r\n", max(a.status, 200))
	_ = header.Write(&head) // to memory
	body := a.body[:len(a.body)-a.torn]
	half := 0
	if a.pause > 0 {
		half = len(body) / 2
	}
	_, _ = io.WriteString(to, head.String()+"\r\n"+body[:half]) // whoever is gone is not written to
	time.Sleep(a.pause)
	_, _ = io.WriteString(to, body[half:])
}

// say answers 200 with this body.
func say(format string, args ...any) *answer {
	return &answer{body: fmt.Sprintf(format, args...)}
}

// refuse answers as the API refuses.
func refuse(status int, code, message string) *answer {
	return &answer{status: status, body: fmt.Sprintf(`{"RequestId":"r","HostId":"h","Code":%s,"Message":%s}`, quote(code), quote(message))}
}

// page is one page of a listing; "" is no token.
func page(list, token string, items ...string) *answer {
	return say(`{"RequestId":"r","NextToken":%s,%s:[%s]}`, quote(token), quote(list), strings.Join(items, ","))
}

// zipped compresses an answer's body, and says so.
func zipped(a *answer) *answer {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, a.body) // to memory
	_ = z.Close()
	return &answer{status: a.status, header: http.Header{"Content-Encoding": {"gzip"}}, body: b.String()}
}
