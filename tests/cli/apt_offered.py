#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a real host's own apt offered against what `tsukuroi match` offers from a stored archive.

usage: apt_offered.py TSUKUROI SHARED-FEEDS-DIR

The package lists under inventory/ keep in column newVersion what the host's own apt offered on the
day of the scan. The stored archive is of another day, so versions may differ in one direction only:
an archive never goes back. For every package: "same", "newer" (the archive moved on: explained by the
dates), "gone" (no stored suite has the package: not from these suites), or "older" (unexplained: the
program fails). Hosts without a stored archive of their release are named and skipped.

A second comparison needs no archive: what the host's apt recorded as offers is written as indices of the
pockets it named, and `tsukuroi match` must find missing exactly what apt would have upgraded. So the order
of versions, pockets and the verdict are checked on every recorded host; what cannot be checked without the
archive of that day (pinning, phases, packages the host does not have) is not."""
import json
import os
import subprocess
import sys
import tempfile


def compare(program, pairs):
    """-1, 0, 1 for each pair, by the program's own dpkg order."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as f:
        f.writelines(f"{a}\t{b}\n" for a, b in pairs)
        f.flush()
        out = subprocess.run([program, "vercmp", "deb", "--batch", f.name], check=True,
                             capture_output=True, text=True).stdout
    return [int(line) for line in out.split()]


def offered_by_match(program, host, release, suites):
    """Highest version offered or installed-and-current, by package name."""
    out = subprocess.run([program, "match", "--os", f"debian:{release}", "--inventory", host, "--json",
                          "--feed", "debian=" + ",".join(suites)], check=True, capture_output=True, text=True)
    best = {}
    for v in json.loads(out.stdout)["verdicts"]:
        if v["superseded_by"] is None:
            best[v["component"]] = (v["fixed"], v["state"])
    return best


def report(program, feeds, name, codename, release):
    host = os.path.join(feeds, "inventory", name + ".tsv")
    meta = json.load(open(os.path.join(feeds, "inventory", name + ".meta.json"), encoding="utf-8"))
    archive = os.path.join(feeds, "debian", "archive")
    suites = [os.path.join(archive, codename + s) for s in ("", "-updates", "-security")]
    rows = [line.rstrip("\n").split("\t") for line in open(host, encoding="utf-8") if line[0] != "#"]
    apt = {r[0]: (r[1], r[4]) for r in rows if len(r) > 4 and r[4]}
    if not apt:
        print(f"{name}: its apt recorded no offers; skipped")
        return True
    if not os.path.isdir(suites[0]):
        print(f"{name}: no stored archive of {codename}; skipped ({len(apt)} offers recorded)")
        return True
    ours = offered_by_match(program, host, release, suites)
    known = sorted(p for p in apt if p in ours)
    order = dict(zip(known, compare(program, [(ours[p][0], apt[p][1]) for p in known])))
    groups = {"same": [], "newer": [], "gone": sorted(set(apt) - set(known)), "older": []}
    for p in known:
        groups[{0: "same", 1: "newer", -1: "older"}[order[p]]].append(p)
    # A package at what apt offered, or above, must not be missing for any reason but a newer archive.
    wrong = [p for p in groups["same"] if (apt[p][0] == apt[p][1]) != (ours[p][1] == "installed")]
    # What exceeds the archive was not from these suites if the installed version itself does.
    foreign = [p for p, c in zip(groups["older"], compare(program, [(apt[p][0], ours[p][0]) for p in groups["older"]]))
               if c > 0]
    unexplained = sorted(set(groups["older"]) - set(foreign))
    print(f"{name}: scanned {meta['scannedAt'][:10]}, {len(apt)} offers by its own apt: {len(groups['same'])} same, "
          f"{len(groups['newer'])} newer in the archive (it moved on since), {len(groups['gone'])} not in these suites, "
          f"{len(foreign)} installed from elsewhere, {len(unexplained)} older, {len(wrong)} judged differently")
    for what, names in (("not in these suites", groups["gone"]), ("installed from elsewhere", foreign),
                        ("older", unexplained), ("judged differently", wrong)):
        for p in names:
            print(f"  {what}: {p} installed {apt[p][0]} apt {apt[p][1]} here {ours.get(p, ('-', '-'))}")
    return not unexplained and not wrong


