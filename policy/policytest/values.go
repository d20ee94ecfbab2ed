package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/moment"
	"github.com/flowreaper/flowreaper/internal/yamltree"
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
	value, err := valueOf(n)
	if err != nil {
		return err
	}
	text, err := json.Marshal(value)
	*j = JSON(text)
	return err
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

// valueOf is what a node says, as encoding/json writes it.
func valueOf(n *yamltree.Node) (value any, err error) {
	switch {
	case n.Kind == yamltree.Mapping:
		object := map[string]any{}
		for _, entry := range n.Entries {
			if _, twice := object[entry.Key.Text]; twice {
				return nil, fmt.Errorf("has the key %q twice", entry.Key.Text)
			}
			if object[entry.Key.Text], err = valueOf(entry.Value); err != nil {
				return nil, err
			}
		}
		return object, nil
	case n.Kind == yamltree.Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			if list[i], err = valueOf(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case n.Type == yamltree.Null:
		return nil, nil
	case n.Type == yamltree.Bool:
		return strings.EqualFold(n.Text, "true"), nil
	case n.Type == yamltree.Text:
		return n.Text, nil
	case !json.Valid([]byte(n.Text)):
		return nil, errors.New("has the number " + n.Text + ", which JSON can't write: quote it, or write it plainly")
	}
	return json.Number(n.Text), nil
}
