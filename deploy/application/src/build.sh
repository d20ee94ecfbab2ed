#!/bin/sh
# Validates, lints and tests policy.yaml, and builds the function's package with it into
# dist/function. s.yaml runs it before it deploys: a policy that is wrong, or whose tests
# fail, is not deployed. It needs git, make and Go.
#
# REAPER_SOURCE is a checkout of flowreaper to build from; without one the release that
# the file `release` names is fetched into .flowreaper.
set -eu
cd "$(dirname "$0")"
source=${REAPER_SOURCE:-}
if [ -z "$source" ]; then
	source=$PWD/.flowreaper
	release=$(cat release)
	[ -d "$source" ] || git init --quiet "$source"
	git -C "$source" fetch --quiet --depth=1 https://github.com/flowreaper/flowreaper.git "$release"
	git -C "$source" checkout --quiet --force FETCH_HEAD
fi
make -C "$source" policy-check package POLICY="$PWD/policy.yaml"
rm -rf dist
mkdir dist
cp -R "$source/dist/function" dist/function
