package docs

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// inChinese are the pages that people read in Chinese, each beside its English one.
// What it takes to change one of them stands in CONTRIBUTING.md.
var inChinese = map[string]string{
	"README.md":              "README.zh-CN.md",
	"deploy/README.md":       "deploy/README.zh-CN.md",
	"docs/audit.md":          "docs/zh/audit.md",
	"docs/emergency-stop.md": "docs/zh/emergency-stop.md",
	"docs/fleet.md":          "docs/zh/fleet.md",
	"docs/policy.md":         "docs/zh/policy.md",
	"docs/replay.md":         "docs/zh/replay.md",
	"docs/report.md":         "docs/zh/report.md",
	"docs/withheld.md":       "docs/zh/withheld.md",
}

// english is the English page of one in Chinese; any other is its own.
func english(page string) string {
	for en, zh := range inChinese {
		if page == zh {
			return en
		}
	}
	return page
}

var digits = regexp.MustCompile(`\d+([.,:-]\d+)*`)

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
				if missing := missingFigures(want[i].Prose, got[i].Prose); missing != nil {
					t.Errorf("%s: lacks the figures %q", where, missing)
				}
				if diff := cmp.Diff(want[i], got[i], cmpopts.IgnoreFields(section{}, "Slug", "Prose")); diff != "" {
					t.Errorf("%s (-English +Chinese):\n%s", where, diff)
				}
			}
			for page, other := range map[string]string{en: zh, zh: en} {
				if to, err := filepath.Rel(path.Dir(page), other); err != nil || !strings.Contains(sections(t, page)[1].Prose, "]("+filepath.ToSlash(to)+")") {
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
	has := map[string]int{}
	for _, figure := range plain(zh) {
		has[figure]++
	}
	for _, figure := range plain(en) {
		if has[figure]--; has[figure] < 0 {
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
