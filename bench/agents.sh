#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# N agents at their work, hostile ones among them, a person at the console, then an outage and its storm.
# Usage: agents.sh [BUILD] [N] [SECONDS] [BOUND-MS]   (BUILD: build directory, default ./build next to this repository)
# Prints key=value; exits 1 when a guard fails, 2 when it could not measure. Needs root (the server's local socket).
# All its files are in a directory that it removes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
[ -x "$build/bench/agents" ] || { echo "error: no $build/bench/agents; 'ninja -C $build bench/agents' first" >&2; exit 2; }
. "$here/bench/with_server.sh"
start_server
token=$(enrol_token 20000)
"$build/bench/agents" "$agents" "$people" "$work/server/tls/ca.pem" "$token" "$server" "${2:-500}" "${3:-20}" "${4:-50}"
