package watch

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type ticket struct {
	n     int
	index int32
}

func TestQueueEqualsASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := queue[*ticket]{
			less:  func(a, b *ticket) bool { return a.n < b.n },
			index: func(t *ticket) *int32 { return &t.index },
		}
		tickets := make([]*ticket, 20)
		for i := range tickets {
			tickets[i] = &ticket{index: absent}
		}
		in := map[*ticket]bool{}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			x := tickets[rapid.IntRange(0, len(tickets)-1).Draw(t, "ticket")]
			if rapid.Bool().Draw(t, "put") {
				x.n = rapid.IntRange(0, 50).Draw(t, "n")
				q.put(x)
				in[x] = true
			} else {
				q.drop(x)
				delete(in, x)
			}
			compareQueue(t, &q, in)
		}
	})
}

func compareQueue(t *rapid.T, q *queue[*ticket], in map[*ticket]bool) {
	var want, got []int
	for x := range in {
		want = append(want, x.n)
	}
	slices.Sort(want)
	if first, ok := q.first(); ok != (len(want) > 0) || ok && first.n != want[0] {
		t.Fatalf("first is %v, %v; want the least of %v", first, ok, want)
	}
	q.leading(func(x *ticket) bool { return x.n < 25 }, func(x *ticket) { got = append(got, x.n) })
	slices.Sort(got)
	if want = slices.DeleteFunc(want, func(n int) bool { return n >= 25 }); !slices.Equal(got, want) {
		t.Fatalf("leading are %v, want %v", got, want)
	}
}
