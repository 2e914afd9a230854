#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P17: from the 204 of an agent's upload until the dashboard shows it. Usage: p17_scan_to_dashboard.py [BUILD]

A real server on free ports of 127.0.0.1 syncs the archive of this machine's own apt (needs that network); an agent
is played over the real protocol: enrolment with a certificate request, check-in, upload. Each of 20 rounds makes
one more source package outdated. Two clocks start with the 204: until GET /dashboard has the new count (asked every
10 ms), and until a server-sent event told the console to look. `shown` is the later of both: the console asks when
it is told. Prints key=value; exits 1 when a guard fails, 2 when it could not measure.
Guard: the slowest `shown` below 2 s. Beside it: the server's resident memory, before and after the sync."""
import http.client
import json
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/e2e"))
from harness import PlayedAgent, Server, run, wait_for  # noqa: E402

ROUNDS, GUARD_S = 20, 2.0
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build").resolve()


class Events(threading.Thread):
    """Reads the stream of events and keeps when each came."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.api, self.arrived, self.changed = api, [], threading.Condition()
        self.connection = http.client.HTTPSConnection(api.address, api.port, context=api.context, timeout=60)
        self.connection.request("GET", "/api/v1/events?topics=fleet", headers={"Authorization": "Bearer " + api.token})
        self.reply = self.connection.getresponse()
        if self.reply.status != 200:
            raise RuntimeError(f"events: {self.reply.status} {self.reply.read()[:300]}")
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        for line in self.reply:
            if line.startswith(b"event: fleet"):
                with self.changed:
                    self.arrived.append(time.monotonic())
                    self.changed.notify_all()

    def after(self, moment):
        """When the first event after `moment` came."""
        with self.changed:
            if not self.changed.wait_for(lambda: any(a >= moment for a in self.arrived), timeout=10):
                raise RuntimeError("no event within 10 s")
            return next(a for a in self.arrived if a >= moment)


def release():
    return dict(line.rstrip("\n").split("=", 1) for line in open("/etc/os-release") if "=" in line)["VERSION_ID"].strip('"')


def rss_kb(server):
    """The server and its sign process."""
    pids = [server.process.pid] + [int(p) for p in run("ps", "-o", "pid=", "--ppid", server.process.pid).stdout.split()]
    return sum(int(line.split()[1]) for p in pids for line in open(f"/proc/{p}/status") if line.startswith("VmRSS"))


def inventory(base, products, outdated):
    """This machine's packages, none outdated but one binary package of each of the first `outdated` products."""
    lines = []
    old = {name for name, _ in products[:outdated]}
    for line in base:
        f = line.split("\t")
        if f[0] == "deb":
            f[3] = "0~bench" if f[1] in old else "999:0"
            if len(f) > 5 and f[5]:
                f[5] = f[3]
        lines.append("\t".join(f))
    return ("".join(line + "\n" for line in sorted(set(lines), key=str.encode))).encode()


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="p17."))
    server = Server(BUILD, work / "server")
    try:
        server.start()
        api = server.api()
        api.sign_in(server.setup_link())
        time.sleep(2)
        print(f"server_idle_rss_kb={rss_kb(server)}", flush=True)
        job = api.call("POST", "/feeds:sync")
        job = wait_for("the sync", lambda: (lambda j: j if j["state"] in ("succeeded", "failed") else None)(api.call("GET", f"/jobs/{job['id']}")), 300, 0.5)
        supported = api.call("GET", "/dashboard")["patches"]["supported"]
        print(f"supported_patches={supported}", flush=True)
        if not supported:
            print(f"error: no feed could be synced: {job['error']}", file=sys.stderr)
            return 2
        time.sleep(5)
        print(f"server_after_sync_rss_kb={rss_kb(server)}", flush=True)

        token = api.call("POST", "/enrolment-tokens", {"label": "p17", "max_uses": 1})["token"]
        agent = PlayedAgent(server, token, work, hostname="p17", os_id="debian", os_version=release(), arch="amd64")
        base = run(BUILD / "src/tsukuroi-agent", "scan").stdout.splitlines()
        binaries = {}
        for line in base:
            f = line.split("\t")
            if f[0] == "deb":
                binaries.setdefault(f[4] or f[1], (f[1], f[4] or f[1]))
        everything = list(binaries.values())
        agent.scan(inventory(base, everything, len(everything)))
        outdated = {(o["name"], p["product"]) for p in api.all(f"/systems/{agent.id}/patches", state="missing") for o in p["outdated"]}
        products = sorted(outdated & set(everything))
        agent.scan(inventory(base, products, 0))
        print(f"packages={sum(line.startswith('deb' + chr(9)) for line in base)}", flush=True)
        if len(products) < ROUNDS:
            print(f"error: only {len(products)} of this machine's sources are in the feeds", file=sys.stderr)
            return 2
        events = Events(api)
        events.start()
        random.seed(17)
        get, told, shown = [], [], []
        missing = api.call("GET", "/dashboard")["patches"]["missing"]
        for n in range(1, ROUNDS + 1):
            time.sleep(random.uniform(0.2, 1.5))
            began = agent.scan(inventory(base, products, n))
            while (now := api.call("GET", "/dashboard")["patches"]["missing"]) == missing:
                if time.monotonic() - began > 10:
                    raise RuntimeError(f"round {n}: the count stays {missing}")
                time.sleep(0.01)
            seen = time.monotonic()
            if now <= missing:
                raise RuntimeError(f"round {n}: the count went from {missing} to {now}")
            missing = now
            event = events.after(began - 0.05)  # it may overtake the 204
            get.append(seen - began)
            told.append(max(0.0, event - began))
            shown.append(max(seen, event) - began)
        for name, values in (("get", get), ("event", told), ("shown", shown)):
            print(f"{name}_median_ms={1000 * statistics.median(values):.1f}")
            print(f"{name}_max_ms={1000 * max(values):.1f}")
        print(f"server_end_rss_kb={rss_kb(server)}")
        good = max(shown) < GUARD_S
        print(f"guard_shown_2s={'ok' if good else 'FAILED'}")
        return 0 if good else 1
    except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as e:
        print(f"error: {e}\n{server.log.read_text()[-800:] if server.log.exists() else ''}", file=sys.stderr)
        return 2
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


sys.exit(main())
