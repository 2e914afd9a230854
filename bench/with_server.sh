# SPDX-License-Identifier: Apache-2.0
# Sourced by the figures that need a running server: start_server [STATE-DIR] gives $server (its process), $people and
# $agents (ports), $work (a directory that is removed at the end). $build is the caller's. also_cleanup() may be defined.
work=$(mktemp -d /tmp/bench.XXXXXX)
server=''
cleanup() {
	[ "$(type -t also_cleanup)" != function ] || also_cleanup
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; }
	[ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap cleanup EXIT
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start_server() {
	local state=${1:-$work/server}
	ulimit -n 20000 || { echo "error: the limit of open files cannot be raised" >&2; exit 2; }
	people=$(port) agents=$(port)
	printf '%s\n' "state_dir = $state" "port = $people" "agent_port = $agents" "redirect_port = 0" "address = 127.0.0.1" >"$work/tsukuroid.conf"
	"$build/src/tsukuroid" --config "$work/tsukuroid.conf" 2>"$work/server.log" &
	server=$!
	export TSUKUROI_SOCKET=$state/tsukuroid.sock HOME=$work
	for _ in $(seq 600); do
		"$build/src/tsukuroi" status >/dev/null 2>&1 && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	tail -2 "$work/server.log" >&2
	exit 2
}
# Returns when the server does nothing more of its own (what a start leaves to do: evaluation; its snapshot, a minute
# after): less than 50 ms of CPU in 5 s.
at_rest() {
	local before after
	sleep 65
	for _ in $(seq 120); do
		before=$(awk '{print $14 + $15}' "/proc/$server/stat")
		sleep 5
		after=$(awk '{print $14 + $15}' "/proc/$server/stat")
		[ $(((after - before) * 1000 / $(getconf CLK_TCK))) -ge 50 ] || return 0
	done
	echo "error: the server does not come to rest within ten minutes" >&2
	exit 2
}
# id and secret of a fresh token (its pin is of no use with the CA at hand)
enrol_token() {
	local token
	token=$("$build/src/tsukuroi" enroll-token --quiet --uses "$1") || { tail -2 "$work/server.log" >&2; exit 2; }
	token=${token#tsk1.}
	echo "${token%.*}"
}
