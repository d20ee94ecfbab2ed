package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// askScope calls another region at the moment when this one's bucket is empty.
func (x *examiner) askScope(ctx context.Context, m measured, b bucket) {
	if !m.limited() {
		x.answers.cannot(QuotaScope, "no limit was met in this region")
		return
	}
	other, err := x.once(func(o *cloudflow.Options) {
		o.Endpoint, o.Region = otherEndpoint(x.Other)
	})
	if err != nil {
		x.answers.cannot(QuotaScope, "--other: "+err.Error())
		return
	}
	defer x.count(other)
	let, err := volley(ctx, other, b, admits)
	seen := fmt.Sprintf("while %s was refused here, %d of %d calls to %s were let in", b.operation, let, admits, x.Other)
	switch {
	case err != nil:
		x.answers.cannot(QuotaScope, "the other region could not be called: "+err.Error())
	case let == admits:
		x.answers.tell(QuotaScope, "region", seen, "Each region has a quota of its own: one function a region needs no other rates.")
	case let <= 1:
		x.answers.tell(QuotaScope, "account", seen, "The regions share the quota: where several functions of one account watch several regions, divide FLOWREAPER_RATES among them.")
	default:
		x.answers.cannot(QuotaScope, seen+", which fits neither: something else may be calling there")
	}
}

// otherEndpoint reads what --other names: a region's id, or an endpoint.
func otherEndpoint(text string) (endpoint, region string) {
	if strings.ContainsAny(text, ".:/") {
		return text, ""
	}
	return "", text
}
