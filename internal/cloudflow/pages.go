package cloudflow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
)

// maxPages is how many pages a listing may have. CloudFlow documents 10,000
// flows, which are 100 pages, 10,000 running executions, which are 102, and 5,000
// events of one execution, which are 6.
const maxPages = 1000

// listing is one answer of a listing, with what leads to the next.
type listing[T any] struct {
	Page[T]
	next string
}

// pages asks for page after page until no NextToken comes; pages may be empty. An
// error ends it. A token that came before would make a listing without end, and so
// would ever new ones: that is an error too, never a loop. A page too long to read
// is asked for again, smaller.
func pages[T any](ctx context.Context, c *Client, r request, list string, item func(*decoder) (T, error)) iter.Seq2[Page[T], error] {
	read := func(d *decoder) (listing[T], error) { return readListing(d, list, item) }
	return func(yield func(Page[T], error) bool) {
		r := r
		r.params = maps.Clone(r.params)
		seen := make(map[string]bool)
		for {
			answer, err := call(ctx, c, r, read)
			if errors.Is(err, errTooLong) && r.halveLimit() {
				continue
			}
			if err != nil {
				yield(Page[T]{}, err)
				return
			}
			if seen[answer.next] {
				yield(Page[T]{}, withoutEnd(r, answer.RequestID, "the answer's NextToken came before"))
				return
			}
			if !yield(answer.Page, nil) || !answer.More {
				return
			}
			if len(seen) == maxPages-1 {
				yield(Page[T]{}, withoutEnd(r, answer.RequestID, fmt.Sprintf("%d pages came, and there is a next one", maxPages)))
				return
			}
			seen[answer.next] = true
			r.params["NextToken"] = answer.next
		}
	}
}

func withoutEnd(r request, requestID, why string) *Error {
	return &Error{
		Operation: r.operation, Class: Operation, HTTPStatus: 200, RequestID: requestID,
		Message: why + ": the listing would never end, so it is given up as incomplete",
	}
}

// halveLimit asks for smaller pages from here on. It is false when one item a
// page is all that is left to ask for.
func (r request) halveLimit() bool {
	limit, err := strconv.Atoi(r.params["Limit"])
	if err != nil || limit < 2 {
		return false
	}
	r.params["Limit"] = strconv.Itoa(limit / 2)
	return true
}
