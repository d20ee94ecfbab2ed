package watch

import "container/heap"

// queue is a priority queue whose items know their place in it, so that any of
// them can be moved or taken out without a search.
type queue[T any] struct {
	items []T
	less  func(a, b T) bool
	index func(T) *int32 // where the item keeps its place; absent when in no queue
}

const absent int32 = -1

// put adds the item, or moves it to where it belongs now.
func (q *queue[T]) put(item T) {
	if i := *q.index(item); i != absent {
		heap.Fix((*ordering[T])(q), int(i))
		return
	}
	heap.Push((*ordering[T])(q), item)
}

// drop takes the item out; one that is not in the queue is left alone.
func (q *queue[T]) drop(item T) {
	if i := *q.index(item); i != absent {
		heap.Remove((*ordering[T])(q), int(i))
	}
}

// first returns the item that comes first, and leaves it in.
func (q *queue[T]) first() (item T, ok bool) {
	if len(q.items) == 0 {
		return item, false
	}
	return q.items[0], true
}

// leading calls visit for the items for which in holds, in no order. in must
// hold for an item whenever it holds for one that comes after it; only those
// items and their neighbours are touched.
func (q *queue[T]) leading(in func(T) bool, visit func(T)) {
	var walk func(i int)
	walk = func(i int) {
		if i >= len(q.items) || !in(q.items[i]) {
			return
		}
		visit(q.items[i])
		walk(2*i + 1)
		walk(2*i + 2)
	}
	walk(0)
}

// ordering is the queue as container/heap wants to see it.
type ordering[T any] queue[T]

func (o *ordering[T]) Len() int           { return len(o.items) }
func (o *ordering[T]) Less(i, j int) bool { return o.less(o.items[i], o.items[j]) }

func (o *ordering[T]) Swap(i, j int) {
	o.items[i], o.items[j] = o.items[j], o.items[i]
	*o.index(o.items[i]), *o.index(o.items[j]) = int32(i), int32(j)
}

func (o *ordering[T]) Push(item any) {
	it := item.(T)
	*o.index(it) = int32(len(o.items))
	o.items = append(o.items, it)
}

func (o *ordering[T]) Pop() any {
	last := len(o.items) - 1
	item := o.items[last]
	var zero T
	o.items[last] = zero
	o.items = o.items[:last]
	*o.index(item) = absent
	return item
}
