#!/bin/sh
# Checks a release in dist/release as who downloads it would, on this machine: the sums,
# what is in the archives, and that the binaries run. Linux only.
#
#	release-check.sh VERSION
set -eu
version=$1
cd "$(dirname "$0")/../dist/release"
wrong() { echo "release-check: $*" >&2; exit 1; }

sha256sum --check --strict --quiet checksums.txt || wrong "a file isn't what checksums.txt says"
named=$(ls ./*.zip ./*.tar.gz ./*.cdx.json | wc -l)
[ "$(wc -l <checksums.txt)" = "$named" ] || wrong "checksums.txt doesn't name all of $named files"

name=${version#v}
for place in linux_amd64.tar.gz linux_arm64.tar.gz darwin_amd64.tar.gz darwin_arm64.tar.gz windows_amd64.zip windows_arm64.zip; do
	archive=flowreaper_${name}_$place
	case $place in
	*.zip) list=$(unzip -Z1 "$archive") exe=.exe ;;
	*) list=$(tar -tzf "$archive") exe= ;;
	esac
	for file in flowreaper$exe flowreaper-function$exe LICENSE README.md docs/upgrade.md deploy/policies/timeouts.yaml \
		completions/flowreaper.bash completions/_flowreaper completions/flowreaper.fish completions/flowreaper.ps1 \
		man/man1/flowreaper.1 man/man1/flowreaper-plan.1; do
		echo "$list" | grep -Fqx "$file" || wrong "$archive has no $file"
	done
	for program in flowreaper flowreaper-function; do
		grep -q '"bomFormat": "CycloneDX"' "${program}_${name}_${place%%.*}.cdx.json" || wrong "$program for ${place%%.*} has no SBOM"
	done
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
tar -xzf "flowreaper_${name}_linux_$machine.tar.gz" -C "$work"
unzip -q "flowreaper-function_${name}_package.zip" -d "$work/package"
unzip -Z1 "flowreaper-application_$name.zip" | grep -Fqx src/s.yaml || wrong "the application has no src/s.yaml"
cd "$work"
./flowreaper version | grep -F "flowreaper $version (" || wrong "flowreaper version says: $(./flowreaper version)"
for policy in deploy/policies/*.test.yaml; do
	./flowreaper validate --strict "${policy%.test.yaml}.yaml"
	./flowreaper test "$policy"
done
./flowreaper demo >demo.txt || wrong "flowreaper demo failed"
tail -n 3 demo.txt
if [ "$machine" = amd64 ]; then
	cmp flowreaper-function package/flowreaper-function || wrong "the package's function isn't the archive's"
fi
echo "release $version: all of it is there, and runs"
