package hostile

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// channelToken is the secret in a channel's URL. It stands in leaks, too.
const channelToken = "dT7Kq2Vx9Lm4Zb8Wn3Rc6Yf1Hs5Jg0Pv"

// A channel that is down, or worse, costs the sweep nothing, and shows nobody its
// URL.
func TestChannels(t *testing.T) {
	t.Parallel()
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for name, hook := range map[string]http.HandlerFunc{
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		},
		"an echo": func(w http.ResponseWriter, r *http.Request) { dingTalk(w, "no such "+r.URL.String()) },
		"a long echo": func(w http.ResponseWriter, r *http.Request) {
			dingTalk(w, strings.Repeat("x", 470)+r.URL.String()+strings.Repeat("x", 470))
		},
		"short ones": func(w http.ResponseWriter, r *http.Request) {
			var parts []string
			for n := range 40 {
				parts = append(parts, strings.Repeat("x", 10*n)+r.URL.Query().Get("access_token")[n%20:])
			}
			dingTalk(w, strings.Join(parts, " "))
		},
		"a page": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html>" + r.URL.String()))
		},
		"no end": func(w http.ResponseWriter, r *http.Request) {
			for range 100 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		},
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // whose end is what tells of its sender's
			<-r.Context().Done()
		},
		"what rewrites the screen": func(w http.ResponseWriter, _ *http.Request) { dingTalk(w, "a\u202eb\u009bc\x1b[2J") },
	} {
		for _, kind := range []string{"webhook", "dingtalk"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				w := overdue(t, "run-1")
				server := httptest.NewServer(hook)
				t.Cleanup(server.Close)
				m := w.machine(twoHours + "notify:\n  - {name: people, kind: " + kind + ", urlEnv: HOOK, secretEnv: HOOK_SECRET}\n")
				m.more = []string{"HOOK=" + server.URL + "/robot/send?access_token=" + channelToken, "HOOK_SECRET=SEC" + channelToken}
				m.invoke(timer, "--timeout", "20s").want(0, "etl/run-1 stopped").whole(true)
				w.stopped("etl/run-1")
			})
		}
	}
	t.Cleanup(func() {
		if elsewhere > 0 {
			t.Errorf("%d messages went elsewhere", elsewhere)
		}
	})
}

func dingTalk(w http.ResponseWriter, message string) {
	text, _ := json.Marshal(map[string]any{"errcode": 310000, "errmsg": message})
	_, _ = w.Write(text)
}
