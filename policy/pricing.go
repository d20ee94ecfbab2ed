package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/pattern"
	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Pricing is what executions cost; nil where the file has none.
type Pricing struct {
	Currency      string  // such as CNY; for people, who read amounts in it to its cents
	PerTransition float64 // per step entered; 0 where transitions aren't priced

	perMinute []minutePrice
}

// minutePrice is the price of a minute of the flows that it names.
type minutePrice struct {
	flows *globs
	price float64
}

// pricing reads pricing.
func (d *decoder) pricing(n *yamltree.Node) *Pricing {
	if n == nil {
		return nil
	}
	before := len(d.errors)
	f := d.fields(n, "pricing", "currency", "perTransition", "perMinute")
	sound := len(d.errors) == before // or what is lacking is misspelt
	p := &Pricing{PerTransition: d.price(f["perTransition"], "perTransition")}
	p.Currency, _ = d.text(f["currency"], "currency")
	if sound && lacks(f, "perTransition", "perMinute") {
		d.fail(n.Position, "pricing prices nothing: give perTransition, perMinute, or both")
	}
	for _, item := range d.items(f["perMinute"], "perMinute must be a list of {flows: […], price: 0.12}") {
		p.perMinute = append(p.perMinute, d.minutePrice(item))
	}
	return p
}

func (d *decoder) minutePrice(n *yamltree.Node) minutePrice {
	f := d.fields(n, "a price per minute", "flows", "price")
	if f != nil && lacks(f, "price") {
		d.fail(n.Position, "price is missing")
	}
	return minutePrice{flows: d.globs(f["flows"], "flows"), price: d.price(f["price"], "price")}
}

var priceText = pattern.Of(`^[0-9]{1,12}(\.[0-9]{1,12})?$`)

// price reads an amount of money; a nil node reads as 0.
func (d *decoder) price(n *yamltree.Node, key string) float64 {
	text, ok := d.scalar(n, key, "an amount such as 0.12")
	if !ok {
		return 0
	}
	amount, err := strconv.ParseFloat(text, 64)
	if err != nil || n.Type != yamltree.Number || !priceText().MatchString(text) {
		d.fail(n.Position, "%s must be an amount such as 0.12, but is %s", key, n.Describe())
		return 0
	}
	return amount
}

// perTransition says whether transitions are priced, so that a cost needs the
// history.
func (p *Pricing) perTransition() bool { return p != nil && p.PerTransition > 0 }

// PerMinute is the price of a minute of a flow: the last match wins.
func (p *Pricing) PerMinute(flow string) (price float64, priced bool) {
	for _, m := range p.perMinute {
		if m.flows.matches(flow) {
			price, priced = m.price, true
		}
	}
	return price, priced
}

// cost is what an execution of a flow has cost; nil where nothing is priced.
func (p *Pricing) cost(flow string, age time.Duration, steps int) any {
	if p == nil {
		return nil
	}
	price, priced := p.PerMinute(flow)
	if !priced && p.PerTransition == 0 {
		return nil
	}
	return price*age.Minutes() + p.PerTransition*float64(steps)
}

// variables are what conditions read, with costs shown in this currency.
func (p *Pricing) variables() []expression.Variable {
	if p == nil {
		return variables
	}
	own := slices.Clone(variables)
	own[executionCost].Show = p.show
	return own
}

// show writes a cost to the currency's cents, and what is less than one to two
// digits: 5.01 CNY, 0.00034 CNY. It rounds up, so that what is over a limit doesn't
// read as the limit.
func (p *Pricing) show(cost any) string {
	amount, decimals := cost.(float64), p.decimals()
	if cent := math.Pow10(-decimals); 0 < amount && amount < cent {
		decimals = 1 - int(math.Floor(math.Log10(amount)))
	}
	scale := math.Pow10(decimals)
	text := strconv.FormatFloat(max(0, math.Ceil(amount*scale-noise))/scale, 'f', decimals, 64)
	return strings.TrimSpace(text + " " + expression.Escape(p.Currency))
}

// noise is what floating point adds to a cent: 1.1 × 100 is 110.00000000000001.
const noise = 1e-6

// decimals are the currency's, by ISO 4217; those of most where it is none of it.
func (p *Pricing) decimals() int {
	switch p.Currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}
