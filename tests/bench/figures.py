#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of bench/ at a few hundred hosts. Usage: figures.py BUILD

A small archive is made up; bench/run measures P1..P5, P8, P9 on its fleet. Whether a figure is reached is not looked at
(a busy machine, a sanitizer); what is counted must be right: verdicts against the workload itself and against a join in
SQL, counts after restarts, the pairs of large deployments, and the same fleet from the same seed."""
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
HOSTS, PATCHES = 300, 200


def write_packages(path):
    chance = random.Random(4)
    with open(path, "w") as out:
        for i in range(2000):
            depends = ", ".join(f"pkg{chance.randrange(i)} (>= 1)" for _ in range(min(i, chance.randrange(3))))
            out.write(f"Package: pkg{i}\nSource: src{i // 3}\nVersion: 1.{i // 3}-1\nArchitecture: {'all' if i % 4 == 0 else 'amd64'}\n"
                      f"Priority: {'required' if i < 40 else 'optional'}\n" + (f"Depends: {depends}\n" if depends else "") + "\n")


def fleet(packages, state, seed):
    subprocess.run([BUILD / "bench/fleet", "--packages", packages, "--state", state, "--hosts", str(HOSTS), "--patches", str(PATCHES),
                    "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)
    db = sqlite3.connect(f"file:{state}/tsukuroi.db?mode=ro", uri=True)
    facts = db.execute("select id, line from fact order by id").fetchall()
    hosts = db.execute("select id, office, hostname, inventory, n_facts from host order by id").fetchall()
    db.close()
    return facts, hosts


def main():
    wrong = []
    with tempfile.TemporaryDirectory(prefix="figures.") as name:
        work = pathlib.Path(name)
        packages = work / "Packages"
        write_packages(packages)
        one, again, other = (fleet(packages, work / f"s{i}", seed) for i, seed in enumerate((1, 1, 2)))
        if one != again:
            wrong.append("the same seed made another fleet")
        if one[1] == other[1] or len(one[1]) != HOSTS:
            wrong.append("another seed made the same fleet, or hosts are missing")
        shutil.rmtree(work / "s0")
        ran = subprocess.run([ROOT / "bench/run", "--no-build", "--build", BUILD, "--hosts", str(HOSTS), "--patches", str(PATCHES), "--packages", packages,
                              "--only", "P1,P2,P3,P4,P5,P8,P9", "--work", work / "run", "--no-results"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(ran.stdout)
        for line in ("p1_mismatches=0", "p1_lists_wrong=0", "p4_mismatches=0", "p3_lists_wrong=0", "p5_mismatches=0", "p5_lists_wrong=0",
                     "guard_sqlite_sum=ok", "guard_same_counts=ok"):
            if line not in ran.stdout.split():
                wrong.append(f"no {line}")
        if "guard_postgresql_sum=FAILED" in ran.stdout:
            wrong.append("PostgreSQL counts otherwise")
        large = subprocess.run([BUILD / "bench/deployments", "--packages", packages, "--state", work / "s2", "--hosts", str(HOSTS), "--patches", str(PATCHES),
                                "--seed", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(large.stdout)
        for guard in ("planned_nothing_twice", "under_way", "given_comes_back", "shown_by_hand"):
            if f"guard_{guard}=ok" not in large.stdout.split():
                wrong.append(f"deployments: no guard_{guard}=ok")
        if large.returncode:
            wrong.append(f"deployments ended with {large.returncode}")
        for figure in ("P1", "P2", "P3", "P4", "P5", "P8", "P9"):
            rows = [r for r in ran.stdout.splitlines() if r.startswith(f"| {figure} |")]
            if not rows or any("not measured" in r and "not installed" not in r for r in rows):
                wrong.append(f"{figure} is not in the table")
        if ran.returncode not in (0, 1):
            wrong.append(f"bench/run ended with {ran.returncode}")
    for w in wrong:
        print("FAIL", w)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
