#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P9 (and P8 of the whole server): from the start of tsukuroid to its first right answer.

    p9_restart.py [--build BUILD] [--hot N] STATE

STATE is a server's state directory (`fleet` writes one). The server is started on it, its counts are read, it is
ended; then it is started N times more (3), and each time the clock runs from exec to a dashboard with the same
counts. Once it is killed (SIGKILL) instead of ended. Prints key=value lines; exits 1 when a guard fails, 2 when it
could not measure. Guards: equal counts each time; the median within 2 s per million systems (at least 2 s)."""
import argparse
import http.client
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FIRST_START_S = 3600


class Local(http.client.HTTPConnection):
    """The server's own socket: the API without a login."""

    def __init__(self, path):
        super().__init__("localhost", timeout=600)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def counts_of(path):
    c = Local(path)
    try:
        c.request("GET", "/api/v1/dashboard")
        r = c.getresponse()
        text = r.read()
        return json.loads(text) if r.status == 200 else None
    except OSError:
        return None
    finally:
        c.close()


def essence(dashboard):
    """What a restart must not change: `online` and times do."""
    d = json.loads(json.dumps(dashboard))
    d["systems"].pop("online", None)
    return {"systems": d["systems"], "patches": d["patches"]}


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def field(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


class Run:
    def __init__(self, program, state):
        conf = state / "p9.conf"
        conf.write_text(f"state_dir = {state}\naddress = 127.0.0.1\nport = {free_port()}\nagent_port = {free_port()}\nredirect_port = 0\n")
        path = state / "tsukuroid.sock"
        path.unlink(missing_ok=True)
        began = time.monotonic()
        with open(state / "p9.log", "ab") as log:
            self.process = subprocess.Popen([program, "--config", conf], stdout=log, stderr=log)
        self.counts = None
        while self.counts is None and time.monotonic() - began < FIRST_START_S:
            if self.process.poll() is not None:
                print(f"tsukuroid ended: {(state / 'p9.log').read_text()[-400:]}", file=sys.stderr)
                sys.exit(2)
            self.counts = counts_of(path) if path.exists() else None
            if self.counts is None:
                time.sleep(0.005)
        self.wall = time.monotonic() - began
        if self.counts is None:
            print("tsukuroid does not answer", file=sys.stderr)
            self.end(signal.SIGKILL)
            sys.exit(2)
        self.cpu = cpu_of(self.process.pid)
        self.resident, self.anonymous = field(self.process.pid, "VmRSS"), field(self.process.pid, "RssAnon")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("state", type=pathlib.Path)
    p.add_argument("--build", default=HERE.parent / "build", type=pathlib.Path)
    p.add_argument("--hot", default=3, type=int)
    a = p.parse_args()
    state, program = a.state.resolve(), a.build.resolve() / "src/tsukuroid"
    if not (state / "tsukuroi.db").exists() or not program.exists():
        print(f"'{state}' has no tsukuroi.db, or there is no '{program}'", file=sys.stderr)
        return 2
    first = Run(program, state)
    before, systems = essence(first.counts), first.counts["systems"]["total"]
    print(f"systems={systems} missing_pairs={first.counts['patches']['missing_pairs']} first_start_wall_s={first.wall:.2f} "
          f"first_start_cpu_s={first.cpu:.2f}", flush=True)
    first.end(signal.SIGTERM)
    walls, cpus, same, last = [], [], True, None
    for i in range(a.hot):
        last = Run(program, state)
        walls.append(last.wall)
        cpus.append(last.cpu)
        same = same and essence(last.counts) == before
        print(f"restart={i} after={'kill' if i == 2 else 'end'} wall_s={last.wall:.3f} cpu_s={last.cpu:.2f} "
              f"same_counts={int(essence(last.counts) == before)}", flush=True)
        last.end(signal.SIGKILL if i == 1 else signal.SIGTERM)
    disk = sum(f.stat().st_size for f in state.rglob("*") if f.is_file())
    wall, limit = statistics.median(walls), 2.0 * max(1.0, systems / 1e6)
    print(f"p9_restart_wall_s={wall:.3f} p9_restart_cpu_s={statistics.median(cpus):.2f}")
    print(f"p8_server_resident_bytes_per_host={last.resident / systems:.0f} "
          f"p8_server_anonymous_bytes_per_host={last.anonymous / systems:.0f} p8_state_bytes_per_host={disk / systems:.0f}")
    print(f"guard_same_counts={'ok' if same else 'FAILED'}")
    print(f"guard_restart={'ok' if wall <= limit else 'FAILED'}")
    return 0 if same and wall <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
