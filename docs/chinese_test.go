package docs

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// inChinese are the pages that people read in Chinese, each beside its English one.
// What it takes to change one of them stands in CONTRIBUTING.md.
var inChinese = map[string]string{
	"deploy/README.md":       "deploy/README.zh-CN.md",
	"docs/emergency-stop.md": "docs/zh/emergency-stop.md",
	"docs/policy.md":         "docs/zh/policy.md",
	"docs/replay.md":         "docs/zh/replay.md",
	"docs/report.md":         "docs/zh/report.md",
	"docs/withheld.md":       "docs/zh/withheld.md",
}

// readmes are links to each other's place, too; only their words differ more.
const readme, readmeInChinese = "README.md", "README.zh-CN.md"

// A section of a page, from its heading to the next: what is the same in every language.
type section struct {
	Level  int
	Slug   string // what a link calls it
	Blocks []string
	Rows   []string // of its tables: the code in their first cells
	Items  int      // of its lists
	Code   []string // in its text, each once, in the alphabet's order
	Links  []string // likewise, what each leads to: FILE, or FILE#WHICH of its headings
	prose  string
}

var (
	heading  = regexp.MustCompile(`^(#+) (.+)$`)
	item     = regexp.MustCompile(`^\s*(-|\d+\.) `)
	code     = regexp.MustCompile("`[^`]+`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	comment  = regexp.MustCompile(`(?m)(^|\s)# \S.*$`)
	digits   = regexp.MustCompile(`\d+([.,:-]\d+)*`)
	spanning = regexp.MustCompile(`\s+`)
)

// sections reads a page, by its path in the repository. Comments in its blocks
// may be in its own language.
func sections(t *testing.T, page string) []section {
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
				last.Blocks, block = append(last.Blocks, comment.ReplaceAllString(block, "$1# …")), ""
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
		last.prose += line
	}
	if inside {
		t.Fatalf("%s: a block is never closed", page)
	}
	for i := range all {
		for _, found := range code.FindAllString(all[i].prose, -1) {
			all[i].Code = append(all[i].Code, spanning.ReplaceAllString(found, " "))
		}
		all[i].Code = sortedOnce(all[i].Code)
	}
	return all
}

func sortedOnce(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
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

func english(page string) string {
	if page == readmeInChinese {
		return readme
	}
	for en, zh := range inChinese {
		if page == zh {
			return en
		}
	}
	return page
}

// withLinks is a page's sections with what they link to. Of a page in Chinese no
// link but that to its own English one leads to a page that is in Chinese, too.
func withLinks(t *testing.T, page string) []section {
	all := sections(t, page)
	for i := range all {
		for _, found := range link.FindAllStringSubmatch(all[i].prose, -1) {
			all[i].Links = append(all[i].Links, leads(t, page, found[1]))
			file, _, _ := strings.Cut(found[1], "#")
			target := path.Join(path.Dir(page), file)
			if zh := inChinese[target]; english(page) != page && zh != "" && zh != page {
				t.Errorf("%s: a link to %s, which is in Chinese, too: %s", page, found[1], zh)
			}
		}
		all[i].Links = sortedOnce(all[i].Links)
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

// TestChinese: both languages show the same commands, YAML, JSON and tables, and
// say the same names, figures and links, section by section.
func TestChinese(t *testing.T) {
	for en, zh := range inChinese {
		t.Run(zh, func(t *testing.T) {
			want, got := withLinks(t, en), withLinks(t, zh)
			if len(want) != len(got) {
				t.Fatalf("%s has %d headings, %s %d", en, len(want)-1, zh, len(got)-1)
			}
			for i := range want {
				where := fmt.Sprintf("%s, under #%s, which is #%s of %s", zh, got[i].Slug, want[i].Slug, en)
				if missing := missingFigures(want[i].prose, got[i].prose); missing != nil {
					t.Errorf("%s: lacks the figures %q", where, missing)
				}
				comparable := func(s section) section { s.Slug, s.prose = "", ""; return s }
				if diff := cmp.Diff(comparable(want[i]), comparable(got[i]), cmp.AllowUnexported(section{})); diff != "" {
					t.Errorf("%s (-English +Chinese):\n%s", where, diff)
				}
			}
			for page, other := range map[string]string{en: zh, zh: en} {
				if to, err := filepath.Rel(path.Dir(page), other); err != nil || !strings.Contains(sections(t, page)[1].prose, "]("+filepath.ToSlash(to)+")") {
					t.Errorf("%s doesn't link to %s under its title", page, to)
				}
			}
		})
	}
}

// TestAllChinesePagesAreHeld: a page that the table above lacks is held to nothing.
func TestAllChinesePagesAreHeld(t *testing.T) {
	for _, pattern := range []string{"zh/*", "../deploy/*zh*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if page := filepath.ToSlash(filepath.Join("docs", file)); english(page) == page {
				t.Errorf("%s is nowhere in inChinese", page)
			}
		}
	}
}

// missingFigures are those in digits that a translation doesn't have.
func missingFigures(en, zh string) (missing []string) {
	plain := func(text string) []string {
		return digits.FindAllString(link.ReplaceAllString(code.ReplaceAllString(text, ""), "]"), -1)
	}
	has := plain(zh)
	for _, figure := range plain(en) {
		if !slices.Contains(has, figure) {
			missing = append(missing, figure)
		}
	}
	return missing
}

func TestMissingFigures(t *testing.T) {
	en, zh := "at 1,000 of [`9`](x4.md), 15 minutes, 2027-01-04", "2027-01-04，1,000 个，16 分钟"
	if got := missingFigures(en, zh); !slices.Equal(got, []string{"15"}) {
		t.Errorf("got %q", got)
	}
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
