package policy

import (
	"fmt"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// A template's values and a body's are written in two ways; each copies the other's as it
// stands.
var (
	inBodies    = pattern.Of(`\$\{[A-Za-z][A-Za-z0-9.]*\}`)
	inTemplates = pattern.Of(`\{\{[^{}]*\}\}`)
)

// channels finds templates and bodies in which a value was meant the other one's way.
func (l *linter) channels(all *yamltree.Node) {
	for _, channel := range all.Items {
		template, body := channel.Value("template"), channel.Value("body")
		l.copied(template, "template", inBodies().FindString(template.Text), "{{.Policy}}")
		l.copied(body, "body", foundIn(body, inTemplates().FindString), "${policy}")
	}
}

func (l *linter) copied(n *yamltree.Node, what, value, instead string) {
	if value != "" {
		l.foundAt(n.Position, "", Warning, LintPlaceholder, fmt.Sprintf("%q is no placeholder: the %s has it as it stands", value, what), "write it like "+instead)
	}
}

// foundIn is what find finds first in a text of the node, or in one below it.
func foundIn(n *yamltree.Node, find func(string) string) string {
	if found := find(n.Text); found != "" {
		return found
	}
	below := n.Items
	for _, entry := range n.Entries {
		below = append(below, entry.Key, entry.Value)
	}
	for _, one := range below {
		if found := foundIn(one, find); found != "" {
			return found
		}
	}
	return ""
}
