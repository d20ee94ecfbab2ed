package cloudflow

import (
	"errors"
	"fmt"
	"net/http"
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
