package order_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/order"
)

func TestProperty(t *testing.T) {
	type pair struct{ key, place int }
	rapid.Check(t, func(t *rapid.T) {
		var got []pair
		for i, key := range rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "keys") {
			got = append(got, pair{key, i})
		}
		want, by := slices.Clone(got), func(a, b pair) int { return cmp.Compare(a.key, b.key) }
		of := order.Of(slices.Values(got), by)
		order.By(got, by)
		slices.SortStableFunc(want, by)
		if !slices.Equal(got, want) || !slices.Equal(of, want) {
			t.Errorf("got %v and %v, want %v", got, of, want)
		}
	})
}
