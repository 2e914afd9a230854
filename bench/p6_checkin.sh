#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P6 and P7: check-ins over kept-alive, new and resumed mTLS connections beside nginx `return 200`.
# Usage: p6_checkin.sh [BUILD] [SCALE]   (BUILD: build directory, default ./build next to this repository)
# Prints key=value; exits 1 when a guard fails, 2 when it could not measure. Needs root (the server's local socket) and
# nginx; all its files are in a directory that it removes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
[ -x "$build/bench/p6_checkin" ] || { echo "error: no $build/bench/p6_checkin; 'ninja -C $build bench/p6_checkin' first" >&2; exit 2; }
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || { echo "error: no nginx; 'apt-get install nginx-light'" >&2; exit 2; }
. "$here/bench/with_server.sh"
peer=''
also_cleanup() { [ -z "$peer" ] || kill "$peer" 2>/dev/null || true; }
start_server
nginx_port=$(port)
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; master_process off; user root; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 4000; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 3600;
 client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
 server { listen 127.0.0.1:$nginx_port ssl backlog=4096; ssl_certificate $work/server/tls/server.pem; ssl_certificate_key $work/server/tls/server.key;
  ssl_protocols TLSv1.3; ssl_session_tickets on; ssl_verify_client on; ssl_client_certificate $work/server/tls/ca.pem;
  location / { default_type application/json; return 200 '{"other":"0123456789abcdef0123456789abcdef","want_inventory":"none","delta_base":"","scan":false,"orders":[],"epoch":1,"refresh_s":5400,"server_time":"2026-11-22T10:00:00Z"}'; } } }
N
"$nginx" -p "$work" -c "$work/nginx.conf" 2>"$work/nginx.err" &
peer=$!
sleep 0.5
token=$(enrol_token 1000)
"$build/bench/p6_checkin" "$agents" "$work/server/tls/ca.pem" "$token" "$server" "$nginx_port" "$peer" "${2:-1}"
