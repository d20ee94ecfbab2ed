package account

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// Duration is a span of time, written as in policies: 90s, 1h30m, 2d, 1w. A
// leading minus makes it negative.
type Duration time.Duration

// UnmarshalYAML reads a Duration and keeps the place of a wrong one.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text, negative := strings.CutPrefix(scalarText(node), "-")
	length, err := duration.Parse(text)
	if err != nil {
		return &placedError{token: node.GetToken(), message: err.Error()}
	}
	if negative {
		length = -length
	}
	*d = Duration(length)
	return nil
}

// Share is a part of a whole, 0 to 1, written as a percentage.
type Share float64

// UnmarshalYAML reads a percentage such as 1% or 0.5%.
func (s *Share) UnmarshalYAML(node ast.Node) error {
	text := scalarText(node)
	number, isPercentage := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	// 0 is the one share that needs no sign to be understood.
	understood := err == nil && (isPercentage || percent == 0)
	if !understood || !(percent >= 0 && percent <= 100) {
		return &placedError{token: node.GetToken(), message: fmt.Sprintf("%q is not a share such as 1%%, from 0%% to 100%%", text)}
	}
	*s = Share(percent / 100)
	return nil
}

// Payload is an execution's input or output: JSON text, or "". In a file it is
// any YAML value; a text stands as it is, so that it need not be JSON.
type Payload string

// UnmarshalYAML turns what stands in the file into JSON text. A text that is an
// object's or a list's was meant as what it says, or as a text: it is refused.
func (p *Payload) UnmarshalYAML(node ast.Node) error {
	var value any
	if err := yaml.NodeToValue(node, &value); err != nil {
		return err
	}
	switch v := value.(type) {
	case nil:
		*p = ""
	case string:
		if trimmed := strings.TrimSpace(v); json.Valid([]byte(v)) && strings.ContainsAny(trimmed[:1], "{[") {
			return &placedError{token: node.GetToken(), message: "this text reads as JSON: take its quotes away, so that it is what it says; an execution's raw text is its inputText"}
		}
		*p = Payload(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return &placedError{token: node.GetToken(), message: "an input or output that has no JSON form: " + err.Error()}
		}
		*p = Payload(text)
	}
	return nil
}

func scalarText(node ast.Node) string {
	if scalar, ok := node.(ast.ScalarNode); ok {
		if _, isNull := node.(*ast.NullNode); !isNull {
			return fmt.Sprint(scalar.GetValue())
		}
	}
	return node.String()
}
