package policy

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/flowreaper/flowreaper/internal/yamltree"
)

// body reads a webhook's body: a text of JSON, or a mapping or a list that is written as
// YAML. What it may fill in those know who write the messages.
func (d *decoder) body(c *Channel, n *yamltree.Node) {
	switch {
	case n == nil || c.Kind == "":
		return
	case c.Kind != Webhook:
		d.fail(n.Position, "body is a webhook's: what a %s robot is sent is laid down, and template says its text", c.Kind)
		return
	case n.Kind == yamltree.Scalar && (n.Type != yamltree.Text || strings.TrimSpace(n.Text) == ""):
		d.fail(n.Position, "body must be JSON in a text, a mapping or a list, but is %s", n.Describe())
		return
	}
	c.bodyPlace = d.errorAt(n.Position, "")
	if c.Body = n.Text; n.Kind != yamltree.Scalar {
		var b bytes.Buffer
		d.asJSON(&b, n)
		c.Body = b.String()
	}
}

// asJSON writes a node of YAML as JSON. Texts are always texts there: a number is filled in within a
// body that is a text.
func (d *decoder) asJSON(b *bytes.Buffer, n *yamltree.Node) {
	switch n.Kind {
	case yamltree.Mapping:
		d.mappingJSON(b, n)
	case yamltree.Sequence:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			d.asJSON(b, item)
		}
		b.WriteByte(']')
	default:
		d.scalarJSON(b, n)
	}
}

func (d *decoder) mappingJSON(b *bytes.Buffer, n *yamltree.Node) {
	lines := map[string]int{}
	b.WriteByte('{')
	for i, entry := range n.Entries {
		key := entry.Key
		if lines[key.Text] > 0 {
			d.fail(key.Position, "the key %s is given twice; first in %s", yamltree.Brief(key.Text), d.line(lines[key.Text]))
		}
		lines[key.Text] = key.Line
		if i > 0 {
			b.WriteByte(',')
		}
		jsonText(b, key.Text)
		b.WriteByte(':')
		d.asJSON(b, entry.Value)
	}
	b.WriteByte('}')
}

func (d *decoder) scalarJSON(b *bytes.Buffer, n *yamltree.Node) {
	switch {
	case n.Type == yamltree.Text:
		jsonText(b, n.Text)
	case n.Type == yamltree.Null:
		b.WriteString("null")
	case json.Valid([]byte(n.Text)):
		b.WriteString(n.Text)
	default:
		d.fail(n.Position, "body has %s, which JSON writes in another way: write it so, or quote it", n.Describe())
	}
}

// jsonText writes a text in quotes, with <, > and & as they are.
func jsonText(b *bytes.Buffer, text string) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text always is
	b.Truncate(b.Len() - 1)  // of a line end
}
