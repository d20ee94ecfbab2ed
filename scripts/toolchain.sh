#!/bin/sh
# Installs what `make test` needs and a new machine may lack. The Go tools
# come through tools/go.mod by themselves; from the system come the race
# detector's C compiler, for the checks of the deployment Node.js and npm, and for the
# pages of a history Chromium.
#
#	toolchain.sh           install
#	toolchain.sh skipped   say which tests this machine can't run
set -eu

have() { command -v "$1" >/dev/null; }

# install WHAT-FOR PACKAGE…
install() {
	what=$1
	shift
	[ "$(id -u)" = 0 ] && have apt-get || return 0
	echo "installing $what: $*"
	apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null ||
		echo "could not install $what" >&2
}

if [ "${1:-}" != skipped ]; then
	have "${CC:-cc}" || install "a C compiler for the race detector" gcc libc6-dev
	have npm || install "npm for the checks of the deployment" nodejs npm
	have chromium || install "a browser for the tests of the pages" chromium
fi
have "${CC:-cc}" || echo "SKIPPED: the race detector. There is no C compiler here: install gcc" >&2
have npm || echo "SKIPPED: the checks of the deployment (test/deploy). There is no npm here: install Node.js" >&2
have chromium || echo "SKIPPED: the pages in a browser (test/page). There is no chromium here: install it" >&2
have terraform || echo "SKIPPED: terraform fmt of deploy/terraform. There is no terraform here" >&2
