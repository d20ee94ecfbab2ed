package cloudflow

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// book answers a listing from pages by token; every page names the next one.
func book(asked *[]string, next map[string]string) serve {
	return func(r *http.Request) (*http.Response, error) {
		token := r.URL.Query().Get("NextToken")
		*asked = append(*asked, token)
		to, ok := next[token]
		if !ok {
			return answer(400, apiError("InvalidArgument", "Parameter error.")), nil
		}
		return answer(200, fmt.Sprintf(`{"RequestId":"r%d","NextToken":%q,"Executions":[{"Name":"after-%s"}]}`, len(*asked), to, token)), nil
	}
}

func names(c *Client, t *testing.T) (names []string, more []bool, err error) {
	for page, e := range c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}) {
		if e != nil {
			return names, more, e
		}
		more = append(more, page.More)
		for _, execution := range page.Items {
			names = append(names, execution.Name)
		}
	}
	return names, more, nil
}

func TestPagesUntilTheTokenEnds(t *testing.T) {
	var asked []string
	c := once(t, book(&asked, map[string]string{"": "a+/=", "a+/=": "b", "b": ""}))
	pages := c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"})
	for range 2 { // an iterator begins anew each time
		asked = nil
		var more []bool
		for page, err := range pages {
			if err != nil || page.RequestID == "" || len(page.Items) != 1 {
				t.Fatalf("%+v, %v", page, err)
			}
			more = append(more, page.More)
		}
		if diff := cmp.Diff([]string{"", "a+/=", "b"}, asked); diff != "" {
			t.Errorf("tokens (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]bool{true, true, false}, more); diff != "" {
			t.Errorf("more (-want +got):\n%s", diff)
		}
	}
}

func TestAnAbsentOrNullTokenIsTheEnd(t *testing.T) {
	for _, body := range []string{`{"Executions":[]}`, `{"Executions":[],"NextToken":null}`, `{"Executions":null,"NextToken":""}`} {
		_, more, err := names(once(t, script(says(200, body))), t)
		if err != nil || len(more) != 1 || more[0] {
			t.Errorf("%s: %v, %v", body, more, err)
		}
	}
}

func TestATokenThatRepeatsIsAnError(t *testing.T) {
	for _, next := range []map[string]string{
		{"": "a", "a": "a"},
		{"": "a", "a": "b", "b": "c", "c": "a"},
	} {
		var asked []string
		c := once(t, book(&asked, next))
		_, _, err := names(c, t)
		want := fmt.Sprintf("ListExecutions: the answer's NextToken came before: the listing would never end, so it is given up as incomplete (HTTP 200, request id r%d)", len(next))
		if err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
		if e, _ := errors.AsType[*Error](err); e == nil || e.Class != Operation || len(asked) != len(next) {
			t.Errorf("%+v after %d calls", e, len(asked))
		}
	}
}

// A listing of every kind that always has a next page ends, and what came is
// handed on.
func TestPagesWithoutEndAreAnError(t *testing.T) {
	for operation, list := range map[string]func(*Client) (pages int, err error){
		"ListFlows": func(c *Client) (int, error) { return count(c.ListFlows(t.Context())) },
		"ListExecutions": func(c *Client) (int, error) {
			return count(c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}))
		},
		"GetExecutionHistory": func(c *Client) (int, error) { return count(c.GetExecutionHistory(t.Context(), "f", "e")) },
	} {
		asked := 0
		c := once(t, serve(func(*http.Request) (*http.Response, error) {
			asked++
			return answer(200, fmt.Sprintf(`{"RequestId":"r","NextToken":"%d","Flows":[],"Executions":[{"Name":"again"}],"Events":[]}`, asked)), nil
		}))
		pages, err := list(c)
		want := operation + ": 1000 pages came, and there is a next one: the listing would never end, so it is given up as incomplete (HTTP 200, request id r)"
		if err == nil || err.Error() != want || pages != 1000 || asked != 1000 {
			t.Errorf("%d pages of %d calls, error %v\nwant %s", pages, asked, err, want)
		}
		if e, _ := errors.AsType[*Error](err); e == nil || e.Class != Operation {
			t.Errorf("%+v", e)
		}
	}
}

func count[T any](list iter.Seq2[Page[T], error]) (pages int, err error) {
	for _, e := range list {
		if e != nil {
			return pages, e
		}
		pages++
	}
	return pages, nil
}

// FuzzPages feeds any sequence of pages, as which each byte is one: which page it
// names next, and how many rows it has. What comes is handed on in its order, and
// the listing ends where no next page is named, or one that came before.
func FuzzPages(f *testing.F) {
	for _, seed := range []string{"", "\x00", "\x10\x20\x00", "\x11\x02", "\x31\x00\x00\x20"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		page := func(i int) (next int, rows []string) { // 0: none
			if i >= len(script) {
				return 0, nil
			}
			for range script[i] % 16 {
				rows = append(rows, fmt.Sprintf(`{"Name":"%d"}`, i))
			}
			return int(script[i] / 16), rows
		}
		c := once(t, serve(func(r *http.Request) (*http.Response, error) {
			at, _ := strconv.Atoi(r.URL.Query().Get("NextToken"))
			next, rows := page(at)
			token := ""
			if next > 0 {
				token = strconv.Itoa(next)
			}
			return answer(200, fmt.Sprintf(`{"Executions":[%s],"NextToken":%q}`, strings.Join(rows, ","), token)), nil
		}))
		var want []string
		came, at, ends := map[int]bool{}, 0, false
		for !ends {
			next, rows := page(at)
			if came[next] {
				break
			}
			for range rows {
				want = append(want, strconv.Itoa(at))
			}
			came[next], at, ends = true, next, next == 0
		}
		got, _, err := names(c, t)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != ends {
			t.Errorf("%q: error %v; rows (-want +got):\n%s", script, err, diff)
		}
	})
}

func TestAnErrorEndsTheListing(t *testing.T) {
	var asked []string
	got, _, err := names(once(t, book(&asked, map[string]string{"": "lost"})), t)
	if err == nil || !strings.Contains(err.Error(), "InvalidArgument") || len(asked) != 2 || len(got) != 1 {
		t.Errorf("%v, %v after %d calls", got, err, len(asked))
	}
}

func TestBreakEndsTheCalls(t *testing.T) {
	var asked []string
	c := once(t, book(&asked, map[string]string{"": "a", "a": ""}))
	for range c.ListExecutions(t.Context(), ExecutionQuery{FlowName: "f"}) {
		break
	}
	if len(asked) != 1 {
		t.Errorf("%d calls", len(asked))
	}
}
