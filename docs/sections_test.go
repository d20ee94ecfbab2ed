package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A section of a page, from its heading to the next: what is the same in every language.
type section struct {
	Level  int
	Slug   string // what a link calls it
	Blocks []string
	Rows   []string // of its tables: the code in their first cells
	Items  int      // of its lists
	Paras  int      // paragraphs, each list and table one
	Code   []string // in its text, in the alphabet's order
	Links  []string // likewise, what each leads to: FILE, or FILE#WHICH of its headings
	Prose  string
}

var (
	heading   = regexp.MustCompile(`^(#+) (.+)$`)
	item      = regexp.MustCompile(`^\s*(-|\d+\.) `)
	paragraph = regexp.MustCompile(`(\A|\n\n)[^\n]`)
	code      = regexp.MustCompile("`[^`]+`")
	words     = regexp.MustCompile(`(?m)(^|[ \t]+)# \S.*$|(description: |--cause ')[^'\n]*`)
	spanning  = regexp.MustCompile(`\s+`)
)

// sections reads a page, by its path in the repository. What stands in its blocks
// in its own language is left out.
func sections(t *testing.T, page string) []section {
	t.Helper()
	if pages[page] == nil {
		pages[page] = parse(t, page)
	}
	return slices.Clone(pages[page])
}

var pages = map[string][]section{} // once they are read

func parse(t *testing.T, page string) []section {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", page))
	if err != nil {
		t.Fatal(err)
	}
	all, block, inside := []section{{}}, "", false
	for line := range strings.Lines(string(text)) {
		last := &all[len(all)-1]
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
			if block += line; !inside {
				last.Blocks, block = append(last.Blocks, sameInAll(block)), ""
			}
			continue
		}
		if inside {
			block += line
			continue
		}
		if found := heading.FindStringSubmatch(strings.TrimRight(line, "\n")); found != nil {
			all = append(all, section{Level: len(found[1]), Slug: slug(found[2])})
			last = &all[len(all)-1]
		}
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) > 1 && cells[0] == "" {
			last.Rows = append(last.Rows, strings.Join(code.FindAllString(cells[1], -1), " "))
		}
		if item.MatchString(line) {
			last.Items++
		}
		last.Prose += line
	}
	if inside {
		t.Fatalf("%s: a block is never closed", page)
	}
	for i := range all {
		for _, found := range code.FindAllString(all[i].Prose, -1) {
			all[i].Code = append(all[i].Code, spanning.ReplaceAllString(found, " "))
		}
		slices.Sort(all[i].Code)
		all[i].Paras = len(paragraph.FindAllString(all[i].Prose, -1))
	}
	return all
}

// sameInAll is a block without what people write in their own language: comments,
// the description of a policy's rule, the cause of a stop, and the words of a drawing.
func sameInAll(block string) string {
	if strings.Contains(block, "──▶") {
		return "a drawing"
	}
	return words.ReplaceAllString(block, " $2…")
}

// slug is what a forge makes of a heading, for links.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

func TestSlugs(t *testing.T) {
	for heading, want := range map[string]string{
		"What could not be confirmed":    "what-could-not-be-confirmed",
		"nil, and what can't be decided": "nil-and-what-cant-be-decided",
		"9. Keep a history":              "9-keep-a-history",
		"`flows` 是通配符，最后一条为准":            "flows-是通配符最后一条为准",
	} {
		if got := slug(heading); got != want {
			t.Errorf("%s: %s", heading, got)
		}
	}
}
