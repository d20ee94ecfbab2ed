#!/bin/sh
# Sets CloudMonitor's alarms on a function. Running it again changes them. On
# flowreaper: a sweep failed, and no sweep ran for five minutes (a dead man's
# switch). With --emergency, on flowreaper-emergency: an event failed, and an event
# was dropped because it couldn't be run in time. That nothing calls it is as it
# should be.
#
#	deploy/alarms.sh [--emergency] REGION CONTACT-GROUP [STATISTICS]
#
# CONTACT-GROUP is a contact group of CloudMonitor's that exists. STATISTICS is
# what CloudMonitor calls the metrics' value; deploy/README.md, step 4.
set -eu

function=flowreaper
if [ "${1:-}" = --emergency ]; then
	function=flowreaper-emergency
	shift
fi
[ $# -ge 2 ] || {
	echo "usage: deploy/alarms.sh [--emergency] REGION CONTACT-GROUP [STATISTICS]" >&2
	exit 2
}
region=$1
group=$2
statistics=${3:-Value}

# alarm NAME METRIC OPERATOR THRESHOLD TIMES: the metric's value of TIMES minutes
# in a row is OPERATOR than THRESHOLD.
alarm() {
	name=$function-$1-$region metric=$2 operator=$3 threshold=$4 times=$5
	shift 5
	aliyun cms PutResourceMetricRule --region "$region" \
		--RuleId "$name" --RuleName "$name" \
		--Namespace acs_fc --MetricName "$metric" \
		--Resources "[{\"region\":\"$region\",\"functionName\":\"$function\"}]" \
		--ContactGroups "$group" \
		--Period 60 --SilenceTime 3600 \
		--Escalations.Critical.Statistics "$statistics" \
		--Escalations.Critical.ComparisonOperator "$operator" \
		--Escalations.Critical.Threshold "$threshold" \
		--Escalations.Critical.Times "$times" "$@"
}

alarm failed FunctionFunctionErrors GreaterThanThreshold 0 1

if [ "$function" = flowreaper ]; then
	# A function that nothing calls may report zeros or nothing at all: either rings.
	alarm missing FunctionTotalInvocations LessThanThreshold 1 5 --NoDataPolicy INSUFFICIENT_DATA
else
	alarm dropped FunctionAsyncEventExpiredDropped GreaterThanThreshold 0 1
fi
