package account

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Duration is a span of time, written as in policies: 90s, 1h30m, 2d, 1w.
type Duration time.Duration

var durationSyntax = regexp.MustCompile(`^-?(\d+(\.\d+)?(ms|s|m|h|d|w))+$`)

var durationPart = regexp.MustCompile(`(\d+(?:\.\d+)?)(ms|s|m|h|d|w)`)

// ParseDuration reads a Duration; a leading minus makes it negative.
func ParseDuration(text string) (Duration, error) {
	if !durationSyntax.MatchString(text) {
		return 0, fmt.Errorf("%q is not a duration such as 90s, 1h30m or 2d", text)
	}
	units := map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	var sum float64
	for _, part := range durationPart.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration: %w", text, err)
		}
		sum += n * float64(units[part[2]])
	}
	if sum >= math.MaxInt64/2 {
		return 0, fmt.Errorf("the duration %q is too long", text)
	}
	if strings.HasPrefix(text, "-") {
		sum = -sum
	}
	return Duration(math.Round(sum)), nil
}

// UnmarshalYAML reads a Duration and keeps the place of a wrong one.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	parsed, err := ParseDuration(scalarText(node))
	if err != nil {
		return &placedError{token: node.GetToken(), message: err.Error()}
	}
	*d = parsed
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
