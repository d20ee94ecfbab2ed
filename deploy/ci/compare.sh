#!/bin/sh
# Writes a comment for a pull request: what each changed policy would have done to a
# recorded past, beside what it did before. All comes from the environment:
#
#	POLICIES         the policies' files, globs, separated by blanks or line ends
#	HISTORY          the folder that flowreaper record wrote
#	BASE             the commit to compare with
#	COMMENT          the file to write the comment to
#	MAX_FALSE_STOPS  a gate: 10, or 0.1%; default: none
#	REAPER           the flowreaper to use; default: that of the PATH
#
# Exit status: 0 done · 1 a gate forbids it, or it failed · 2 wrong usage.
set -eu
reaper=${REAPER:-flowreaper}
command -v "$reaper" >/dev/null || { echo "compare: there is no $reaper to compare with: set REAPER to a flowreaper" >&2; exit 2; }
: "${POLICIES:?}" "${HISTORY:?}" "${BASE:?}" "${COMMENT:?}"

# An option's place: a name that begins with a dash is none of git's options.
case $BASE in
-*) echo "compare: BASE is $BASE: name a commit" >&2; exit 2 ;;
esac
if ! git cat-file -e "$BASE^{commit}" 2>/dev/null && ! git fetch --quiet --no-tags --depth=1 origin "$BASE"; then
	echo "compare: the commit $BASE isn't in this clone, and can't be fetched: check out with a depth of 0" >&2
	exit 1
fi

old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
status=0
# What the comment is known by again, and nobody sees.
printf '[//]: # (flowreaper policies)\n\n' >"$COMMENT"

# compared appends what became of a policy, under its name.
compared() {
	name=$1
	shift
	[ -z "${MAX_FALSE_STOPS:-}" ] || set -- --max-false-stops "$MAX_FALSE_STOPS" "$@"
	printf '## `%s`\n\n' "$(printf %s "$name" | tr '`' "'")" >>"$COMMENT"
	if ! "$reaper" backtest --policy "$name" --history "$HISTORY" -o markdown "$@" >>"$COMMENT" 2>"$old/said"; then
		status=1
	fi
	cat "$old/said" >&2
	if [ -s "$old/said" ]; then
		printf '\n```text\n' >>"$COMMENT"
		cat "$old/said" >>"$COMMENT"
		printf '```\n' >>"$COMMENT"
	fi
	printf '\n' >>"$COMMENT"
}

# All of it, since a policy may extend others.
mkdir "$old/before"
git archive "$BASE" . | tar -xf - -C "$old/before"

# whole is the hash of a policy, of what it extends and of its calendars; nothing where it is wrong, or isn't there.
whole() { [ ! -f "$1" ] || "$reaper" validate -o json -- "$1" 2>/dev/null | sed -n 's/.*"hash": "\(.*\)".*/\1/p'; }

changed=0
for policy in $POLICIES; do
	case $policy in
	*[._]test.yaml | *[._]test.yml) continue ;;
	esac
	before=$old/before/$policy
	if [ ! -f "$before" ]; then
		compared "$policy"
	elif ! cmp -s "$before" "$policy" || [ "$(whole "$before")" != "$(whole "$policy")" ]; then
		compared "$policy" --against "$before"
	else
		continue
	fi
	changed=$((changed + 1))
done
[ $changed -gt 0 ] || printf 'No policy has changed.\n' >>"$COMMENT"
exit $status
