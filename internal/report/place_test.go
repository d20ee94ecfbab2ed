package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
)

// Where it was is said in every form, as far as it is known.
func TestPlaceIsSaid(t *testing.T) {
	for _, test := range []struct {
		place      result.Place
		text, page string
	}{
		{
			result.Place{Account: "1968132000123456", Region: "cn-hangzhou", Endpoint: "https://cn-hangzhou.fnf.aliyuncs.com", Flowreaper: "v1.2.3"},
			"\n\nIn account 1968132000123456, region cn-hangzhou, https://cn-hangzhou.fnf.aliyuncs.com, by flowreaper v1.2.3.\n",
			"<dt>account</dt><dd>1968132000123456</dd> <dt>region</dt><dd>cn-hangzhou</dd> <dt>endpoint</dt><dd>https://cn-hangzhou.fnf.aliyuncs.com</dd> <dt>flowreaper</dt><dd>v1.2.3</dd>",
		},
		{
			result.Place{Endpoint: "http://127.0.0.1:8790", Flowreaper: "dev"},
			"\n\nIn http://127.0.0.1:8790, by flowreaper dev.\n",
			"<dt>endpoint</dt><dd>http://127.0.0.1:8790</dd> <dt>flowreaper</dt><dd>dev</dd>",
		},
	} {
		r := base()
		r.Place = test.place
		if shown := text(t, r, report.Style{}); !strings.HasSuffix(shown, test.text) {
			t.Errorf("the text ends otherwise:\n%s", shown)
		}
		var page bytes.Buffer
		if err := report.HTML(&page, r); err != nil {
			t.Fatal(err)
		}
		said := regexp.MustCompile(`<dt>(account|region|endpoint|flowreaper)</dt><dd>[^<]*</dd>`).FindAllString(page.String(), -1)
		if got := strings.Join(said, " "); got != test.page {
			t.Errorf("the page says %s", got)
		}
	}
}
