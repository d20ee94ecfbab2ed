package hostile

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// A runtime is Function Compute's runtime API, played as it shouldn't be: its
// headers are whatever a scenario says.
type runtime struct {
	headers []http.Header // of an event each; then there are none
	event   string
	handed  int
	answers chan string // "response" or "error", and the body
}

func (r *runtime) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodPost {
		body, _ := io.ReadAll(request.Body)
		r.answers <- request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:] + " " + string(body)
		return
	}
	if r.handed == len(r.headers) {
		<-request.Context().Done()
		return
	}
	for name, values := range r.headers[r.handed] {
		w.Header()[name] = values
	}
	r.handed++
	_, _ = io.WriteString(w, r.event)
}

// invocation is the headers of an event that has until then.
func invocation(id string, deadline string, more ...string) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"x-fc-request-id": id, "x-fc-function-deadline": deadline, "x-fc-function-timeout": "60", "x-fc-function-type": "0",
		"x-fc-access-key-id": "STS.NUx7Vq2Lk9", "x-fc-access-key-secret": keySecret, "x-fc-security-token": token, "x-fc-region": "cn-hangzhou", "x-fc-account-id": "1",
	} {
		h.Set(name, value)
	}
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

// The function answers whatever it is handed, and stops nothing without the time
// to verify it, or in another's name.
func TestRuntimesThatSayOddThings(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).UnixMilli()) }
	for name, test := range map[string]struct {
		header http.Header
		event  string
		answer string
		stops  []string
	}{
		"nothing odd":             {invocation("r1", in(time.Minute)), timer, "response", []string{"etl/run-1"}},
		"a deadline gone by":      {invocation("r1", in(-time.Minute)), timer, "", nil},
		"a deadline in centuries": {invocation("r1", "9999999999999"), timer, "response", []string{"etl/run-1"}},
		"no key":                  {invocation("r1", in(time.Minute), "x-fc-access-key-id", ""), timer, "error", nil},
		"no secret":               {invocation("r1", in(time.Minute), "x-fc-access-key-secret", ""), timer, "error", nil},
		"an empty event":          {invocation("r1", in(time.Minute)), "", "error", nil},
		"no UTF-8":                {invocation("r1", in(time.Minute)), "\xff\xfe\x00", "error", nil},
		"an event of last year":   {invocation("r1", in(time.Minute)), strings.Replace(timer, "{{now}}", "2020-01-01T00:00:00Z", 1), "response", nil},
		"an event of next year":   {invocation("r1", in(time.Minute)), strings.Replace(alarm, "{{now}}", "2099-01-01T00:00:00Z", 1), "error", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1")
			m := w.machine(twoHours)
			event := strings.Replace(test.event, "{{now}}", time.Now().UTC().Format(time.RFC3339), 1)
			r := &runtime{headers: []http.Header{test.header}, event: event, answers: make(chan string, 1)}
			api := httptest.NewServer(r)
			t.Cleanup(api.Close)
			t.Cleanup(api.CloseClientConnections)

			var logs strings.Builder
			cmd := exec.CommandContext(t.Context(), function)
			cmd.Env = append(slices.Concat(m.environment(), m.function()), "FC_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))
			cmd.Stdout, cmd.Stderr = &logs, &logs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var answer string
			select {
			case answer = <-r.answers:
			case <-time.After(patience):
				t.Error("there is no answer")
			}
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
			printed := &result{T: t, stdout: answer, stderr: logs.String()}
			printed.fitToBeSeen()
			if !strings.HasPrefix(answer, test.answer) {
				t.Errorf("it answers %s\n%s", answer, printed)
			}
			w.stopped(test.stops...)
		})
	}
}
