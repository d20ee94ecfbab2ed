#!/bin/sh
# Checks policies in CI: validate, lint, test. All comes from the environment, so that no
# name of a file or branch ever is a part of a script:
#
#	POLICIES   the policies' files, globs, separated by blanks or line ends
#	TESTS      the same of their tests; default: those beside the policies, policy.test.yaml or policy_test.yaml
#	FLEET      a fleet's file, in their place: its policies are checked, with the tests beside each, which all must have
#	STRICT     true (the default): a warning is a mistake
#	COVERAGE   true (the default): every policy has tests, and every rule condemns something in some case
#	JUNIT      a file to write the tests' results to, as JUnit XML
#	REAPER     the flowreaper to use; default: that of the PATH
#
# Exit status: 0 all is well · 1 something isn't · 2 there is nothing to check, or to check it with.
set -eu
reaper=${REAPER:-flowreaper}

for choice in "STRICT=${STRICT:-true}" "COVERAGE=${COVERAGE:-true}"; do
	case ${choice#*=} in
	true | false) ;;
	*) echo "check: ${choice%%=*} must be true or false, but is ${choice#*=}" >&2; exit 2 ;;
	esac
done
[ "${COVERAGE:-true}" = true ] && coverage=true || coverage=
[ "${STRICT:-true}" = true ] && strict=--strict || strict=--strict=false
command -v "$reaper" >/dev/null || { echo "check: there is no $reaper to check with: set REAPER to a flowreaper" >&2; exit 2; }
status=0
if [ -n "${FLEET:-}" ]; then
	[ -f "$FLEET" ] || { echo "check: FLEET names $FLEET, and there is no such file" >&2; exit 2; }
	[ -z "${TESTS:-}" ] || { echo "check: TESTS doesn't go with FLEET: a fleet's tests lie beside its policies" >&2; exit 2; }
	"$reaper" validate "$strict" --fleet "$FLEET" || status=1
	"$reaper" test ${coverage:+--coverage} ${JUNIT:+--junit "$JUNIT"} --fleet "$FLEET" || status=1
	exit $status
fi
[ -n "${POLICIES:-}" ] || { echo "check: no policy to check: POLICIES is empty" >&2; exit 2; }

# testsOf names the tests beside a policy; nothing where it has none.
testsOf() {
	for tests in "${1%.*}.test.${1##*.}" "${1%.*}_test.${1##*.}"; do
		[ ! -f "$tests" ] || printf '%s\n' "$tests"
	done
}

# file refuses a name that is no file's, such as a glob that nothing matches.
file() {
	if [ -d "$2" ]; then
		echo "check: $1 names $2, which is a folder: name the files in it, as in $2/*.yaml" >&2
	elif [ ! -f "$2" ]; then
		echo "check: $1 names $2, and there is no such file" >&2
	else
		return 0
	fi
	exit 2
}

set -- --
for policy in $POLICIES; do # splits, and expands globs: what it names are files alone
	case $policy in
	*[._]test.yaml | *[._]test.yml) continue ;; # a glob takes the tests in
	esac
	file POLICIES "$policy"
	set -- "$@" "$policy"
done
[ $# -gt 1 ] || { echo "check: no policy to check: POLICIES names tests alone" >&2; exit 2; }

for tests in ${TESTS:-}; do
	file TESTS "$tests"
done
"$reaper" validate "$strict" "$@" || status=1

shift # the --

# runTests runs the tests, with what it is given before; nothing where there are none.
runTests() {
	set -- "$@" --
	options=$#
	for tests in $TESTS; do
		set -- "$@" "$tests"
	done
	[ $# = $options ] || "$reaper" test "$@"
}

step="name them in TESTS"
if [ -z "${TESTS:-}" ]; then
	TESTS=
	step=
	for policy; do
		TESTS="$TESTS $(testsOf "$policy")"
	done
fi
ran=0
runTests ${coverage:+--coverage} ${JUNIT:+--junit "$JUNIT"} || ran=$?
[ $ran = 0 ] || status=1
if [ -n "$coverage" ] && [ $ran -lt 2 ]; then # or there are tests that could not be read
	tested=$(runTests -o json 2>/dev/null | sed -n 's/^      "policy": "\(.*\)",$/\1/p')
	for policy; do
		for other in $tested; do
			[ ! "$policy" -ef "$other" ] || continue 2
		done
		echo "check: $policy has no tests: ${step:-put them into ${policy%.*}.test.${policy##*.}}" >&2
		status=1
	done
fi
exit $status
