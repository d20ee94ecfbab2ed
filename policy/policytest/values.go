package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
)

// Version is the version of a file's format.
type Version int

// ReadNode takes 1 and nothing else.
func (v *Version) ReadNode(n *yamltree.Node) error {
	if n.Kind != yamltree.Scalar || n.Text != "1" {
		return fmt.Errorf("must be 1, but is %s: this flowreaper knows no other", n.Describe())
	}
	*v = 1
	return nil
}

// Moment is a time in RFC 3339.
type Moment struct{ time.Time }

// ReadNode reads 2026-03-04T12:00:00Z, with any offset.
func (m *Moment) ReadNode(n *yamltree.Node) error {
	at, err := moment.Parse(n.Text)
	if n.Kind != yamltree.Scalar || err != nil {
		return fmt.Errorf("must be a time such as 2026-03-04T12:00:00Z, but is %s", n.Describe())
	}
	m.Time = at.UTC()
	return nil
}

// Duration is a duration as policies write it.
type Duration time.Duration

// ReadNode reads 1h30m, 2d.
func (d *Duration) ReadNode(n *yamltree.Node) error {
	length, err := duration.Parse(n.Text)
	if n.Kind != yamltree.Scalar || err != nil {
		return fmt.Errorf("must be a duration such as 1h30m, but is %s", n.Describe())
	}
	*d = Duration(length)
	return nil
}

// DueText is a moment, never, or every sweep.
type DueText struct{ text string }

const (
	dueNever      = "never"
	dueEverySweep = "every sweep"
)

// ReadNode reads it. A moment is kept in UTC, to the second.
func (d *DueText) ReadNode(n *yamltree.Node) error {
	switch n.Text {
	case dueNever, dueEverySweep:
		d.text = n.Text
		return nil
	}
	var at Moment
	if err := at.ReadNode(n); err != nil {
		return fmt.Errorf("must be never, every sweep or a time such as 2026-03-04T12:00:00Z, but is %s", n.Describe())
	}
	d.text = at.Format(time.RFC3339)
	return nil
}

// JSON is any value, as the JSON text that it is written as in an input; "" is
// none.
type JSON string

// ReadNode turns YAML into JSON. Numbers stay as they are written.
func (j *JSON) ReadNode(n *yamltree.Node) error {
	var b strings.Builder
	if err := writeJSON(&b, n); err != nil {
		return err
	}
	*j = JSON(b.String())
	return nil
}

// Input is an execution's input: JSON, or a text as it stands, so that it need not
// be JSON. Accounts of the emulator read theirs alike.
type Input string

// ReadNode reads it. A text that is an object's or a list's was meant as what it
// says, or as a text: it is refused.
func (i *Input) ReadNode(n *yamltree.Node) error {
	if n.Kind != yamltree.Scalar || n.Type != yamltree.Text {
		return (*JSON)(i).ReadNode(n)
	}
	if trimmed := strings.TrimSpace(n.Text); json.Valid([]byte(n.Text)) && strings.ContainsAny(trimmed[:1], "{[") {
		return errors.New("is a text that reads as JSON: take its quotes away, so that it is what it says, or give it as inputText")
	}
	*i = Input(n.Text)
	return nil
}

func writeJSON(b *strings.Builder, n *yamltree.Node) error {
	switch n.Kind {
	case yamltree.Mapping:
		return writeObject(b, n)
	case yamltree.Sequence:
		b.WriteString("[")
		for i, item := range n.Items {
			if i > 0 {
				b.WriteString(",")
			}
			if err := writeJSON(b, item); err != nil {
				return err
			}
		}
		b.WriteString("]")
		return nil
	}
	return writeScalar(b, n)
}

func writeObject(b *strings.Builder, n *yamltree.Node) error {
	given := map[string]bool{}
	b.WriteString("{")
	for i, entry := range n.Entries {
		if given[entry.Key.Text] {
			return fmt.Errorf("has the key %q twice", entry.Key.Text)
		}
		given[entry.Key.Text] = true
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(quote(entry.Key.Text) + ":")
		if err := writeJSON(b, entry.Value); err != nil {
			return err
		}
	}
	b.WriteString("}")
	return nil
}

func writeScalar(b *strings.Builder, n *yamltree.Node) error {
	switch n.Type {
	case yamltree.Null:
		b.WriteString("null")
	case yamltree.Bool:
		b.WriteString(strings.ToLower(n.Text))
	case yamltree.Number:
		if !json.Valid([]byte(n.Text)) {
			return errors.New("has the number " + n.Text + ", which JSON can't write: quote it, or write it plainly")
		}
		b.WriteString(n.Text)
	default:
		b.WriteString(quote(n.Text))
	}
	return nil
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil { // of a text there is none
		panic("flowreaper: " + err.Error())
	}
	return string(quoted)
}
