#!/bin/sh
# Puts the comment on the merge request, in place of its own from before, with curl:
#
#	COMMENT                   the comment's file
#	COMMENT_TOKEN             a project access token with the scope api; without one nothing is written
#	CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID   as GitLab sets them
set -eu
: "${COMMENT:?}" "${CI_API_V4_URL:?}" "${CI_PROJECT_ID:?}" "${CI_MERGE_REQUEST_IID:?}"
if [ -z "${COMMENT_TOKEN:-}" ]; then
	echo "comment: the comment was not written: there is no COMMENT_TOKEN. The job's artifacts have it" >&2
	exit 0
fi
notes=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
# The token comes from a file, not the command line, which other processes see.
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf 'header = "PRIVATE-TOKEN: %s"\nsilent\nshow-error\nfail\n' "$COMMENT_TOKEN" >"$config"

ours=$(curl --config "$config" "$notes?per_page=100&sort=desc&order_by=updated_at" |
	grep -o '"id":[0-9]*,"type":[^,]*,"body":"\[//\]: # (flowreaper policies)' | sed -n '1s/^"id":\([0-9]*\),.*/\1/p')
if [ -n "$ours" ]; then
	curl --config "$config" --output /dev/null --request PUT --data-urlencode "body@$COMMENT" "$notes/$ours"
else
	curl --config "$config" --output /dev/null --request POST --data-urlencode "body@$COMMENT" "$notes"
fi
