#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# endpoint.sh [CASE...]: the root half against a real Debian root, the real archive's signed metadata and
# packages, and real apt and dpkg. Needs root, the testbeds beside the repository and a reachable archive;
# says why when it skips. Each case gets a fresh overlay. KILLS=n (default 10) random kills (F15, F16).
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
beds=${TESTBEDS:-$here/../../shared/testbeds}; [ -d "$beds" ] || beds=$here/../shared/testbeds
build=${BUILD:-$here/build}
work=${WORK:-/tmp/tsukuroi-endpoint.$$}
[ "$(id -u)" = 0 ] || { echo "SKIP: must be root"; exit 77; }
[ -f "$beds/lib.sh" ] || { echo "SKIP: no testbeds at $beds"; exit 77; }
. "$beds/lib.sh"; set +e
seal=$build/tests/agent_seal; ctl=$build/tests/agent_ctl
[ -x "$seal" ] || { seal=$build/tests/agent/agent_seal; ctl=$build/tests/agent/agent_ctl; }
passed=0 failed=0 n_roots=0 up=()
ok()  { passed=$((passed+1)); echo "ok   $case_name: $1"; }
bad() { failed=$((failed+1)); echo "FAIL $case_name: $1"; }
is()  { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: '$2' instead of '$3'"; fi; }

# --- the endpoint -----------------------------------------------------------------------------------
prepare_lower() {
  mkdir -p "$work"
  [ -f "${LOWER:-$work/root}/etc/pm-testbed" ] || bash "$beds/make-debian-root.sh" "$work/root" || exit 1
  lower=${LOWER:-$work/root} mirror=${MIRROR:-$work/mirror}
  [ -d "$mirror/debian-security" ] || bash "$beds/make-debian-mirror.sh" -a "$lower" "$mirror" || exit 1
  "$seal" key "$work" || exit 1
  tb_in_root "$lower" apt-get -s dist-upgrade | sed -n 's/^Inst \([^ ]*\) \[[^]]*\] (\([^ ]*\) .*\[\([a-z0-9]*\)\]).*/\1:\3=\2/p' > "$work/missing"
  [ -s "$work/missing" ] || { echo "SKIP: the root misses nothing today"; exit 77; }
}
up_root() { # a fresh endpoint: overlay in memory, own pid namespace with an init, the agent's files
  n_roots=$((n_roots+1)); t=$work/t$n_roots root=$t/merged
  mkdir -p "$t/mem" "$root"; mount -t tmpfs -o "size=${TMPFS:-2g}" tb "$t/mem"; mkdir "$t/mem/up" "$t/mem/wk"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$t/mem/up,workdir=$t/mem/wk" "$root"
  grep -q tsukuroi-agent "$root/etc/passwd" || echo 'tsukuroi-agent:x:999:999::/nonexistent:/usr/sbin/nologin' >> "$root/etc/passwd"
  grep -q tsukuroi-agent "$root/etc/group" || echo 'tsukuroi-agent:x:999:' >> "$root/etc/group"
  mkdir -p "$root/etc/tsukuroi-agent" "$root/var/lib/tsukuroi-agent/spool" "$root/run/tsukuroi-agent" "$root/usr/libexec"
  chown 999:999 "$root/var/lib/tsukuroi-agent/spool"
  cp "$work/deploy.pub" "$root/etc/tsukuroi-agent/"
  printf 'agent_id = %s\norg = %s\nepoch = 1\n' "$(printf 'a%.0s' {1..32})" "$(printf 'b%.0s' {1..32})" > "$root/etc/tsukuroi-agent/identity.conf"
  cp "$build/src/tsukuroi-agent-root" "$root/usr/libexec/"
  for l in $(ldd "$build/src/tsukuroi-agent-root" "$ctl" | awk '$3 ~ /^\//{print $3}' | sort -u); do
    [ -e "$root$l" ] || [ -e "$root/usr$l" ] || cp -L "$l" "$root/usr/lib/x86_64-linux-gnu/"
  done
  cp "$ctl" "$root/usr/bin/agent-ctl"
  tb_in_root "$root" bash -c 'trap : CHLD; while :; do sleep 1000 & wait; done' & tb_pid=$!
  up+=("$tb_pid:$t")
  for _ in $(seq 100); do # the first process of the new pid namespace, once it is in the root
    for init in $(pgrep -P "$tb_pid") $(pgrep -P "$tb_pid" | xargs -r -n1 pgrep -P); do ns=$(readlink "/proc/$init/ns/pid"); [ "$ns" = "$(readlink /proc/self/ns/pid)" ] || break; done
    [ "$ns" != "$(readlink /proc/self/ns/pid)" ] && inside test -f /etc/pm-testbed && break; sleep 0.1
  done
  start_daemon
}
down_root() { kill -9 "$init" 2>/dev/null; wait "$tb_pid" 2>/dev/null; umount "$root" 2>/dev/null; umount "$t/mem"; }
inside() { nsenter -t "$init" -m -p -u -i -r -w -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }
start_daemon() {
  inside /usr/libexec/tsukuroi-agent-root run >> "$t/daemon.log" 2>&1 &
  for _ in $(seq 50); do inside agent-ctl /run/tsukuroi-agent/root.sock hello >/dev/null 2>&1 && return; sleep 0.1; done
  bad "the daemon does not answer"; tail -5 "$t/daemon.log"
}
ask() { inside agent-ctl /run/tsukuroi-agent/root.sock "$@"; }
field() { python3 -c 'import json,sys
d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d.get(k,"") if isinstance(d,dict) else ""
print(d)' "$1"; }
# pids in the endpoint whose command line matches; only processes this script started live there
pids_of() { local p; for p in /proc/[0-9]*; do [ "$(readlink "$p/ns/pid" 2>/dev/null)" = "$ns" ] && tr '\0' ' ' < "$p/cmdline" 2>/dev/null | grep -q -- "$1" && echo "${p#/proc/}"; done; }

# --- orders -----------------------------------------------------------------------------------------
id=00000000000000000000000000000001
make_order() { python3 "$here/tests/agent/make-order.py" "$mirror" "$root/var/lib/tsukuroi-agent/spool" "$t/order.json" "$@" && "$seal" "${SEAL:-order}" "$work/deploy.key" < "$t/order.json" > "$root/envelope"; }
submit() { ask prepare envelope=@/envelope; }
wait_state() { # until the job is in one of the states
  local s; for _ in $(seq "${2:-600}"); do s=$(ask status order="$id" 2>/dev/null | field state); case " $1 " in *" $s "*) echo "$s"; return;; esac; sleep 0.2; done; echo "timeout in '$s'"; }
run_order() { submit >/dev/null; wait_state "prepared done" >/dev/null; ask install order="$id" >/dev/null; wait_state done; }
outcome() { ask results | python3 -c 'import json,sys; r=json.load(sys.stdin).get("result",{}); print(r.get("outcome"), r.get("reason"))'; }
log_of() { ask results | field result.log; }
keep() { [ -z "${KEEP:-}" ] || { mkdir -p "$KEEP"; { echo "# $2"; sed 's/^/# order: /' "$t/order.json" | python3 -c 'import json,sys
o=json.loads(sys.stdin.read()[9:])
for k in ("packages","extra"):
  for p in o[k]: print("back" if "from" in p else k[:-1] if k=="packages" else k, p["name"], p["arch"], p["version"], *([p["from"]] if "from" in p else []))'; log_of | sed "s#/var/lib/tsukuroi-agent/root/mirror/$id#@DIR@#g; /^$/d"; echo "= $(outcome)"; } > "$KEEP/$1.transcript"; }; }
all_there() { local w n; while read -r w; do n=${w%%=*}; [ "$(inside dpkg-query -W -f '${Version} ${db:Status-Status}' "$n" 2>/dev/null)" = "${w#*=} installed" ] || { echo "$w: $(inside dpkg-query -W -f '${Version} ${db:Status-Status}' "$n")"; return 1; }; done < "${1:-$work/missing}"; }
some() { grep -E '^(openssl|libssl3):' "$work/missing"; }

# --- cases ------------------------------------------------------------------------------------------
case_upgrade() { # AC: missing updates installed exactly, from the partial mirror, and never twice
  make_order $(cat "$work/missing")
  inside apt-mark showauto | sort > "$t/auto"
  is "prepare is accepted" "$(submit | field state)" preparing
  is "the plan is covered" "$(wait_state "prepared done")" prepared
  is "asked twice, planned once" "$(submit | field state)" prepared
  ask install order=$id > /dev/null
  is "it ends" "$(wait_state done)" done
  is "outcome" "$(outcome)" "succeeded installed"
  keep upgrade "Debian 12, real security updates"
  if all_there; then ok "every package is at its version"; else bad "versions"; fi
  is "dpkg is consistent" "$(inside dpkg --audit | wc -l)" 0
  is "automatic marks are as before" "$(inside apt-mark showauto | sort | cmp - "$t/auto" && echo same)" same
  is "the mirror is gone" "$(ls "$root/var/lib/tsukuroi-agent/root/mirror" | wc -l)" 0
  is "sequence is remembered" "$(ask hello | field seq)" 1
  is "finished: asked again, not run again" "$(submit | field state)" done
  ask ack order=$id > /dev/null
  is "acknowledged: nothing left" "$(ask results)" "{}"
  is "replayed after that (A46)" "$(submit | field refused)" replayed
  make_order seq=2 id=00000000000000000000000000000002 $(cat "$work/missing"); id=00000000000000000000000000000002
  submit > /dev/null; wait_state done > /dev/null
  is "same versions again" "$(outcome)" "succeeded already_installed"
  keep same "everything is there already"
}
refused() { # NAME REASON: the present envelope is refused at once
  is "$1" "$(submit | field refused)" "$2"
}
case_refuse() { # A01, A07, A17, A18, A46
  local env n; mapfile -t n < <(some)
  make_order "${n[@]}" agent=$(printf 'c%.0s' {1..32}); refused "for another agent (A42)" policy
  make_order "${n[@]}" org=$(printf 'c%.0s' {1..32}); refused "for another installation" policy
  make_order "${n[@]}" epoch=2; refused "of another epoch" replayed
  make_order "${n[@]}" not_after=-10 not_before=-100; refused "expired (A03)" expired
  make_order "${n[@]}" not_after=9000 not_before=8000; refused "not valid yet" expired
  make_order "${n[@]}" keyring=/var/lib/tsukuroi-agent/spool/x.gpg; refused "keyring elsewhere (A17)" policy
  sed -i 's/bookworm-security/trixie-security/g' "$t/order.json"; "$seal" order "$work/deploy.key" < "$t/order.json" > "$root/envelope"
  make_order "${n[@]}"; sed -i 's/"suite": "bookworm/"suite": "trixie/g' "$t/order.json"; "$seal" order "$work/deploy.key" < "$t/order.json" > "$root/envelope"
  refused "of another release (A07)" policy
  make_order "${n[@]}"; mkdir -p "$t/other"; "$seal" key "$t/other"; "$seal" order "$t/other/deploy.key" < "$t/order.json" > "$root/envelope"
  refused "sealed with another key" signature
  make_order "${n[@]}"; env=$(cat "$root/envelope"); printf '%s' "${env/\"signature\":\"???/\"signature\":\"AAA}" > "$root/envelope"
  refused "signature changed" signature
  make_order "${n[@]}"; python3 - "$root/envelope" <<'P'
import base64, json, sys
e = json.load(open(sys.argv[1])); o = e["order"]; raw = base64.urlsafe_b64decode(o + "=" * (-len(o) % 4))
e["order"] = base64.urlsafe_b64encode(raw.replace(b'"seq":1', b'"seq":9')).decode().rstrip("="); json.dump(e, open(sys.argv[1], "w"))
P
  refused "content changed (A46)" signature
  SEAL=raw; for bad_name in '-o Dpkg::Options::=x' 'a;id' 'a b' '../a' 'A' '--root=/x' $'a\nb'; do # A48
    make_order "${n[@]}"; python3 - "$t/order.json" "$bad_name" <<'P'
import json, sys
o = json.load(open(sys.argv[1])); o["packages"][0]["name"] = sys.argv[2]; json.dump(o, open(sys.argv[1], "w"))
P
    "$seal" raw "$work/deploy.key" < "$t/order.json" > "$root/envelope"; refused "package named '$bad_name' (A48)" signature
  done; unset SEAL
  echo 'install = no' > "$root/etc/tsukuroi-agent/policy.conf"; make_order "${n[@]}"; refused "local policy" policy; rm "$root/etc/tsukuroi-agent/policy.conf"
  # spool content that is not what the order names: a payload, then the metadata
  make_order "${n[@]}"; f=$(python3 -c 'import json,sys; o=json.load(open(sys.argv[1])); print([a["payload"][0]["sha256"] for a in o["archives"] if a["payload"]][0])' "$t/order.json")
  printf 'X' | dd of="$root/var/lib/tsukuroi-agent/spool/$f" bs=1 seek=5000 conv=notrunc 2>/dev/null
  run_order > /dev/null; is "payload changed in the spool (A01, A19)" "$(outcome)" "failed digest"; ask ack order=$id >/dev/null
  rm "$root/var/lib/tsukuroi-agent/spool/$f"; ln -s /etc/shadow "$root/var/lib/tsukuroi-agent/spool/$f"
  run_order > /dev/null; is "payload is a link (A47)" "$(outcome)" "failed internal"; ask ack order=$id >/dev/null; rm "$root/var/lib/tsukuroi-agent/spool/$f"
  # a server that signs metadata the vendor did not: our signature is good, the archive's is not
  local keep_mirror=$mirror; mirror=$t/forged; cp -al "$keep_mirror" "$mirror"
  r=$mirror/debian-security/dists/bookworm-security/InRelease; sed 's/^Origin: Debian/Origin: Debiam/' "$r" > "$r.new"; mv "$r.new" "$r"
  make_order "${n[@]}"; run_order > /dev/null; is "metadata the vendor did not sign (A01)" "$(outcome)" "failed signature"; keep signature "InRelease changed by the server"; ask ack order=$id >/dev/null
  mirror=$keep_mirror
  make_order "${n[@]}" not_after=86400; if all_there > /dev/null; then bad "something was installed"; else ok "nothing was installed"; fi
  is "no sequence was used up" "$(ask hello | field seq)" 0
  ! grep -q 'Sanitizer\|assert' "$t/daemon.log" && ok "the daemon is well"
}
case_unlisted() { # A06
  make_order "$(some | grep ^openssl:)"
  submit > /dev/null; wait_state done > /dev/null
  is "dependency outside the order" "$(outcome)" "refused unlisted_dependency"
  ask status order=$id | grep -q '"name":"libssl3"' && ok "the transaction is told" || bad "transaction"
  keep unlisted "openssl ordered without libssl3"; ask ack order=$id > /dev/null
  id=00000000000000000000000000000003
  make_order seq=2 id=$id "$(some | grep ^openssl:)" extra="$(some | grep ^libssl3:)"
  is "issued again with it as extra" "$(run_order)" done; is "outcome" "$(outcome)" "succeeded installed"
}
case_held() {
  inside apt-mark hold openssl > /dev/null; make_order $(some); run_order > /dev/null
  is "held package" "$(outcome)" "refused held"; keep held "openssl is on hold"; ask ack order=$id > /dev/null
  inside apt-mark unhold openssl > /dev/null; inside apt-mark hold perl-base > /dev/null
  p=$(grep '^perl:' "$work/missing"); [ -n "$p" ] || { echo "skip held: perl is not among the updates"; return; }
  make_order "$p" extra="$(grep -E '^(perl|libperl)' "$work/missing" | grep -v '^perl:' | paste -sd,)"; run_order > /dev/null
  is "held dependency" "$(outcome)" "failed dependency"; keep dependency "perl needs perl-base at its own version, which is on hold"
}
case_downgrade() { # A18
  inside dpkg -i /dev/null >/dev/null 2>&1; make_order $(some); run_order > /dev/null; ask ack order=$id > /dev/null
  old=$(python3 - "$mirror" <<'P'
import lzma, sys
for b in lzma.open(sys.argv[1] + "/debian/dists/bookworm/main/binary-amd64/Packages.xz", "rt").read().split("\n\n"):
    if b.startswith("Package: openssl\n"): print([l[9:] for l in b.split("\n") if l.startswith("Version: ")][0])
P
); now=$(inside dpkg-query -W -f '${Version}' openssl); id=00000000000000000000000000000004
  make_order seq=2 id=$id "openssl:amd64=$old"; run_order > /dev/null
  is "an older version is no work" "$(outcome)" "succeeded already_installed"
  is "and nothing went down (A18)" "$(inside dpkg-query -W -f '${Version}' openssl)" "$now"
}
version_of() { inside dpkg-query -W -f '${Version}' "$1"; }
case_uninstall() { # M-137, A18: back to what the machine had, and to nothing else
  local old new w; for w in $(some); do old+=("${w%%=*}=$(version_of "${w%%:*}")"); done
  back() { local i=0; for w in $(some); do new+=("${old[$i]}<${w#*=}"); i=$((i+1)); done; }
  new=(); back; make_order "${new[@]}"
  is "before it had anything else" "$(submit | field refused)" downgrade_denied
  make_order $(some); run_order > /dev/null; is "installed" "$(outcome)" "succeeded installed"; ask ack order=$id > /dev/null
  id=00000000000000000000000000000002; make_order seq=2 id=$id "openssl:amd64=3.0.9-1<$(version_of openssl)"
  is "to a version it never had" "$(submit | field refused)" downgrade_denied
  make_order seq=2 id=$id "${old[0]/=*/=99}<1"; is "not backwards" "$(submit | field refused)" downgrade_denied
  echo 'downgrade = no' > "$root/etc/tsukuroi-agent/policy.conf"; make_order seq=2 id=$id "${new[@]}"
  is "the machine's policy" "$(submit | field refused)" downgrade_denied; rm "$root/etc/tsukuroi-agent/policy.conf"
  inside apt-mark hold openssl > /dev/null; run_order > /dev/null; is "held" "$(outcome)" "refused held"; ask ack order=$id > /dev/null; inside apt-mark unhold openssl > /dev/null
  id=00000000000000000000000000000003; make_order seq=3 id=$id "${new[@]}"; run_order > /dev/null
  is "outcome" "$(outcome)" "succeeded uninstalled"; keep uninstall "openssl and libssl3 go back to the versions they had"
  local n=0; for w in "${old[@]}"; do [ "$(version_of "${w%%:*}")" = "${w#*=}" ] && n=$((n+1)); done; is "both are at their old versions" "$n" "${#old[@]}"
  is "dpkg is consistent" "$(inside dpkg --audit | wc -l)" 0; ask ack order=$id > /dev/null
  id=00000000000000000000000000000004; make_order seq=4 id=$id "${new[@]}"; run_order > /dev/null
  is "again" "$(outcome)" "succeeded already_uninstalled"; keep uninstall-same "they are back already"; ask ack order=$id > /dev/null
  id=00000000000000000000000000000005; make_order seq=5 id=$id $(some); run_order > /dev/null; ask ack order=$id > /dev/null
  id=00000000000000000000000000000006; make_order seq=6 id=$id "${new[@]}"; submit > /dev/null; wait_state prepared > /dev/null; ask install order=$id > /dev/null
  sleep 0.9; for w in $(pids_of 'tsukuroi-agent-root') $(pids_of '^apt-get') $(pids_of '^/usr/bin/dpkg'); do kill -9 "$w" 2>/dev/null; done; start_daemon
  is "killed in the middle (F15)" "$(wait_state done)" done; is "outcome" "$(outcome)" "succeeded uninstalled"; keep uninstall-kill "all was killed in the middle"
  is "dpkg is consistent" "$(inside dpkg --audit | wc -l)" 0
}
case_lock() { # F18
  make_order $(some); submit > /dev/null; wait_state prepared > /dev/null
  inside perl -e 'use Fcntl; open(F,"+>>","/var/lib/dpkg/lock-frontend") or die; my $l = pack("s s x![q] q q i", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die "$!"; sleep 7' & holder=$!
  sleep 0.5; ask install order=$id > /dev/null; for _ in $(seq 40); do r=$(ask status order=$id | field reason); [ "$r" = lock_held ] && break; sleep 0.1; done
  is "waits for the lock" "$r" lock_held
  wait $holder; is "then goes on" "$(wait_state done)" done; is "outcome" "$(outcome)" "succeeded installed"
  [ -e "$root/var/lib/dpkg/lock-frontend" ] && ok "the lock file was left alone"; keep lock "another process held the frontend lock for some seconds"
}
case_broken() { # F15
  make_order $(some); deb=$(find "$mirror/debian-security/pool" -name "libssl3_*amd64.deb" | head -1); cp "$deb" "$root/tmp/x.deb"
  inside dpkg --unpack /tmp/x.deb > /dev/null 2>&1
  [ "$(inside dpkg --audit | wc -l)" -gt 0 ] && ok "dpkg was left unconfigured"
  run_order > /dev/null; is "outcome" "$(outcome)" "succeeded installed"; keep broken "libssl3 was unpacked, not configured"
  is "dpkg is consistent" "$(inside dpkg --audit | wc -l)" 0
}
case_script() {
  local r; r=$(grep -E '^redis-(server|tools):' "$work/missing"); [ -n "$r" ] || { echo "skip $case_name: redis is not among the updates"; return; }
  printf '#!/bin/sh\necho this update-rc.d fails >&2\nexit 1\n' > "$root/usr/sbin/update-rc.d"
  make_order $r; run_order > /dev/null; is "failing maintainer script" "$(outcome)" "failed maintainer_script"; keep script "redis-server's postinst fails"
  ask results | field result.detail
}
case_full() { # F19
  make_order $(cat "$work/missing"); submit > /dev/null; wait_state prepared > /dev/null
  left=$(df --output=avail -k "$root" | tail -1); fallocate -l $(( (left-3000) ))k "$root/fill" || dd if=/dev/zero of="$root/fill" bs=1k count=$((left-3000)) 2>/dev/null
  ask install order=$id > /dev/null; wait_state done > /dev/null
  is "no space while installing" "$(outcome)" "failed disk_full"; keep full "the disk was filled after the plan"; ask ack order=$id > /dev/null
  id=00000000000000000000000000000005; make_order seq=2 id=$id payload=all $(cat "$work/missing") 2>/dev/null; submit > /dev/null; wait_state done > /dev/null
  is "no space before" "$(outcome)" "failed disk_full"; ask ack order=$id > /dev/null
  rm "$root/fill"; id=00000000000000000000000000000006; make_order seq=3 id=$id $(cat "$work/missing"); run_order > /dev/null
  is "with space again" "$(outcome)" "succeeded installed"; all_there && ok "every package is there" || bad "versions"
}
case_socket() { # A50, A25
  is "another user is turned away" "$(inside setpriv --reuid 33 --regid 33 --clear-groups agent-ctl /run/tsukuroi-agent/root.sock hello 2>&1 | grep -c 'not allowed\|hung up')" 1
  is "the agent's user is answered" "$(inside setpriv --reuid 999 --regid 999 --clear-groups agent-ctl /run/tsukuroi-agent/root.sock hello | field epoch)" 0
  is "no such verb" "$(ask shell 2>&1 | field code)" invalid
  is "no such member" "$(ask hello x=1 2>&1 | field code)" invalid
  is "paths for ids" "$(ask ack order=../../../../etc/passwd-------x 2>&1 | field code)" invalid
  is "garbage as envelope" "$(ask prepare envelope=nonsense | field refused)" signature
  is "no network in the daemon" "$([ "$(readlink "/proc/$(pids_of 'tsukuroi-agent-root run$' | tail -1)/ns/net")" != "$(readlink /proc/self/ns/net)" ] && echo own)" own
  is "still answers" "$(ask hello | field epoch)" 0
}
case_kill() { # F15, F16: random kills, and it still ends installed
  local what p delay=$1 victim
  make_order $(cat "$work/missing"); submit > /dev/null; wait_state prepared > /dev/null
  ask install order=$id > /dev/null
  for round in 1 2; do
    sleep "$(awk -v s=$RANDOM -v m="$delay" 'BEGIN{printf "%.3f", s/32768*m}')"
    case $((RANDOM % 5)) in
      0) what=apt; victim=$(pids_of '^apt-get .*install');; 1) what=dpkg; victim=$(pids_of '^/usr/bin/dpkg ');;
      2) what=runner; victim=$(pids_of 'run-job');; 3) what=daemon; victim=$(pids_of 'tsukuroi-agent-root run ');;
      4) what=all; victim="$(pids_of 'tsukuroi-agent-root') $(pids_of '^apt-get') $(pids_of '^/usr/bin/dpkg')";;
    esac
    echo "     kill $what: $(echo $victim)"
    for p in $victim; do kill -9 "$p" 2>/dev/null; done
    case $what in daemon|all) start_daemon;; esac
  done
  is "ends" "$(wait_state done 900)" done
  is "outcome" "$(outcome)" "succeeded installed"
  if all_there; then ok "every package is at its version"; else bad "versions"; fi
  is "dpkg is consistent" "$(inside dpkg --audit | wc -l)" 0
}

# --- run --------------------------------------------------------------------------------------------
prepare_lower
run_case() { case_name=$1; id=00000000000000000000000000000001; up_root; "case_$1" "${@:2}"; [ "$failed" = "${seen_failed:=0}" ] || { seen_failed=$failed; cp "$t/daemon.log" "$work/failed-$1.log"; ask results 2>/dev/null | field result.log > "$work/failed-$1.out"; }; down_root; }
[ $# -gt 0 ] || set -- upgrade refuse unlisted held downgrade uninstall lock broken script full socket kill
for c in "$@"; do
  if [ "$c" = kill ]; then for k in $(seq "${KILLS:-10}"); do run_case kill 6; done
  elif [ "$c" = full ]; then TMPFS=${FULL_TMPFS:-700m} run_case full
  else run_case "$c"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
