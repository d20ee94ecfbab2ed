#!/bin/sh
# Writes what a release's archives carry beside the binaries into dist/pages: completions,
# and man pages with the commit's date.
set -eu
cd "$(dirname "$0")/.."

# Nothing of this machine's settings may become a page's default.
unset $(env | sed -n 's/^\(FLOWREAPER_[A-Z]*\)=.*/\1/p')
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf dist/pages
mkdir -p dist/pages/completions
bin/flowreaper man dist/pages/man
bin/flowreaper completion bash >dist/pages/completions/flowreaper.bash
bin/flowreaper completion zsh >dist/pages/completions/_flowreaper
bin/flowreaper completion fish >dist/pages/completions/flowreaper.fish
bin/flowreaper completion powershell >dist/pages/completions/flowreaper.ps1
