package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// leads says what a page's link leads to, whatever the language: a page that is in
// both is called by its English one, and a heading by its number.
func leads(t *testing.T, page, to string) string {
	if strings.Contains(to, "://") {
		return to
	}
	file, anchor, toHeading := strings.Cut(to, "#")
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if _, err := os.Stat(filepath.Join("..", target)); err != nil {
		t.Errorf("%s: a link to %s, which isn't there", page, to)
	}
	name := english(target)
	if !toHeading {
		return name
	}
	which := slices.IndexFunc(sections(t, target), func(s section) bool { return s.Slug == anchor })
	if which < 0 {
		t.Errorf("%s: a link to %s, and there is no such heading", page, to)
	}
	return name + "#" + strconv.Itoa(which)
}

// withLinks is a page's sections with what they link to. Of a page in Chinese no
// link but that to its own English one leads to a page that is in Chinese, too.
func withLinks(t *testing.T, page string) []section {
	all := sections(t, page)
	for i := range all {
		for _, found := range link.FindAllStringSubmatch(all[i].Prose, -1) {
			all[i].Links = append(all[i].Links, leads(t, page, found[1]))
			file, _, _ := strings.Cut(found[1], "#")
			target := path.Join(path.Dir(page), file)
			if zh := inChinese[target]; english(page) != page && zh != "" && zh != page {
				t.Errorf("%s: a link to %s, which is in Chinese, too: %s", page, found[1], zh)
			}
		}
		slices.Sort(all[i].Links)
	}
	return all
}

// TestLinks: every link of every document leads somewhere.
func TestLinks(t *testing.T) {
	found := 0
	for _, file := range documents(t) {
		for _, s := range withLinks(t, filepath.ToSlash(filepath.Clean(filepath.Join("docs", file)))) {
			found += len(s.Links)
		}
	}
	if found < 100 {
		t.Errorf("only %d links were found", found)
	}
}
