#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# main-job.sh: the whole of it on one machine. A real server syncs Debian's archive; a real Debian root enrols,
# scans, is sent every missing update, installs them, and the server sees nothing missing. Needs what
# endpoint.sh needs, and a build with tsukuroid.
here=$(cd "$(dirname "$0")/../.." && pwd)
set -- none
# shellcheck disable=SC1090
. <(sed '/^# --- run/,$d; s|^here=.*|here='"$here"'|' "$here/tests/agent/endpoint.sh")
case_name=main-job srv=$work/server; mkdir -p "$srv"
[ -x "$build/src/tsukuroid" ] || { echo "SKIP: no tsukuroid in $build"; exit 77; }
printf 'state_dir = %s/state\naddress = 127.0.0.1\nport = 18383\nagent_port = 18027\nredirect_port = 0\nnames = 127.0.0.1\n' "$srv" > "$srv/conf"
"$build/src/tsukuroid" --config "$srv/conf" > "$srv/log" 2>&1 & server=$!
export TSUKUROI_SOCKET=$srv/state/tsukuroid.sock
cli=$build/src/tsukuroi
for _ in $(seq 100); do [ -S "$TSUKUROI_SOCKET" ] && break; sleep 0.1; done
"$cli" sync --wait > "$srv/sync" 2>&1; tail -1 "$srv/sync"
prepare_lower; up_root
cp "$build/src/tsukuroi-agent" "$root/usr/bin/"
for l in $(ldd "$build/src/tsukuroi-agent" | awk '$3 ~ /^\//{print $3}' | sort -u); do [ -e "$root$l" ] || [ -e "$root/usr$l" ] || cp -L "$l" "$root/usr/lib/x86_64-linux-gnu/"; done
for p in $(pids_of 'tsukuroi-agent-root run '); do kill "$p"; done; rm -f "$root"/etc/tsukuroi-agent/*
inside tsukuroi-agent enroll --server https://127.0.0.1:18027 --token "$("$cli" enroll-token --quiet --uses 1)"
start_daemon
inside tsukuroi-agent run > "$t/net.log" 2>&1 &
h=$(awk '/agent_id/{print $3}' "$root/etc/tsukuroi-agent/identity.conf")
for _ in $(seq 60); do [ "$("$cli" systems | grep -c yes)" -ge 1 ] && break; sleep 0.5; done; sleep 2
"$cli" systems
if "$cli" systems | grep -q ' healthy '; then bad "misses nothing"; else ok "misses updates"; fi
"$cli" deploy --system "$h" --now --yes
for _ in $(seq 150); do sleep 2; "$cli" deployments | grep -qE ' (completed|failed|completed_with_failures) ' && break; done
"$cli" deployments
"$cli" deployments | grep -q ' completed ' && ok "the deployment is completed" || { bad "deployment"; cat "$t/net.log" "$t/daemon.log"; }
sleep 3; "$cli" systems
"$cli" systems | grep -q ' healthy ' && ok "nothing is missing any more" || bad "still missing"
all_there && ok "every package is at its version" || bad "versions"
down_root; kill "$server"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
