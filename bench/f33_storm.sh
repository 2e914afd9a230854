#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# F33: agents in a storm, the console meanwhile; every agent gets through, the console stays quick.
# Usage: f33_storm.sh [BUILD] [N]   (BUILD: build directory, default ./build next to this repository)
# Prints key=value; exits 1 when a guard fails, 2 when it could not measure. Needs root (the server's local socket).
# All its files are in a directory that it removes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
[ -x "$build/bench/f33_storm" ] || { echo "error: no $build/bench/f33_storm; 'ninja -C $build bench/f33_storm' first" >&2; exit 2; }
. "$here/bench/with_server.sh"
start_server
token=$(enrol_token 20000)
"$build/bench/f33_storm" "$agents" "$people" "$work/server/tls/ca.pem" "$token" "$server" "${2:-4000}"
