// Package page tests the pages of a history in a browser: that nothing goes wrong in it,
// that the table is searched, sorted and read to the end, and that no name is more than text.
package page

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab of Chromium, and what went wrong in it.
type browser struct {
	context.Context
	mu    sync.Mutex
	wrong []string
}

// open opens a page in a window so wide.
func open(t *testing.T, path string, wide int64, scheme string) *browser {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium here: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU)
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	bounded, cancel := context.WithTimeout(allocated, 2*time.Minute)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(bounded)
	t.Cleanup(cancel)
	b := &browser{Context: tab}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, what := range b.wrong {
			t.Error(what)
		}
	})
	if err := chromedp.Listen(tab, b.hear); err != nil {
		t.Fatal(err)
	}
	call(t, b, cdplog.Enable, cdp.Empty{})
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: wide, Height: 900, DeviceScaleFactor: 1, Mobile: wide < 600})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("#data")))
	return b
}

// hear keeps what a person would find in the browser's console.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		b.wrong = append(b.wrong, fmt.Sprintf("console.%s: %v", e.Type, e.Args))
	case *cdplog.EventEntryAdded:
		b.wrong = append(b.wrong, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

func run[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(b, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) R {
	t.Helper()
	result, err := chromedp.Call(b, command, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](expression))
}

// picture keeps a screenshot where PAGE_SCREENSHOTS names a folder.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("PAGE_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), run(t, b, chromedp.CaptureScreenshot()), 0o666); err != nil {
		t.Fatal(err)
	}
}

const count = `document.getElementById("count").textContent`

// find types words into the search.
func (b *browser) find(t *testing.T, words string) string {
	t.Helper()
	ask[bool](t, b, `{ const w = document.getElementById("words"); w.focus(); w.select(); true }`)
	b.do(t, chromedp.KeyEvent(words)) // over what is selected
	return ask[string](t, b, count)
}

func TestPages(t *testing.T) {
	limits, stops := suggestion(t, 12, 400), stopped(t, 10_000)
	for _, wide := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("suggest, %d, %s", wide, scheme), func(t *testing.T) {
				b := open(t, limits, wide, scheme)
				fits(t, b)
				b.picture(t, fmt.Sprintf("suggest-%d-%s", wide, scheme))
				b.do(t, chromedp.Click(chromedp.CSS("#rows tbody a")))
				b.picture(t, fmt.Sprintf("suggest-%d-%s-curve", wide, scheme))
				if n := ask[int](t, b, `document.querySelectorAll("svg[role=img][aria-label]").length`); n != 24 {
					t.Errorf("there are %d pictures with a name, not two of each group", n)
				}
				if got := b.find(t, "NIGHTLY web"); got != "2 of 12 rows match" {
					t.Errorf("the search says %q", got)
				}
				isText(t, b)
			})
			t.Run(fmt.Sprintf("backtest, %d, %s", wide, scheme), func(t *testing.T) {
				b := open(t, stops, wide, scheme)
				fits(t, b)
				b.picture(t, fmt.Sprintf("backtest-%d-%s", wide, scheme))
				b.do(t, chromedp.ScrollIntoView(chromedp.CSS("#timeline")))
				b.picture(t, fmt.Sprintf("backtest-%d-%s-timeline", wide, scheme))
				searches(t, b)
				isText(t, b)
			})
		}
	}
}

// fits: the page doesn't scroll sideways; what is wider than it scrolls by itself.
func fits(t *testing.T, b *browser) {
	t.Helper()
	if over := ask[int](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		t.Errorf("the page is %d pixels wider than the window", over)
	}
}

// searches goes through 10,000 rows.
func searches(t *testing.T, b *browser) {
	t.Helper()
	rows := `document.querySelectorAll("#rows tbody tr").length`
	if got, n := ask[string](t, b, count), ask[int](t, b, rows); got != "10,000 rows, 100 are shown" || n != 100 {
		t.Errorf("it says %q, and shows %d", got, n)
	}
	if got := b.find(t, "RUN-01234"); got != "1 of 10,000 rows matches" {
		t.Errorf("the search says %q", got)
	}
	if got := b.find(t, "etl-39 rule-1"); !strings.HasSuffix(got, " of 10,000 rows match") || strings.HasPrefix(got, "0 ") {
		t.Errorf("the search says %q", got)
	}
	if got := b.find(t, "no such words"); got != "0 of 10,000 rows match" {
		t.Errorf("the search says %q", got)
	}
	b.find(t, " ")
	b.do(t, chromedp.Click(chromedp.CSS("#next")))
	if n := ask[int](t, b, rows); n != 200 {
		t.Errorf("%d rows are shown after one more page", n)
	}
	ask[bool](t, b, `{ const k = document.getElementById("kind"); k.value = "false stop"; k.dispatchEvent(new Event("input", {bubbles: true})); true }`)
	if got := ask[string](t, b, count); got != "201 of 10,000 rows match, 100 are shown" {
		t.Errorf("the false stops are %q", got)
	}
	longest := `[...document.querySelectorAll("#rows th button")].find(b => b.textContent === "ran on for").click(); document.querySelector("th[aria-sort=descending]").textContent`
	if got := ask[string](t, b, longest); got != "ran on for" {
		t.Errorf("sorted by %q", got)
	}
	b.do(t, chromedp.Click(chromedp.CSS("#all")))
	if n := ask[int](t, b, rows); n != 201 {
		t.Errorf("%d rows are shown of 201", n)
	}
}

