#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P12: the agent's CPU for one scan of ~1,300 packages, beside dpkg-query's, and its memory while idle.
# Usage: p12_agent.sh [BUILD]   (BUILD: build directory, default ./build next to this repository)
# Prints key=value; exits 1 when a guard fails, 2 when it could not measure. Needs root (the server's local
# socket), a Debian machine and dpkg-query; all its files are in a directory that it removes. Takes 80 s.
# Guards: scan <= 20 ms CPU; idle <= 8 MB resident, after a minute of it and again after a contact; the idle agent is woken at most 5 times in a minute (main thread: never)
# without timers of its own; the scan lists exactly the packages dpkg-query lists.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$here/build}" && pwd)
agent=$build/src/tsukuroi-agent
[ -x "$agent" ] || { echo "error: no $agent; build first" >&2; exit 2; }
want=1300 rounds=20 failed=0
work=$(mktemp -d /tmp/p12.XXXXXX)
pid='' server=''
cleanup() {
	for p in $pid $server; do kill "$p" 2>/dev/null && wait "$p" 2>/dev/null || true; done
	rm -rf "$work"
}
trap cleanup EXIT
guard() { # NAME GOOD(0|1)
	[ "$2" = 1 ] || failed=1
	echo "guard_$1=$([ "$2" = 1 ] && echo ok || echo FAILED)"
}

# --- a system of exactly $want packages: this machine's dpkg status, repeated under other names where it is short
root=$work/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc"
cp /etc/os-release "$root/etc/os-release"
[ ! -e /var/lib/dpkg/arch ] || cp /var/lib/dpkg/arch "$root/var/lib/dpkg/arch"
awk -v want=$want '
	BEGIN { RS = ""; FS = "\n" }
	$0 ~ /\nStatus: install ok installed/ || $0 ~ /\nStatus: hold ok installed/ { all[++n] = $0 }
	END {
		for (i = 0; i < n && i < want; i++) print all[i + 1] "\n"
		for (k = 0; i < want; i++) {
			s = all[i % n + 1]
			sub(/^Package: [^\n]*/, "&-bench" int(i / n), s)
			print s "\n"
		}
	}' /var/lib/dpkg/status >"$root/var/lib/dpkg/status"
grep -q '^Package: dpkg$' "$root/var/lib/dpkg/status" || { echo "error: dpkg is not among the first $want packages" >&2; exit 2; }
packages=$(grep -c '^Package: ' "$root/var/lib/dpkg/status")
echo "packages=$packages"
echo "status_bytes=$(stat -c %s "$root/var/lib/dpkg/status")"

# --- the same list?
"$agent" scan --sysroot "$root" | awk -F'\t' '$1 == "deb" { print $2 "\t" $3 "\t" $4 }' | LC_ALL=C sort >"$work/ours"
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}\t${Architecture}\t${Version}\n' | LC_ALL=C sort >"$work/theirs"
same=0; cmp -s "$work/ours" "$work/theirs" && [ -s "$work/ours" ] && same=1
guard list_equals_dpkg_query $same

# --- CPU: user + system, median of $rounds; both sides in turn
cpu_ms() { # COMMAND...: one line, milliseconds
	python3 - "$@" <<'P'
import os, resource, subprocess, sys
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime):.2f}")
P
}
for _ in $(seq $rounds); do
	cpu_ms "$agent" scan --sysroot "$root" >>"$work/agent_ms"
	cpu_ms dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}\t${Architecture}\t${Version}\t${source:Package}\t${source:Version}\n' >>"$work/query_ms"
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
scan=$(median "$work/agent_ms")
echo "scan_cpu_ms=$scan"
echo "dpkg_query_cpu_ms=$(median "$work/query_ms")"
guard scan_cpu_20ms "$(awk -v s="$scan" 'BEGIN { print s <= 20 }')"

