#!/bin/sh
# Tests and measures in test/duckdb, which needs a C compiler and some hundred MB from
# the module proxy. Where they can't be had it says so, and that is no failure.
#
#	duckdb.sh [FLAGS OF go test]
set -eu
cd "$(dirname "$0")/../test/duckdb"

if ! command -v "${CC:-cc}" >/dev/null; then
	echo "SKIPPED: test/duckdb. There is no C compiler here: install gcc" >&2
elif ! said=$(CGO_ENABLED=1 go build -o /dev/null github.com/duckdb/duckdb-go/v2 2>&1); then
	echo "SKIPPED: test/duckdb. DuckDB can't be had or built here:" >&2
	echo "$said" | tail -n 5 >&2
else
	CGO_ENABLED=1 go vet ./...
	CGO_ENABLED=1 go test -timeout 1h "$@" ./...
fi
