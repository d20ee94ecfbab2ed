package fleet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/policy"
)

// Place is the place of that name. The name may be a stranger's: it only selects.
func (f *Fleet) Place(name string) (*Place, error) {
	if p := f.names[name]; p != nil {
		return p, nil
	}
	names, near := f.placeNames(), ""
	if len(name) <= 2*longestName { // else a stranger has it compared for long
		near = spelling.Nearest(name, names)
	}
	text := fmt.Sprintf("there is no place %q in the fleet", plain.Clip(name, longestName))
	if of := f.groups[name]; name != "" && len(of) > 0 {
		return nil, fmt.Errorf("%s, but a group of that name: its places are %s", text, some(of))
	}
	if near != "" {
		return nil, fmt.Errorf("%s; did you mean %q?", text, near)
	}
	return nil, fmt.Errorf("%s; there are: %s", text, some(names))
}

// some are the first of so many names, and how many more there are.
func some(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		names = append(names[:most:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func (f *Fleet) placeNames() []string {
	names := make([]string, len(f.Places))
	for i, p := range f.Places {
		names[i] = p.Name
	}
	return names
}

// longestName is as long as a name may be.
const longestName = 50

// ofPlaces says of places' globs what is said of flows'.
var ofPlaces = strings.NewReplacer("a glob of flow names", "a glob of places' names", "no flow's name", "no place's name", "write them one by one", "give --place for each")

// Select are the places whose names match the globs, as a policy's flows do: the last that
// matches wins. Without globs they are all.
func (f *Fleet) Select(globs []string) ([]*Place, error) {
	if len(globs) == 0 {
		return f.Places, nil
	}
	matches, err := policy.Globs(globs...)
	if err != nil {
		return nil, errors.New(ofPlaces.Replace(err.Error()))
	}
	var selected []*Place
	for _, p := range f.Places {
		if matches(p.Name) {
			selected = append(selected, p)
		}
	}
	if len(selected) == 0 {
		_, err := f.Place(globs[len(globs)-1])
		return nil, errors.Join(errors.New("no place matches"), err)
	}
	if slips, _ := policy.UnmatchedGlobs("--place", globs, f.placeNames()); len(slips) > 0 {
		return nil, fmt.Errorf("%s matches no place of the fleet%s", slips[0].Glob, spelling.DidYouMean(strings.TrimPrefix(slips[0].Glob, "!"), f.placeNames()))
	}
	return selected, nil
}

// Variables are the environment's variables that the policies name; none of a nil fleet.
func (f *Fleet) Variables() (all []string) {
	if f == nil {
		return nil
	}
	for _, p := range f.Policies {
		all = append(all, p.Variables()...)
	}
	return all
}

// Holds says in one line what the fleet holds.
func (f *Fleet) Holds() string {
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, p := range f.Places {
		accounts[p.Account], regions[p.Region] = true, true
	}
	policies := fmt.Sprintf("%d policies", len(f.Policies))
	if len(f.Policies) == 1 {
		policies = "one policy"
	}
	return fmt.Sprintf("%s, of %s in %s, by %s", plain.Count(len(f.Places), "place"), plain.Count(len(accounts), "account"), plain.Count(len(regions), "region"), policies)
}
