#!/bin/sh
# Makes the saved searches of queries.json, by Log Service's own CLI (pip install aliyun-log-cli):
#
#   deploy/sls/searches.sh PROJECT LOGSTORE
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 PROJECT LOGSTORE" >&2
  exit 2
fi
file=$(dirname "$0")/queries.json
detail=$(mktemp)
trap 'rm -f "$detail"' EXIT
for name in $(jq -r '.searches[].name' "$file"); do
  jq --arg name "$name" --arg logstore "$2" \
    '.searches[] | select(.name == $name) | {savedsearchName: .name, displayName: .name, logstore: $logstore, searchQuery: .query, topic: ""}' "$file" >"$detail"
  aliyunlog log create_savedsearch --project="$1" --detail="file://$detail"
  echo "$name"
done
