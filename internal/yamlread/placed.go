package yamlread

import (
	"cmp"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy"
)

// Placed gives problems the file and the lines that they are in, in the file's order.
func Placed(file string, text []byte, problems []yamltree.Problem) policy.Errors {
	lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
	var all policy.Errors
	for _, p := range problems {
		e := &policy.Error{File: file, Line: p.Line, Column: p.Column, Message: p.Message}
		if p.Line >= 1 && p.Line <= len(lines) {
			e.Source = strings.ToValidUTF8(strings.TrimSuffix(lines[p.Line-1], "\r"), "\ufffd")
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b *policy.Error) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	return all
}
