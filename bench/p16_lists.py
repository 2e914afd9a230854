#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P16: every list page, facet, count, sort, search and filter of the API on a fleet of its own size.

    p16_lists.py [--build BUILD] [--rounds N] [--pages N] [--only TEXT] STATE

STATE is a state directory with a fleet and a patch DB in it (tsukuroi.db, and what the server keeps beside it). A
real server is started on it, signed in to (its first administrator is made when there is none; the token is kept in
STATE/p16.token), and asked over one kept-alive TLS connection: each request N times, in turns, so that no request
profits from being repeated at once. Two lists are walked page by page, at most --pages of 200 rows: no row may come
twice, and at the end as many rows must have come as the list counts. Last, facets and totals must agree with each
other and with the dashboard.

Prints key=value, one line a request: p50, p99 and max in milliseconds of wall time seen by the client, and the CPU
time of the server (user and system, mean); exits 1 when a guard fails, 2 when it could not measure.
Guard: p99 < 50 ms up to 100,000 systems, < 200 ms above; every agreement."""
import argparse
import http.client
import json
import os
import pathlib
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/e2e"))
from harness import Server, wait_for  # noqa: E402

SYSTEM_FACETS = "health,os,scan,office,online,reboot,arch,agent_version,lifecycle"
PATCH_FACETS = "severity,type,os,suite,product,reboot,kev,epss"


class Client:
    """One kept-alive connection."""

    def __init__(self, api):
        self.api = api
        self.connection = http.client.HTTPSConnection(api.address, api.port, context=api.context, timeout=300)

    def get(self, path, **query):
        """(milliseconds, status, bytes)"""
        target = "/api/v1" + path
        if query:
            target += "?" + urllib.parse.urlencode(query)
        start = time.perf_counter()
        self.connection.request("GET", target, headers={"Authorization": "Bearer " + self.api.token})
        reply = self.connection.getresponse()
        body = reply.read()
        return (time.perf_counter() - start) * 1000, reply.status, body

    def json(self, path, **query):
        _, status, body = self.get(path, **query)
        if status != 200:
            raise RuntimeError(f"{path} {query}: {status} {body[:300]}")
        return json.loads(body)


class Bench:
    def __init__(self, server, client, rounds, only):
        self.server, self.client, self.rounds, self.only = server, client, rounds, only
        self.requests, self.failed, self.guard_ms = [], [], 50.0

    def add(self, name, path, **query):
        if not self.only or self.only in name:
            self.requests.append((name, path, query))

    def cpu_ms(self):
        fields = open(f"/proc/{self.server.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def report(self, name, times, cpu_ms, size):
        times.sort()
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
        good = p99 < self.guard_ms
        if not good:
            self.failed.append(name)
        print(f"request={name} n={len(times)} p50_ms={p50:.2f} p99_ms={p99:.2f} max_ms={times[-1]:.2f} cpu_ms={cpu_ms:.2f} "
              f"bytes={size} guard_ms={self.guard_ms:.0f} {'ok' if good else 'TOO-SLOW'}", flush=True)

    def run(self):
        times = {name: [] for name, _, _ in self.requests}
        cpu, size, refused = dict.fromkeys(times, 0.0), {}, {}
        for turn in range(self.rounds + 1):
            for name, path, query in self.requests:
                before = self.cpu_ms()
                ms, status, body = self.client.get(path, **query)
                if status != 200:
                    refused[name] = f"{status} {body[:160].decode(errors='replace')}"
                if turn:  # the first turn warms up
                    times[name].append(ms)
                    cpu[name] += self.cpu_ms() - before
                    size[name] = len(body)
        for name, why in refused.items():
            self.failed.append(name)
            print(f"request={name} REFUSED {why}")
        for name in times:
            self.report(name, times[name], cpu[name] / self.rounds, size[name])

    def walk(self, name, path, pages, **query):
        """From the first page towards the last."""
        if self.only and self.only not in name:
            return
        seen, times, cursor, before = {}, [], None, self.cpu_ms()
        total = size = 0
        while len(times) < pages:
            q = {"limit": 200, **query, **({"cursor": cursor} if cursor else {})}
            ms, status, body = self.client.get(path, **q)
            if status != 200:
                raise RuntimeError(f"{name}: {status} {body[:300]}")
            times.append(ms)
            size = max(size, len(body))
            page = json.loads(body)
            total, cursor = page["page"]["total"], page["page"]["next_cursor"]
            for item in page["items"]:
                seen[item["id"]] = seen.get(item["id"], 0) + 1
            if not cursor:
                break
        twice = sum(1 for n in seen.values() if n > 1)
        ended = cursor is None
        good = twice == 0 and (not ended or len(seen) == total)
        print(f"walk={name} pages={len(times)} rows={len(seen)} total={total} ended={ended} twice={twice} {'ok' if good else 'WRONG'}")
        if not good:
            self.failed.append(name + "-rows")
        self.report(name, times, (self.cpu_ms() - before) / len(times), size)

    def agree(self, what, *numbers):
        good = len(set(numbers)) == 1
        print(f"agree={what} values={','.join(map(str, numbers))} {'ok' if good else 'DIFFER'}")
        if not good:
            self.failed.append(what)


def requests(b, systems, patches, sample):
    """Every list the API has. `sample` has ids and values that exist."""
    system, patch = sample["system"], sample["patch"]
    b.add("dashboard", "/dashboard")
    b.add("offices", "/offices")
    b.add("search-name", "/search", q=sample["hostname"], limit=20)
    b.add("search-part", "/search", q=sample["hostname"][-4:], limit=20)
    b.add("search-none", "/search", q="no-such-thing-anywhere", limit=20)
    b.add("search-cve", "/search", q="CVE-2026", limit=20)
    b.add("search-product", "/search", q=sample["product"][:4], limit=20)

    b.add("systems-first", "/systems")
    b.add("systems-200", "/systems", limit=200)
    b.add("systems-facets", "/systems", facets=SYSTEM_FACETS)
    for sort in ("id", "hostname", "os", "address", "health", "missing", "missing_critical", "missing_important", "installed",
                 "held", "office", "last_contact", "last_scan", "agent_version"):
        b.add(f"systems-sort-{sort}", "/systems", sort=sort)
        b.add(f"systems-sort-{sort}-down", "/systems", sort="-" + sort)
    b.add("systems-sort-three", "/systems", sort="office,-missing,hostname")
    b.add("systems-deep", "/systems", limit=200, sort="-missing", cursor=sample["deep"])
    b.add("systems-q-name", "/systems", q=sample["hostname"], facets=SYSTEM_FACETS)
    b.add("systems-q-part", "/systems", q=sample["hostname"][:3], facets=SYSTEM_FACETS)
    b.add("systems-q-one-letter", "/systems", q="a", facets=SYSTEM_FACETS)
    b.add("systems-q-none", "/systems", q="no-such-thing-anywhere", facets=SYSTEM_FACETS)
    for name in ("health", "os", "scan", "office", "arch", "agent_version", "lifecycle"):
        values = sample["facets"].get(name) or []
        for value in values[:1] + values[-1:]:
            b.add(f"systems-{name}-{value}", "/systems", **{name: value, "facets": SYSTEM_FACETS})
    b.add("systems-offline", "/systems", online="false", facets=SYSTEM_FACETS)
    b.add("systems-reboot", "/systems", reboot="true", facets=SYSTEM_FACETS)
    b.add("systems-stale", "/systems", stale="true", sort="last_scan", facets=SYSTEM_FACETS)
    b.add("systems-retired", "/systems", state="retired,quarantined", facets=SYSTEM_FACETS)
    b.add("systems-all-states", "/systems", state="active,retired,quarantined", facets=SYSTEM_FACETS)
    b.add("systems-many-filters", "/systems", health="highly_vulnerable,vulnerable", scan="ok,failed", online="false",
          q=sample["hostname"][:2], sort="-missing_critical,hostname", facets=SYSTEM_FACETS)

    for view in ("missing", "installed", "applicable", "supported", "latest", "critical", "downloaded", "declined"):
        b.add(f"patches-{view}", "/patches", view=view, facets=PATCH_FACETS)
    for sort in ("id", "title", "product", "severity", "type", "released", "size", "missing_systems", "installed_systems", "kev", "epss"):
        b.add(f"patches-sort-{sort}", "/patches", view="supported", sort=sort)
        b.add(f"patches-sort-{sort}-down", "/patches", view="supported", sort="-" + sort)
    b.add("patches-200", "/patches", view="supported", limit=200, facets=PATCH_FACETS)
    b.add("patches-q", "/patches", view="supported", q=sample["product"], facets=PATCH_FACETS)
    b.add("patches-q-cve", "/patches", view="supported", q="CVE-2026-1", facets=PATCH_FACETS)
    b.add("patches-q-none", "/patches", view="supported", q="no-such-thing-anywhere", facets=PATCH_FACETS)
    b.add("patches-severity", "/patches", severity="critical,important", type="security", facets=PATCH_FACETS)
    b.add("patches-product", "/patches", view="supported", product=sample["product"], facets=PATCH_FACETS)

    b.add("patch", f"/patches/{patch}")
    for state in ("missing", "installed", "held", "kept_back", "phased", "needs_subscription", "unknown"):
        b.add(f"patch-systems-{state}", f"/patches/{patch}/systems", state=state, facets="health,os,office,online")
    b.add("patch-systems-q", f"/patches/{patch}/systems", q=sample["hostname"][:3], sort="-last_contact", facets="health,os,office,online")
    b.add("patch-history", f"/patches/{patch}/history")

    b.add("system", f"/systems/{system}")
    b.add("system-patches", f"/systems/{system}/patches", facets="severity,type,state,reboot")
    b.add("system-patches-installed", f"/systems/{system}/patches", state="installed,unknown", limit=200, facets="severity,type,state,reboot")
    b.add("system-patches-q", f"/systems/{system}/patches", q="src1", sort="-released", facets="severity,type,state,reboot")
    b.add("system-inventory", f"/systems/{system}/inventory", limit=200)
    b.add("system-inventory-q", f"/systems/{system}/inventory", q="lib")
    b.add("system-unfixed", f"/systems/{system}/unfixed", limit=200)
    b.add("system-deployments", f"/systems/{system}/deployments")
    b.add("system-history", f"/systems/{system}/history")
    b.add("system-explanation", f"/systems/{system}/patches/{patch}/explanation")

    b.add("deployments", "/deployments")
    for n, deployment in enumerate(sample["deployments"]):
        b.add(f"deployment-{n}", f"/deployments/{deployment}")
        b.add(f"deployment-{n}-targets", f"/deployments/{deployment}/targets", limit=200)
        b.add(f"deployment-{n}-patches", f"/deployments/{deployment}/patches", limit=200)
    b.add("declines", "/declines")
    b.add("jobs", "/jobs")
    b.add("feeds", "/feeds")
    b.add("feed-kinds", "/feed-kinds")
    b.add("enrolment-tokens", "/enrolment-tokens")
    b.add("tokens", "/tokens")
    b.add("deployment-policies", "/deployment-policies")


def agreements(b, client):
    dash = client.json("/dashboard")
    systems = client.json("/systems", limit=1, facets=SYSTEM_FACETS)
    health = {v["value"]: v["count"] for v in systems["facets"]["health"]}
    b.agree("systems", dash["systems"]["total"], systems["page"]["total"], sum(health.values()))
    for word, count in dash["systems"]["health"].items():
        if word == "total":
            continue
        listed = client.json("/systems", limit=1, health=word)["page"]["total"]
        b.agree(f"health-{word}", count, health.get(word, 0), listed)
    stale = client.json("/systems", limit=1, stale="true")["page"]["total"]
    b.agree("stale", dash["systems"]["stale_scans"] + dash["systems"]["never_scanned"], stale)
    for key, query in (("reboot_needed", {"reboot": "true"}), ("online", {"online": "true"}), ("scan_failed", {"scan": "failed"})):
        b.agree(key, dash["systems"][key], client.json("/systems", limit=1, **query)["page"]["total"])
    offices = client.json("/offices")["items"]
    b.agree("offices", sum(o["systems"] for o in offices), dash["systems"]["total"])
    for view in ("missing", "installed"):
        b.agree(f"patches-{view}", dash["patches"][view], client.json("/patches", limit=1, view=view)["page"]["total"])
    for patch in client.json("/patches", limit=5, view="supported", sort="-installed_systems")["items"]:
        for state in ("missing", "installed", "held", "unknown"):
            listed = client.json(f"/patches/{urllib.parse.quote(patch['id'])}/systems", limit=1, state=state)["page"]["total"]
            b.agree(f"{patch['product']}-{state}", patch[f"{state}_systems"], listed)


def samples(client):
    first = client.json("/systems", limit=5, sort="-missing", facets=SYSTEM_FACETS)
    patch = client.json("/patches", limit=1, view="missing", sort="-missing_systems")["items"]
    cursor = None
    for _ in range(20):
        page = client.json("/systems", limit=200, sort="-missing", **({"cursor": cursor} if cursor else {}))["page"]
        cursor = page["next_cursor"] or cursor
    return {"system": first["items"][0]["id"], "hostname": first["items"][0]["hostname"], "deep": cursor,
            "facets": {f: [v["value"] for v in values if v["value"]] for f, values in first["facets"].items()},
            "patch": urllib.parse.quote(patch[0]["id"]), "product": patch[0]["product"],
            "deployments": [d["id"] for d in client.json("/deployments", limit=2)["items"]],
            "systems": first["page"]["total"]}


def sign_in(server, state):
    api, kept = server.api(), state / "p16.token"
    if (state / "setup-link").exists():
        # A link of an earlier run lies there until the server has written its own.
        wait_for("the first sign-in", lambda: api.sign_in((state / "setup-link").read_text().strip()) or api.token, 20)
        with open(os.open(kept, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
            f.write(api.token)
    elif kept.exists():
        api.token = kept.read_text().strip()
    else:
        raise SystemExit(f"{state} has an administrator already and no p16.token")
    return api


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("state", type=pathlib.Path)
    p.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build")
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--pages", type=int, default=600)
    p.add_argument("--only", default="")
    a = p.parse_args()
    if not (a.state / "tsukuroi.db").exists():
        print(f"{a.state} has no tsukuroi.db", file=sys.stderr)
        sys.exit(2)
    work = a.state.resolve() / "p16"
    server = Server(a.build.resolve(), work, state_dir=a.state.resolve())
    server.state = a.state.resolve()
    started = time.monotonic()
    server.start(wait=False)
    try:
        while True:
            try:
                if server.answers():
                    break
            except OSError:
                pass
            if time.monotonic() - started > 900:
                raise RuntimeError("the server did not start in 15 minutes")
            time.sleep(0.1)
        print(f"start_s={time.monotonic() - started:.1f}")
        client = Client(sign_in(server, server.state))
        sample = samples(client)
        b = Bench(server, client, a.rounds, a.only)
        b.guard_ms = 50.0 if sample["systems"] <= 100000 else 200.0
        patches = client.json("/patches", limit=1, view="supported")["page"]["total"]
        print(f"systems={sample['systems']} patches={patches} rounds={a.rounds}")
        requests(b, sample["systems"], patches, sample)
        b.run()
        b.walk("systems-by-hostname", "/systems", a.pages, sort="hostname")
        b.walk("systems-by-missing", "/systems", a.pages, sort="-missing")
        b.walk("patches-by-severity", "/patches", a.pages, view="supported")
        b.walk("patch-systems-walk", f"/patches/{sample['patch']}/systems", a.pages, state="missing")
        if not a.only:
            agreements(b, client)
        rss = next(int(line.split()[1]) for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS"))
        print(f"server_rss_mb={rss // 1024} slow_or_wrong={len(b.failed)}")
        if b.failed:
            print("failed=" + ",".join(b.failed))
        sys.exit(1 if b.failed else 0)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
