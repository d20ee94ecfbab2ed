#!/bin/sh
# Puts the comment on the pull request, in place of its own from before, with gh:
#
#	COMMENT            the comment's file
#	GITHUB_REPOSITORY  owner/name
#	PULL_REQUEST       its number
#	GH_TOKEN           may write pull requests' comments: permissions: {pull-requests: write}
#
# A token that may not (a pull request from a fork has such) is no failure: the job's
# summary has the comment, too.
set -eu
: "${COMMENT:?}" "${GITHUB_REPOSITORY:?}" "${PULL_REQUEST:?}"
case $PULL_REQUEST in
*[!0-9]*) echo "comment: PULL_REQUEST is $PULL_REQUEST: give its number" >&2; exit 2 ;;
esac
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$COMMENT" >>"$GITHUB_STEP_SUMMARY"

issues=repos/$GITHUB_REPOSITORY/issues
put() {
	ours=$(gh api --paginate "$issues/$PULL_REQUEST/comments?per_page=100" \
		--jq '.[] | select(.user.type == "Bot" and (.body | startswith("[//]: # (flowreaper policies)"))) | .id') || return 1
	ours=$(printf '%s\n' "$ours" | tail -n 1)
	if [ -n "$ours" ]; then
		gh api --silent --method PATCH "$issues/comments/$ours" --field "body=@$COMMENT"
	else
		gh api --silent --method POST "$issues/$PULL_REQUEST/comments" --field "body=@$COMMENT"
	fi
}
put || echo "comment: the comment was not written: give the job permissions: {pull-requests: write}; of a pull request from a fork nothing can be. The job's summary has it" >&2
