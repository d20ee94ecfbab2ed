package policy

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMoneyIsShownToItsCents(t *testing.T) {
	for _, test := range []struct {
		currency string
		amount   float64
		want     string
	}{
		{"CNY", 7.20034, "7.21 CNY"},
		{"CNY", 7.2, "7.20 CNY"},
		{"CNY", 1.1, "1.10 CNY"},
		{"CNY", 0, "0.00 CNY"},
		{"CNY", 50.000001, "50.01 CNY"},
		{"USD", 0.01, "0.01 USD"},
		{"USD", 0.00034, "0.00034 USD"},
		{"USD", 1.0 / 300, "0.0034 USD"},
		{"JPY", 119.2, "120 JPY"},
		{"JPY", 0.5, "0.50 JPY"},
		{"KWD", 1.23411, "1.235 KWD"},
		{"", 12.5, "12.50"},
		{"yuan\x1b[2J", 12.5, `12.50 yuan\x1b[2J`},
		{"CNY", 123456789.123, "123456789.13 CNY"},
	} {
		if got := (&Pricing{Currency: test.currency}).show(test.amount); got != test.want {
			t.Errorf("%v %s: %s, want %s", test.amount, test.currency, got, test.want)
		}
	}
}

// What is over a limit of whole cents reads so, and what isn't doesn't.
func TestMoneyIsShownOnItsSideOfALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := float64(rapid.IntRange(1, 1e7).Draw(t, "cents")) / 100
		amount := limit + rapid.SampledFrom([]float64{-1, -0.005, -0.001, -1e-6, 0, 1e-6, 0.001, 0.005, 1}).Draw(t, "over")
		if amount < 0 {
			return
		}
		text, _ := strings.CutSuffix((&Pricing{Currency: "CNY"}).show(amount), " CNY")
		if shown, err := strconv.ParseFloat(text, 64); err != nil || (shown > limit) != (amount > limit) {
			t.Errorf("%v, with a limit of %v, is shown as %s", amount, limit, text)
		}
	})
}

func TestACostNamesItsCurrency(t *testing.T) {
	p := mustParse(t, strings.Replace(oneRule("maxCost: 5", `cause: "has cost ${execution.cost}"`), "rules:", pricing+"rules:", 1))
	f := with(func(f *Facts) { f.Execution.History = &History{Steps: 100} })
	v := p.Judge(f)
	if got := p.Cause(v, Tail{Run: "r"}); !strings.HasPrefix(got, "has cost ") || !strings.Contains(got, " CNY [flowreaper/1") {
		t.Errorf("the cause: %s", got)
	}
	if got := v.Reason(); !strings.Contains(got, " CNY > 5") {
		t.Errorf("the reason: %s", got)
	}
}
