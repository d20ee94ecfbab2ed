#!/bin/sh
# Sets CloudMonitor's two alarms on the function: a sweep failed, and no sweep
# ran for five minutes (a dead man's switch). Running it again changes them.
#
#	deploy/alarms.sh REGION CONTACT-GROUP [STATISTICS]
#
# CONTACT-GROUP is a contact group of CloudMonitor's that exists. STATISTICS is
# what CloudMonitor calls the metrics' value; deploy/README.md, step 4.
set -eu

[ $# -ge 2 ] || {
	echo "usage: deploy/alarms.sh REGION CONTACT-GROUP [STATISTICS]" >&2
	exit 2
}
region=$1
group=$2
statistics=${3:-Value}

# alarm NAME METRIC OPERATOR THRESHOLD TIMES: the metric's value of TIMES minutes
# in a row is OPERATOR than THRESHOLD.
alarm() {
	name=$1-$region metric=$2 operator=$3 threshold=$4 times=$5
	shift 5
	aliyun cms PutResourceMetricRule --region "$region" \
		--RuleId "$name" --RuleName "$name" \
		--Namespace acs_fc --MetricName "$metric" \
		--Resources "[{\"region\":\"$region\",\"functionName\":\"flowreaper\"}]" \
		--ContactGroups "$group" \
		--Period 60 --SilenceTime 3600 \
		--Escalations.Critical.Statistics "$statistics" \
		--Escalations.Critical.ComparisonOperator "$operator" \
		--Escalations.Critical.Threshold "$threshold" \
		--Escalations.Critical.Times "$times" "$@"
}

alarm flowreaper-failed FunctionFunctionErrors GreaterThanThreshold 0 1

# A function that nothing calls may report zeros or nothing at all: either rings.
alarm flowreaper-missing FunctionTotalInvocations LessThanThreshold 1 5 --NoDataPolicy INSUFFICIENT_DATA