// isText: the name that is HTML is in the page, and nothing came of it.
func isText(t *testing.T, b *browser) {
	t.Helper()
	b.find(t, "onerror=")
	found := ask[string](t, b, `[...document.querySelectorAll("#rows tbody td")].map(td => td.textContent).find(text => text.includes("onerror"))`)
	if found != hostile {
		t.Errorf("the name reads %q", found)
	}
	if n := ask[int](t, b, `document.querySelectorAll("img, b, script:not([type]):not(:last-of-type)").length + (window.pwned ?? 0)`); n != 0 {
		t.Errorf("%d elements came of a name", n)
	}
}

// By keyboard alone a person gets to the search, and from there to the rows; what a screen
// reader is told of the page has a table with its headers, a search, and named pictures.
func TestKeyboardAndScreenReader(t *testing.T) {
	b := open(t, stopped(t, 300), 1280, "light")
	focused := `document.activeElement.id || document.activeElement.className || document.activeElement.textContent`
	var seen []string
	for range 9 {
		b.do(t, chromedp.KeyEvent("\t"))
		seen = append(seen, ask[string](t, b, focused))
	}
	if got := strings.Join(seen, " "); !strings.HasPrefix(got, "skip wide words kind wide verdict flow execution rule") {
		t.Errorf("Tab goes to %s", got)
	}
	nodes := call(t, b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	roles := map[string][]string{}
	for _, n := range nodes {
		if !n.Ignored && n.Role != nil && n.Name != nil {
			role := strings.Trim(string(n.Role.Value), `"`)
			roles[role] = append(roles[role], strings.Trim(string(n.Name.Value), `"`))
		}
	}
	for role, want := range map[string]string{"searchbox": "Search", "image": "Timeline of 300 stops, by when each started and how long it ran; the table lists them", "columnheader": "execution", "heading": "Decisions: every stop, and why"} {
		if !strings.Contains(strings.Join(roles[role], "\n"), want) {
			t.Errorf("no %s is called %q: %q", role, want, slices.Sorted(maps.Keys(roles)))
		}
	}
	if len(roles["row"]) < 100 || len(roles["status"]) != 1 {
		t.Errorf("%d rows, %d statuses", len(roles["row"]), len(roles["status"]))
	}
}

// What is one is not said to be many.
func TestOneRow(t *testing.T) {
	b := open(t, stopped(t, 1), 1280, "light")
	if got := ask[string](t, b, count); got != "1 row" {
		t.Errorf("it says %q", got)
	}
}

// The pictures' letters are of a size on both pages, about that of the text beside them,
// however wide the window.
func TestLettersAreOfASize(t *testing.T) {
	for name, file := range map[string]string{"suggest": suggestion(t, 12, 400), "backtest": stopped(t, 300)} {
		for _, wide := range []int64{390, 1280, 2560} {
			b := open(t, file, wide, "light")
			high := ask[float64](t, b, `{ const t = document.querySelector("svg text"); parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width }`)
			if high < 10 || high > 17 {
				t.Errorf("%s, %d pixels: the letters are %.1f pixels high", name, wide, high)
			}
		}
	}
}

// In a usual window nothing of a stop is out of sight, whatever long words an audit has: the
// id of its run is what the log is searched by.
func TestAuditIsInSight(t *testing.T) {
	b := open(t, audited(t), 1280, "light")
	fits(t, b)
	if over := ask[int](t, b, `Math.max(...[...document.querySelectorAll(".wide")].map(e => e.scrollWidth - e.clientWidth))`); over > 0 {
		t.Errorf("%d pixels are out of sight", over)
	}
}

// The longest list there is goes by without a long task: the script's own time for each
// step, counted in layouts and elements, not in seconds.
func TestTenThousandGroups(t *testing.T) {
	b := open(t, suggestion(t, 10_000, 60), 1280, "light")
	if n := ask[int](t, b, `document.getElementsByTagName("*").length`); n > 20_000 {
		t.Errorf("the page has %d elements", n)
	}
	if got := b.find(t, "etl4000-"); got != "1 of 10,000 rows matches" {
		t.Errorf("the search says %q", got)
	}
	fits(t, b)
}

// On A4 paper nothing is cut off, and what only a hand could use isn't there.
func TestPrinted(t *testing.T) {
	for _, path := range []string{suggestion(t, 12, 400), stopped(t, 300)} {
		b := open(t, path, 718, "dark") // 190 mm
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		fits(t, b)
		if over := ask[int](t, b, `Math.max(...[...document.querySelectorAll(".wide, pre")].map(e => e.scrollWidth - e.clientWidth))`); over > 0 {
			t.Errorf("a table is cut by %d pixels", over)
		}
		if shown := ask[bool](t, b, `document.getElementById("find").checkVisibility()`); shown {
			t.Error("the search is printed")
		}
		b.picture(t, strings.TrimSuffix(filepath.Base(path), ".html")+"-printed")
	}
}