# --- idle: enrolled, scanned, connected to a server of this build, waiting
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
people=$(port) agents=$(port)
printf '%s\n' "state_dir = $work/server" "port = $people" "agent_port = $agents" "redirect_port = 0" "address = 127.0.0.1" >"$work/tsukuroid.conf"
"$build/src/tsukuroid" --config "$work/tsukuroid.conf" 2>"$work/server.log" &
server=$!
export TSUKUROI_SOCKET=$work/server/tsukuroid.sock HOME=$work
until_true() { # WHAT COMMAND...
	local what=$1 i
	shift
	for i in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
	echo "error: $what did not happen; $(tail -2 "$work/server.log" "$work/agent.log" 2>/dev/null)" >&2
	exit 2
}
until_true "the server's start" "$build/src/tsukuroi" status
dirs=(--sysroot "$root" --config-dir "$work/etc" --state-dir "$work/state" --run-dir "$work/run")
token=$("$build/src/tsukuroi" enroll-token --quiet)
"$agent" enroll --server "https://127.0.0.1:$agents" --token "$token" --agent-user root "${dirs[@]}" >/dev/null
"$agent" run --agent-user root "${dirs[@]}" 2>"$work/agent.log" &
pid=$!
scanned() { "$build/src/tsukuroi" systems --json | grep -q '"scan_status": *"ok"' && "$build/src/tsukuroi" systems --json | grep -q '"online": *true'; }
until_true "the first scan" scanned
sleep 5
field() { awk -v k="$1:" '$1 == k { print $2 }' "$2"; }
# Resident: everything mapped in, pages shared with other programs included. Anonymous: its own. Proportional
# (PSS): its own, and its share of what is shared. Peak: the most it ever had (a scan with a full upload).
memory() { # WHEN
	echo "$1_rss_kb=$(field VmRSS /proc/$pid/status)"
	echo "$1_anon_kb=$(field RssAnon /proc/$pid/status)"
	echo "$1_pss_kb=$(field Pss /proc/$pid/smaps_rollup)"
}
memory idle
echo "peak_rss_kb=$(field VmHWM /proc/$pid/status)"
# No timer is due in this minute but the server's ping (every 60 s), which wakes the push thread alone. Tracing
# would itself wake the threads: the kernel's count of voluntary switches is the number of wake-ups. Not the first minute:
# what a start leaves to do at leisure is no idling.
main_wakes() { awk '/^voluntary/ { n += $2 } END { print n }' "/proc/$pid/task/$pid/status"; }
all_wakes() { awk '/^voluntary/ { n += $2 } END { print n }' /proc/"$pid"/task/*/status; }
sleep 60
main=$(main_wakes) all=$(all_wakes)
sleep 60
main=$(($(main_wakes) - main)) all=$(($(all_wakes) - all))
echo "idle_main_wakeups_60s=$main"
echo "idle_all_wakeups_60s=$all"
# Resident again after the minute: what the ping mapped in.
memory idle_60s
guard idle_rss_8mb "$([ "$(field VmRSS /proc/$pid/status)" -le 8192 ] && echo 1 || echo 0)"
guard idle_sleeps "$([ $main = 0 ] && [ $all -le 5 ] && echo 1 || echo 0)"

# --- a contact: what it maps in again (minor faults: no disk), and whether it gives it back
faults() { awk '{ sub(/.*\) /, ""); print $8, $10 }' "/proc/$pid/stat"; }
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat"; }
contact() { "$agent" status --json "${dirs[@]}" | grep -o '"last_contact": *"[^"]*"'; }
contacted() { [ "$(contact)" != "$last" ]; }
read -r minor major <<<"$(faults)"
cpu=$(ticks)
for _ in 1 2 3 4 5; do
	last=$(contact)
	sleep 1.1 # the status tells whole seconds
	"$agent" checkin "${dirs[@]}"
	until_true "a contact" contacted
done
sleep 1
read -r minor2 major2 <<<"$(faults)"
echo "contact_minor_faults=$(((minor2 - minor) / 5))"
echo "contact_major_faults=$(((major2 - major) / 5))"
echo "contact_cpu_ms=$((($(ticks) - cpu) * 1000 / $(getconf CLK_TCK) / 5))"
memory after_contact
guard after_contact_rss_8mb "$([ "$(field VmRSS /proc/$pid/status)" -le 8192 ] && echo 1 || echo 0)"
exit $failed
