#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P14: the server's memory for an idle push connection, mTLS, every connection another enrolled agent's.
# Usage: p14_push.sh [BUILD] [N]   (BUILD: build directory, default ./build next to this repository; N: 2000)
# Prints key=value; exits 1 when the guard (16 kB a connection) fails, 2 when it could not measure. Needs root (the
# server's local socket); all its files are in a directory that it removes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
n=${2:-2000}
[ -x "$build/bench/p14_push" ] || { echo "error: no $build/bench/p14_push; 'ninja -C $build bench/p14_push' first" >&2; exit 2; }
work=$(mktemp -d /tmp/p14.XXXXXX)
server=''
cleanup() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; }
	rm -rf "$work"
}
trap cleanup EXIT
ulimit -n 20000 || { echo "error: the limit of open files cannot be raised" >&2; exit 2; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
people=$(port) agents=$(port)
printf '%s\n' "state_dir = $work/server" "port = $people" "agent_port = $agents" "redirect_port = 0" "address = 127.0.0.1" >"$work/tsukuroid.conf"
"$build/src/tsukuroid" --config "$work/tsukuroid.conf" 2>"$work/server.log" &
server=$!
export TSUKUROI_SOCKET=$work/server/tsukuroid.sock HOME=$work
for i in $(seq 150); do "$build/src/tsukuroi" status >/dev/null 2>&1 && break; sleep 0.1; done
token=$("$build/src/tsukuroi" enroll-token --quiet --uses "$n") || { tail -2 "$work/server.log" >&2; exit 2; }
token=${token#tsk1.} token=${token%.*} # id and secret; the pin is of no use with the CA at hand
"$build/bench/p14_push" "$agents" "$work/server/tls/ca.pem" "$token" "$n" "$server"
