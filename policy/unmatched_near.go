package policy

import (
	"slices"
	"strings"
)

// What it costs to make a glob fit a name, so that of two ways the one that people
// err by is cheaper: another case, a dash for an underscore; a letter that is
// wrong, missing, or behind its neighbour; a dash for a letter; one too many.
const (
	alike    = 1
	replace  = 8
	insert   = 8
	swap     = 8
	separate = 10
	remove   = 12
)

// slack lets a slip of the dearest kind be, and the letters of a short name in
// another case beside one.
const slack = 6

// nearGlob is the glob, of the same form, that was probably meant: one that names
// some flow, with a slip in every four letters at most, and one in fewer. "" where none is near.
func nearGlob(pattern string, names []string) string {
	literals := len(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "?")
	if literals < 3 || len(pattern) > maxGlob {
		return ""
	}
	best, least := "", replace*max(1, literals/4)+slack+1
	for _, name := range names {
		f := &fit{pattern: pattern, name: name[:min(len(name), maxGlob)]}
		cost, ok := f.cost(least)
		if !ok {
			continue
		}
		if glob := f.glob(); glob != pattern && isGlob(glob) && (cost < least || glob < best) {
			best, least = glob, cost
		}
	}
	return best
}

// fit finds what to change in a glob so that it names a name.
type fit struct {
	pattern, name string
	costs         [][]int // of the glob's first i characters, and the name's first j
}

// cost is what the cheapest way costs. It is not ok, and found out soon, where it
// is more than most.
func (f *fit) cost(most int) (cost int, ok bool) {
	row := make([]int, len(f.name)+1)
	for j := range row {
		row[j] = j * insert
	}
	f.costs = append(f.costs[:0], row)
	for i := range len(f.pattern) {
		before := row
		row = make([]int, len(f.name)+1)
		row[0] = before[0] + f.removal(i)
		least := row[0]
		for j := 1; j < len(row); j++ {
			row[j] = min(before[j]+f.removal(i), row[j-1]+f.insertion(i), before[j-1]+f.change(i, j-1))
			if i > 0 && j > 1 && f.swapped(i, j-1) {
				row[j] = min(row[j], f.costs[i-1][j-2]+swap)
			}
			least = min(least, row[j])
		}
		if least > most {
			return 0, false
		}
		f.costs = append(f.costs, row)
	}
	cost = f.costs[len(f.pattern)][len(f.name)]
	return cost, cost <= most
}

// removal is what it costs to have the glob's character i stand for nothing.
func (f *fit) removal(i int) int {
	if f.pattern[i] == '*' {
		return 0
	}
	return remove
}

// insertion is what it costs to have one more character behind the glob's
// character i.
func (f *fit) insertion(i int) int {
	if f.pattern[i] == '*' {
		return 0
	}
	return insert
}

// change is what it costs to have the glob's character i stand for the name's j.
func (f *fit) change(i, j int) int {
	p, n := f.pattern[i], f.name[j]
	switch {
	case p == n || p == '*' || p == '?':
		return 0
	case strings.EqualFold(string(p), string(n)), separates(p) && separates(n):
		return alike
	case separates(p) || separates(n):
		return separate
	}
	return replace
}

func separates(c byte) bool { return c == '-' || c == '_' }

// swapped says whether the glob's characters up to i are the name's up to j, the
// last two the other way round.
func (f *fit) swapped(i, j int) bool {
	return f.pattern[i-1] == f.name[j] && f.pattern[i] == f.name[j-1] && f.pattern[i] != f.pattern[i-1]
}

// glob is the glob that the cheapest way leads to, read from its end.
func (f *fit) glob() string {
	var back []byte
	i, j := len(f.pattern), len(f.name)
	for i > 0 || j > 0 {
		at := f.costs[i][j]
		switch {
		case i > 1 && j > 1 && f.swapped(i-1, j-1) && at == f.costs[i-2][j-2]+swap:
			i, j = i-2, j-2
			back = append(back, f.name[j+1], f.name[j])
		case i > 0 && j > 0 && at == f.costs[i-1][j-1]+f.change(i-1, j-1) && f.pattern[i-1] != '*':
			i, j = i-1, j-1
			if f.pattern[i] == '?' {
				back = append(back, '?')
			} else {
				back = append(back, f.name[j])
			}
		case j > 0 && (i == 0 || at == f.costs[i][j-1]+f.insertion(i-1)):
			j--
			if i == 0 || f.pattern[i-1] != '*' {
				back = append(back, f.name[j])
			}
		default: // the glob's character stands for nothing, or * for no more
			i--
			if f.pattern[i] == '*' {
				back = append(back, '*')
			}
		}
	}
	slices.Reverse(back)
	return string(back)
}