def own_offers(rows, codename):
    """Indices (suite -> text) made of the offers a host recorded, one stanza a package."""
    out = {}
    for name, offered, repository in rows:
        suite = repository.split("/")[0] if repository else codename
        out.setdefault(suite, []).append(
            f"Package: {name}\nVersion: {offered}\nArchitecture: amd64\n"
            f"Filename: pool/{name}.deb\nSize: 1\nSHA256: {'0' * 64}\n")
    return {suite: "\n".join(stanzas) for suite, stanzas in out.items()}


def replay(program, feeds, name, os_id, codename, release):
    """apt's own offers as the archive: the verdicts must be apt's."""
    host = os.path.join(feeds, "inventory", name + ".tsv")
    rows = [line.rstrip("\n").split("\t") for line in open(host, encoding="utf-8") if line[0] != "#"]
    apt = {r[0]: (r[1], r[4], r[6]) for r in rows if len(r) > 6 and r[1] and r[4]}
    if not apt:
        print(f"{name}: its manager recorded no offers; nothing to compare")
        return True
    found = {}
    with tempfile.TemporaryDirectory() as d:
        args = [program, "match", "--os", f"{os_id}:{release}", "--inventory", host, "--json"]
        for suite, text in own_offers([(n, a[1], a[2]) for n, a in apt.items()], codename).items():
            dists = os.path.join(d, suite)
            os.makedirs(dists)
            with open(os.path.join(dists, "Packages"), "w", encoding="utf-8") as f:
                f.write(text)
            with open(os.path.join(dists, "Release"), "w", encoding="utf-8") as f:
                f.write(f"Origin: {os_id.capitalize()}\nLabel: {os_id.capitalize()}\nSuite: {suite}\n"
                        f"Codename: {codename if os_id == 'ubuntu' else suite}\nVersion: {release}\n"
                        f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {'0' * 64} 1 x\n")
            args += ["--feed", "debian=" + os.path.join(dists, "Packages")]
        out = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    for v in json.loads(out)["verdicts"]:
        found[v["component"]] = v["state"]
    names = sorted(apt)
    order = compare(program, [(apt[n][0], apt[n][1]) for n in names])
    upgradable = {n for n, c in zip(names, order) if c < 0}
    missing = {n for n, state in found.items() if state == "missing"}
    pockets = {}
    for n in upgradable:
        pockets[apt[n][2] or "-"] = pockets.get(apt[n][2] or "-", 0) + 1
    print(f"{name}: {len(apt)} packages with a recorded offer, {len(upgradable)} upgradable by its own manager "
          f"({', '.join(f'{k} {v}' for k, v in sorted(pockets.items()))}), {len(missing & upgradable)} of them missing "
          f"here, {len(upgradable - missing)} not, {len(missing - upgradable)} missing here only")
    for n in sorted(upgradable ^ missing):
        print(f"  differs: {n} installed {apt[n][0]} offered {apt[n][1]} here {found.get(n)}")
    return upgradable == missing and set(found) == set(apt)


def main():
    program, feeds = sys.argv[1], sys.argv[2]
    if not os.path.isdir(os.path.join(feeds, "inventory")):
        print("skipped: the shared samples are not here")
        return 77
    hosts = [("debian_12", "bookworm", "12"), ("debian_11", "bullseye", "11"), ("debian_9", "stretch", "9")]
    good = [report(program, feeds, *h) for h in hosts]
    good += [replay(program, feeds, n, "debian", c, r) for n, c, r in hosts]
    good += [replay(program, feeds, "ubuntu_2404", "ubuntu", "noble", "24.04"),
             replay(program, feeds, "ubuntu_2004", "ubuntu", "focal", "20.04")]
    print("apk: no inventory of an Alpine host is stored")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
