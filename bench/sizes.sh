#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sizes of the programs: sizes.sh [BUILD]. Prints key=value: the stripped file, its code and data, and how many
# shared libraries it loads. No guard: watch what changes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
work=$(mktemp -d /tmp/sizes.XXXXXX)
trap 'rm -rf "$work"' EXIT
for p in tsukuroi tsukuroid tsukuroi-agent tsukuroi-agent-root; do
	[ -x "$build/src/$p" ] || { echo "error: no $build/src/$p; build first" >&2; exit 2; }
	strip -o "$work/$p" "$build/src/$p"
	key=${p//-/_}
	echo "${key}_stripped_bytes=$(stat -c %s "$work/$p")"
	size "$work/$p" | awk -v k="$key" 'NR == 2 { print k "_text_bytes=" $1; print k "_data_bytes=" $2 + $3 }'
	echo "${key}_libraries=$(ldd "$work/$p" | grep -c '=>')"
done
[ ! -f "$build/console/console_assets.bin" ] || echo "console_assets_bytes=$(stat -c %s "$build/console/console_assets.bin")"
