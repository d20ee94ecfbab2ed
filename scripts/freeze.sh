#!/bin/sh
# Freezes the files that this flowreaper writes into testdata/release-VERSION: a state
# file, a saved plan, a history, a report. Every later flowreaper's tests read them
# (test/release). Run it from a release's commit, once:
#
#	freeze.sh [VERSION]
set -eu
cd "$(dirname "$0")/.."

built=$(bin/flowreaper version | cut -d ' ' -f 2)
version=${1:-$built}
dir=$PWD/testdata/release-$version
case $built in
*-dirty) echo "freeze: bin/flowreaper is of a tree with changes: commit them, then make build" >&2; exit 1 ;;
esac
if [ -e "$dir" ]; then
	echo "freeze: $dir is there already, and what a release wrote doesn't change: to begin anew remove it" >&2
	exit 1
fi

work=$(mktemp -d)
trap 'kill $emulator 2>/dev/null; rm -rf "$work"' EXIT
emulator=
bin/flowreaper emulate --listen 127.0.0.1:0 --quota off --account testdata/freeze/account.yaml >"$work/endpoint" &
emulator=$!
until [ -s "$work/endpoint" ]; do
	kill -0 $emulator 2>/dev/null || { echo "freeze: the emulator doesn't run" >&2; exit 1; }
	sleep 0.1
done
FLOWREAPER_ENDPOINT=$(sed 's/.*"endpoint":"\([^"]*\)".*/\1/' "$work/endpoint")
FLOWREAPER_REGION=cn-hangzhou
FLOWREAPER_POLICY=$PWD/testdata/freeze/policy.yaml
ALIBABA_CLOUD_ACCESS_KEY_ID=emulator
ALIBABA_CLOUD_ACCESS_KEY_SECRET=emulator
export FLOWREAPER_ENDPOINT FLOWREAPER_REGION FLOWREAPER_POLICY ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET

# in_part runs what ends with status 3: a rule is undecided, and one stop refused.
in_part() { "$@" || [ $? = 3 ]; }

mkdir "$work/release"
cd "$work/release"
bin=$OLDPWD/bin
cp "$FLOWREAPER_POLICY" policy.yaml
for file in full.yaml guardrails.yaml guardrails_test.yaml; do
	cp "$OLDPWD/testdata/policies/$file" .
done
echo "record …" >&2
"$bin/flowreaper" record --since 7d --with-input --redact '*password*' --out history >/dev/null
echo "plan …" >&2
in_part "$bin/flowreaper" plan --out plan.json -o json >report.json

# What the function knows of the flows, its stops, and the alarm that is in force.
export FLOWREAPER_STATE="$work/release/flowreaper.state"
for event in alarm timer timer; do
	echo "$event …" >&2
	"$bin/flowreaper" invoke --function "$bin/flowreaper-function" --event "$OLDPWD/testdata/freeze/$event.json" >/dev/null 2>"$work/log" ||
		grep -q FlowReaper "$work/log" || { cat "$work/log" >&2; exit 1; }
done
cd "$OLDPWD"
mv "$work/release" "$dir"
find "$dir" -type f | sort
