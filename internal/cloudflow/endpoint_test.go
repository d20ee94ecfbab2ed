package cloudflow

import "testing"

func TestParseEndpoint(t *testing.T) {
	for _, test := range []struct{ endpoint, region, want string }{
		{"", "cn-hangzhou", "https://cn-hangzhou.fnf.aliyuncs.com"},
		{"", "cn-hangzhou-internal", "https://cn-hangzhou-internal.fnf.aliyuncs.com"},
		{"", "ap-southeast-9", "https://ap-southeast-9.fnf.aliyuncs.com"}, // there come more
		{"", "cn-hangzhou-2", "https://cn-hangzhou-2.fnf.aliyuncs.com"},
		{"", "us-east-1", "https://us-east-1.fnf.aliyuncs.com"},
		{"", "cn-guangzhou", "https://cn-guangzhou.fnf.aliyuncs.com"},
		{"", "xx-elsewhere-1", "https://xx-elsewhere-1.fnf.aliyuncs.com"},
		{"https://cn-hangzou.fnf.aliyuncs.com", "cn-hangzou", "https://cn-hangzou.fnf.aliyuncs.com"},
		{"cn-hangzhou-internal.fnf.aliyuncs.com", "", "https://cn-hangzhou-internal.fnf.aliyuncs.com"},
		{"https://CN-Shanghai.fnf.aliyuncs.com/", "cn-hangzhou", "https://cn-shanghai.fnf.aliyuncs.com"},
		{"https://example.com:8443", "", "https://example.com:8443"},
		{"127.0.0.1:8790", "", "http://127.0.0.1:8790"},
		{"localhost:8790", "", "http://localhost:8790"},
		{"https://localhost:8790", "", "https://localhost:8790"},
		{"127.0.0.1.example.com:8790", "", "https://127.0.0.1.example.com:8790"},
		{"http://127.0.0.1:8790", "", "http://127.0.0.1:8790"},
		{"http://127.8.9.10", "", "http://127.8.9.10"},
		{"http://[::1]:8790", "", "http://[::1]:8790"},
		{"http://localhost:8790/", "", "http://localhost:8790"},
		{"HTTP://LOCALHOST", "", "http://localhost"},
	} {
		got, err := ParseEndpoint(test.endpoint, test.region)
		if err != nil || got.String() != test.want {
			t.Errorf("ParseEndpoint(%q, %q) = %v, %v; want %s", test.endpoint, test.region, got, err, test.want)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	const plain = "is plain http to another machine, which would show the requests' signatures and tokens to the network: use https (http is for loopback addresses only)"
	const more = "has more than a host and a port: leave out everything behind them"
	const port = "has a port that is not 1 to 65535: mend or leave it out"
	const noHost = "names no host: write it as https://<region>.fnf.aliyuncs.com"
	for _, test := range []struct{ endpoint, region, want string }{
		{"", "", "neither an endpoint nor a region is set: give a region such as cn-hangzhou, or an endpoint"},
		{"", "evil.com/", `region "evil.com/" is not a region's id: write it as in cn-hangzhou, or give an endpoint`},
		{"", "CN", `region "CN" is not a region's id: write it as in cn-hangzhou, or give an endpoint`},
		{"", "cn-hangzou", `region "cn-hangzou" is none that is known; did you mean cn-hangzhou? If it is one, give its endpoint`},
		{"", "cn-shangahi", `region "cn-shangahi" is none that is known; did you mean cn-shanghai? If it is one, give its endpoint`},
		{"", "beijing", `region "beijing" is none that is known; did you mean cn-beijing? If it is one, give its endpoint`},
		{"", "ap-southeast1", `region "ap-southeast1" is none that is known; did you mean ap-southeast-1? If it is one, give its endpoint`},
		{"", "cnhangzhou", `region "cnhangzhou" is none that is known; did you mean cn-hangzhou? If it is one, give its endpoint`},
		{"cn-hangzhou", "", `endpoint "https://cn-hangzhou" is a region: give it as such, or the endpoint https://cn-hangzhou.fnf.aliyuncs.com`},
		{"http://example.com", "", `endpoint "http://example.com" ` + plain},
		{"http://10.0.0.1:8790", "", `endpoint "http://10.0.0.1:8790" ` + plain},
		{"http://0.0.0.0", "", `endpoint "http://0.0.0.0" ` + plain},
		{"http://127.0.0.1.example.com", "", `endpoint "http://127.0.0.1.example.com" ` + plain},
		{"http://localhost.example.com", "", `endpoint "http://localhost.example.com" ` + plain},
		{"http://2130706433", "", `endpoint "http://2130706433" ` + plain},
		{"http://127.1", "", `endpoint "http://127.1" ` + plain},
		{"http://[::1%25eth0]", "", `endpoint "http://[::1%25eth0]" ` + plain},
		{"ftp://127.0.0.1", "", `endpoint "ftp://127.0.0.1" is neither https nor http: use https`},
		{"https://example.com/path", "", `endpoint "https://example.com/path" ` + more},
		{"https://example.com?a=b", "", `endpoint "https://example.com?a=b" ` + more},
		{"https://example.com#x", "", `endpoint "https://example.com#x" ` + more},
		{"https://user:pa55@example.com", "", `endpoint "https://user:xxxxx@example.com" carries a user name: credentials are given separately, leave it out`},
		{"https://example.com:0", "", `endpoint "https://example.com:0" ` + port},
		{"https://example.com:65536", "", `endpoint "https://example.com:65536" ` + port},
		{"https://example.com:", "", `endpoint "https://example.com:" ` + port},
		{"https://", "", `endpoint "https:" ` + noHost},
		{"https://:443", "", `endpoint "https://:443" ` + noHost},
		{"https://exa mple.com", "", `the endpoint is not a URL: invalid character " " in host name; write it as https://<region>.fnf.aliyuncs.com`},
		{"https://u:pa55@example.com:x", "", `the endpoint is not a URL: invalid port ":x" after host; write it as https://<region>.fnf.aliyuncs.com`},
	} {
		got, err := ParseEndpoint(test.endpoint, test.region)
		if err == nil || err.Error() != test.want {
			t.Errorf("ParseEndpoint(%q, %q) = %v, %v\nwant %s", test.endpoint, test.region, got, err, test.want)
		}
	}
}
