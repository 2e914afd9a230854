#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What real hosts' own dnf, yum or zypper offered against what `tsukuroi match` says of the same hosts.

usage: rpm_offered.py TSUKUROI SHARED-FEEDS-DIR

The package lists under inventory/ keep in columns newVersion and newRelease what the host's own manager
offered on the day of the scan. Where the advisories of the release are stored, every package that an
advisory of before the scan calls outdated must have been offered: an advisory is published with its
packages. At which version, is told and not judged: a repository keeps several builds of a package and the
record has one of them. What the manager offered beyond advisories has none: it is counted. Hosts without
stored advisories of their release are named and skipped. Fails on a package that an advisory calls
outdated and the manager did not offer at all."""
import json
import os
import subprocess
import sys
import tempfile

# release, kind of feed, file below SHARED-FEEDS-DIR
FEEDS = {"alma_9": ("almalinux:9", "osv", "rpm-distros/alma/osv-almalinux9.tar.xz")}
HOSTS = ["alma_9", "amazon_2023", "centos_7", "fedora_38", "opensuse_leap_15", "oracle_8", "rhel_73", "rhel_90",
         "rocky_8", "sles15"]


def compare(program, pairs):
    """-1, 0, 1 for each pair, by the program's own rpm order."""
    if not pairs:
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as f:
        f.writelines(f"{a}\t{b}\n" for a, b in pairs)
        f.flush()
        out = subprocess.run([program, "vercmp", "rpm", "--batch", f.name], check=True,
                             capture_output=True, text=True).stdout
    return [int(line) for line in out.split()]


def offered(path):
    """Packages that the manager would have replaced: name -> (installed, offered), newest installed last."""
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8") if line[0] != "#"]
    out = {}
    for r in rows:
        if len(r) > 5 and r[4] and (r[1], r[2]) != (r[4], r[5]):
            out[r[0]] = (f"{r[1]}-{r[2]}", f"{r[4]}-{r[5]}")
    return out


def newest_fix(program, rows):
    """The highest fixed version of each package that is missing, with the day of its advisory."""
    best = {}
    for name, fixed, day in rows:
        best.setdefault(name, []).append((fixed, day))
    out = {}
    for name, fixes in best.items():
        top = fixes[0]
        for f in fixes[1:]:
            if compare(program, [(f[0], top[0])])[0] > 0:
                top = f
        out[name] = top
    return out


def report(program, feeds, name):
    host = os.path.join(feeds, "inventory", name + ".tsv")
    meta = json.load(open(os.path.join(feeds, "inventory", name + ".meta.json"), encoding="utf-8"))
    manager = offered(host)
    if not manager:
        print(f"{name}: its manager recorded no offers; skipped")
        return True
    if name not in FEEDS or not os.path.exists(os.path.join(feeds, FEEDS[name][2])):
        print(f"{name}: no stored advisories of its release; skipped ({len(manager)} offers recorded)")
        return True
    release, kind, path = FEEDS[name]
    path = os.path.join(feeds, path)
    run = subprocess.run([program, "match", "--os", release, "--inventory", host, "--json", "--feed",
                          f"{kind}={path}"], check=True, capture_output=True, text=True)
    days = {}
    parsed = subprocess.run([program, "feed", "parse", kind, path], check=True, capture_output=True, text=True)
    for line in parsed.stdout.splitlines():
        record = json.loads(line)
        days[record["id"]] = record["published"]
    missing = [(v["component"], v["fixed"], days[v["bulletin"]]) for v in json.loads(run.stdout)["verdicts"]
               if v["state"] == "missing"]
    before = newest_fix(program, [m for m in missing if m[2] <= meta["scannedAt"]])
    younger = {m[0] for m in missing} - set(before)
    known = sorted(p for p in before if p in manager)
    order = compare(program, [(manager[p][1], before[p][0]) for p in known])
    same, above, below = ([p for p, c in zip(known, order) if c == want] for want in (0, 1, -1))
    absent = sorted(set(before) - set(manager))
    print(f"{name}: scanned {meta['scannedAt'][:10]}, {len(manager)} offers by its own manager; {len(before)} packages "
          f"outdated by an advisory of before: {len(same)} offered at its version, {len(above)} above (a later build), "
          f"{len(below)} recorded below (an earlier build that the repository kept), {len(absent)} not offered; "
          f"{len(set(manager) - set(before))} offers without such an advisory; {len(younger)} packages by younger ones")
    for what, names in (("recorded below", below), ("not offered", absent)):
        for p in names:
            print(f"  {what}: {p} advisory {before[p][0]} of {before[p][1][:10]} manager {manager.get(p, '-')}")
    return not absent


def main():
    program, feeds = sys.argv[1], sys.argv[2]
    if not os.path.isdir(os.path.join(feeds, "inventory")):
        print("skipped: the shared samples are not here")
        return 77
    good = [report(program, feeds, h) for h in HOSTS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
