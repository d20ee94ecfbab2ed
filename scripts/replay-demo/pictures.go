package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// pictures are those of docs/replay.md: each is on a page, by what its name there begins with.
var pictures = []struct{ file, page, name string }{
	{"curve.svg", "limits.html", "Curve of orders-*:"},
	{"earlier-limit.svg", "limits.html", "Timeline of import-partners:"},
	{"backtest.svg", "backtest.html", "Timeline of "},
	{"change.svg", "change.html", "Timeline of "},
}

var (
	light = regexp.MustCompile(`:root \{[^}]*\}`)
	rules = regexp.MustCompile(`(?m)^svg [.t].*\n`)
)

// cut writes the pictures as files of their own, in light colours, into a folder.
func (d *demo) cut(into string) error {
	for _, p := range pictures {
		text, err := os.ReadFile(filepath.Join(d.dir, p.page))
		if err != nil {
			return err
		}
		_, after, found := strings.Cut(string(text), `role="img" aria-label="`+p.name)
		inner, _, whole := strings.Cut(after, "</svg>")
		if !found || !whole {
			return fmt.Errorf("%s has no picture %q", p.page, p.name)
		}
		style := strings.Replace(light.FindString(string(text)), "light dark", "light", 1) + "\n" + strings.Join(rules.FindAllString(string(text), -1), "")
		name, shapes, _ := strings.Cut(inner, `">`)
		svg := fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 520 270\" width=\"780\" height=\"405\" role=\"img\" aria-label=\"%s%s\">\n<style>\n%s</style>\n<rect width=\"520\" height=\"270\" fill=\"#fff\"/>%s</svg>\n",
			p.name, name, style, shapes)
		if err := os.WriteFile(filepath.Join(into, p.file), []byte(svg), 0o666); err != nil {
			return err
		}
	}
	return nil
}
