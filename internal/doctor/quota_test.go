package doctor_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"golang.org/x/time/rate"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

func burst(o *doctor.Options) { o.Burst = true }

func TestFindsTheDocumentedQuota(t *testing.T) {
	report, server := examine(t, busy(account.Behaviour{}), burst)
	check(t, report, doctor.Quota, "ListFlows about 2/s, 10 at once; ListExecutions about 2/s, 10 at once; DescribeExecution about 5/s, 50 at once")
	if len(report.Settings) > 0 {
		t.Errorf("asks for the settings %v", report.Settings)
	}
	if server.Stats().Throttled == 0 {
		t.Error("nothing was throttled: what was measured?")
	}
	if got, _ := find(report, doctor.QuotaScope); got.State != doctor.NotAsked {
		t.Errorf("scope: %+v", got)
	}
	for operation, n := range report.Calls {
		if most := map[string]int{"ListFlows": 86 + 1, "ListExecutions": 86 + 8, "DescribeExecution": 300}[operation]; n > most {
			t.Errorf("%d calls of %s, more than the %d that were announced", n, operation, most)
		}
	}
}

func TestFindsThatThereIsNoQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(busy(account.Behaviour{}), emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		o := options(server)
		o.Burst, o.Other = true, "cn-shanghai"
		report, err := doctor.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, report, doctor.Quota, "ListFlows more than 30 at once; ListExecutions more than 30 at once; DescribeExecution more than 110 at once")
		if got, _ := find(report, doctor.QuotaScope); got.State != doctor.Untold || got.Because != "no limit was met in this region" {
			t.Errorf("scope: %+v", got)
		}
	})
}

// strict is a server whose quota is its own, an operation.
type strict struct {
	cloudflow.HTTPClient
	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func (s *strict) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	operation := r.URL.Query().Get("Action")
	if s.buckets[operation] == nil {
		s.buckets[operation] = rate.NewLimiter(s.rate, s.burst)
	}
	if s.buckets[operation].Allow() {
		return s.HTTPClient.Call(r, t)
	}
	return &http.Response{StatusCode: 429, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(`{"Code":"ResourceThrottled"}`)))}, nil
}

func TestAsksForTheRatesThatItFinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(busy(account.Behaviour{}), emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		o := options(&strict{HTTPClient: server, rate: 1, burst: 5, buckets: map[string]*rate.Limiter{}})
		o.Burst = true
		report, err := doctor.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, report, doctor.Quota, "ListFlows about 1/s, 5 at once; ListExecutions about 1/s, 5 at once; DescribeExecution about 1/s, 5 at once")
		want := map[string]string{"FLOWREAPER_RATES": "DescribeExecution=0.98/4,ListExecutions=0.98/4,ListFlows=0.98/4"}
		if diff := cmp.Diff(want, report.Settings); diff != "" {
			t.Error(diff)
		}
		if _, err := cloudflow.ParseRates(report.Settings["FLOWREAPER_RATES"]); err != nil {
			t.Error(err)
		}
	})
}

// byHost sends requests to the server of their host.
type byHost map[string]cloudflow.HTTPClient

func (b byHost) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	region, _, _ := strings.Cut(r.URL.Host, ".")
	return b[region].Call(r, t)
}

func TestFindsTheQuotasScope(t *testing.T) {
	for want, otherHasItsOwn := range map[string]bool{"account": false, "region": true} {
		synctest.Test(t, func(t *testing.T) {
			server := emulate(t, busy(account.Behaviour{}))
			regions := byHost{"cn-hangzhou": server, "cn-shanghai": server}
			if otherHasItsOwn {
				regions["cn-shanghai"] = emulate(t, busy(account.Behaviour{}))
			}
			o := options(regions)
			o.Burst, o.Other = true, "cn-shanghai"
			report, err := doctor.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			check(t, report, doctor.QuotaScope, want)
		})
	}
}
