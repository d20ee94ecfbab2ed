#!/usr/bin/env bash
# Fuzzes every fuzz target for a bounded time each: scripts/fuzz.sh 30s. What it
# finds is written to the package's testdata/fuzz, to be committed with its mend.
set -eu
cd "$(dirname "$0")/.."
time=${1:-30s}
grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	package=$(dirname "$file")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "== $package $target, $time"
		# Minimizing what is interesting takes a minute by default, and finds nothing.
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s
	done
done
