#!/bin/sh
# Installs what `make test` needs and a new machine may lack. The Go tools
# come through tools/go.mod by themselves; only the race detector's C compiler
# comes from the system.
set -eu

command -v "${CC:-cc}" >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing a C compiler for the race detector"
	apt-get update -qq && apt-get install -qq -y --no-install-recommends gcc libc6-dev >/dev/null && exit 0
fi
echo "no C compiler here, and none could be installed: install gcc to test with the race detector" >&2
