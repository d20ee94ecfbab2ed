package cloudflow

import (
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/spelling"
)

// Regions are those that CloudFlow is documented for.
var Regions = []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-qingdao", "cn-shenzhen", "ap-southeast-1", "us-west-1"}

// otherRegions are the rest of Alibaba Cloud's, to which CloudFlow may come.
var otherRegions = []string{
	"cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-zhengzhou-jva", "cn-heyuan", "cn-guangzhou",
	"cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "us-east-1", "us-southeast-1", "na-south-1",
	"eu-central-1", "eu-west-1", "me-east-1", "me-central-1", "cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1",
	"cn-beijing-finance-1", "cn-north-2-gov-1",
}

// meantRegion is the region that was probably meant by one that nobody knows; "" of
// what is one, or like none. Another number isn't taken for a slip: regions are
// numbered, and there come more.
func meantRegion(region string) string {
	known := slices.Concat(Regions, otherRegions)
	for _, k := range known {
		switch {
		case numberless(k) == numberless(region):
			return ""
		case strings.TrimPrefix(k, "cn-") == region:
			return k
		}
	}
	return spelling.Within(2, region, known)
}

// numberless is a region without the number at its end.
func numberless(region string) string {
	if name, numbered := strings.CutSuffix(strings.TrimRight(region, "0123456789"), "-"); numbered {
		return name
	}
	return region
}
