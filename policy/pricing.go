package policy

import (
	"regexp"
	"strconv"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/yamltree"
)

// Pricing is what executions cost; nil where the file has none.
type Pricing struct {
	Currency      string  // such as CNY; for people
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
	f := d.fields(n, "pricing", "currency", "perTransition", "perMinute")
	p := &Pricing{PerTransition: d.price(f["perTransition"], "perTransition")}
	p.Currency, _ = d.text(f["currency"], "currency")
	if f != nil && lacks(f, "perTransition", "perMinute") {
		d.fail(n.Position, "pricing prices nothing: give perTransition, perMinute, or both")
	}
	list := f["perMinute"]
	if list == nil {
		return p
	}
	if list.Kind != yamltree.Sequence || len(list.Items) == 0 {
		d.fail(list.Position, "perMinute must be a list of {flows: […], price: 0.12}, but is %s", describeList(list))
		return p
	}
	for _, item := range list.Items {
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

var priceText = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,12})?$`)

// price reads an amount of money; a nil node reads as 0.
func (d *decoder) price(n *yamltree.Node, key string) float64 {
	text, ok := d.scalar(n, key, "an amount such as 0.12")
	if !ok {
		return 0
	}
	amount, err := strconv.ParseFloat(text, 64)
	if err != nil || n.Type != yamltree.Number || !priceText.MatchString(text) {
		d.fail(n.Position, "%s must be an amount such as 0.12, but is %s", key, n.Describe())
		return 0
	}
	return amount
}

// perTransition says whether transitions are priced, so that a cost needs the
// history.
func (p *Pricing) perTransition() bool { return p != nil && p.PerTransition > 0 }

// minute is the price of a minute of a flow: the last match wins.
func (p *Pricing) minute(flow string) (price float64, priced bool) {
	for _, m := range p.perMinute {
		if m.flows == nil || m.flows.matches(flow) {
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
	price, priced := p.minute(flow)
	if !priced && p.PerTransition == 0 {
		return nil
	}
	return price*age.Minutes() + p.PerTransition*float64(steps)
}
