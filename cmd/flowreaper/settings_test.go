package main

import (
	"slices"
	"testing"
)

// The region's own endpoints fit it, inside a VPC too; a prefix of its name is
// another region.
func TestEndpointAndRegionFit(t *testing.T) {
	for _, test := range []struct {
		endpoint, region string
		given            []string
		fits             bool
	}{
		{"", "cn-hangzhou", []string{"region"}, true},
		{"https://cn-hangzhou.fnf.aliyuncs.com", "cn-hangzhou", []string{"region"}, true},
		{"https://cn-hangzhou-internal.fnf.aliyuncs.com", "cn-hangzhou", []string{"region"}, true},
		{"https://cn-hangzhou-2.fnf.aliyuncs.com", "cn-hangzhou", []string{"region"}, false},
		{"https://cn-hangzhou.fnf.aliyuncs.com", "cn-shanghai", []string{"region"}, false},
		{"http://127.0.0.1:8790", "cn-shanghai", []string{"region"}, false},
		{"http://127.0.0.1:8790", "cn-shanghai", []string{"region", "endpoint"}, true},
		{"http://127.0.0.1:8790", "cn-shanghai", nil, true}, // both are the environment's
	} {
		s := &settings{endpoint: test.endpoint, region: test.region, given: func(flag string) bool {
			return slices.Contains(test.given, flag)
		}}
		if _, err := s.checkedEndpoint(); (err == nil) != test.fits {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
