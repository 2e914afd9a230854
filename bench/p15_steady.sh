#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P15: CPU of the server at the steady rate of a million hosts, on a state that bench/fleet wrote.
# Usage: p15_steady.sh STATE PACKAGES HOSTS [SEED] [SECONDS] [BUILD]   (SEED: 1, SECONDS: 60)
# PACKAGES, HOSTS and SEED are those STATE was made with. STATE changes. Exits 1 when the guard fails, 2 when it could not
# measure. Needs root (the server's local socket).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 3 ] || { echo "usage: p15_steady.sh STATE PACKAGES HOSTS [SEED] [SECONDS] [BUILD]" >&2; exit 2; }
state=$(cd "$1" && pwd)
build=$(cd "${6:-$here/build}" && pwd)
[ -x "$build/bench/p15_steady" ] || { echo "error: no $build/bench/p15_steady; 'ninja -C $build bench/p15_steady' first" >&2; exit 2; }
. "$here/bench/with_server.sh"
start_server "$state"
at_rest
"$build/bench/p15_steady" "$agents" "$state/tls" "$server" "$2" "${4:-1}" "$3" "${5:-60}"
