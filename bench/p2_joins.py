#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P2: a full evaluation beside the same question as a join in SQLite and in PostgreSQL, all in this run.

    p2_joins.py [--build BUILD] [--hosts N] [--patches M] [--seed S] PACKAGES

Both peers have what helps them: covering indices in the order of the join, statistics, large caches, data in memory;
PostgreSQL one process (its CPU is what is compared). Prints key=value lines; exits 1 when a guard fails, 2 when it
could not measure. Guards: equal sums; at least 20 times less CPU than SQLite, 60 times less than PostgreSQL."""
import argparse
import glob
import os
import pathlib
import pwd
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def pairs(path):
    with open(path) as f:
        for line in f:
            a, b = line.split("\t")
            yield int(a), int(b)


def own_cpu():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


def sqlite_join(prefix):
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("create table host_comp(comp integer, host integer, primary key(comp, host)) without rowid")
    db.execute("create table patch_comp(patch integer, comp integer, primary key(patch, comp)) without rowid")
    db.execute("begin")
    rows = sorted((b, a) for a, b in pairs(prefix + ".host_comp.tsv"))
    db.executemany("insert into host_comp values (?, ?)", rows)
    del rows
    db.executemany("insert into patch_comp values (?, ?)", pairs(prefix + ".patch_comp.tsv"))
    db.execute("commit")
    db.execute("analyze")
    before = own_cpu()
    total, = db.execute("select sum(n) from (select pc.patch, count(distinct hc.host) n from patch_comp pc "
                        "cross join host_comp hc on hc.comp = pc.comp group by pc.patch)").fetchone()
    return total or 0, own_cpu() - before


def process_cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Postgres:
    """A cluster of its own in `work`, reached by a socket in it only."""

    def __init__(self, bindir, work):
        self.bindir, self.work = bindir, work
        self.user = "postgres"
        who = pwd.getpwnam(self.user)
        self.as_user = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"] if os.getuid() == 0 else []
        os.chmod(work, 0o755)
        self.data = work / "pg"
        self.data.mkdir()
        if os.getuid() == 0:
            os.chown(self.data, who.pw_uid, who.pw_gid)
        self.run("initdb", "-D", self.data / "d", "-A", "trust", "-U", self.user, "--no-sync")
        self.run("pg_ctl", "-D", self.data / "d", "-w", "-l", self.data / "log", "-o",
                 f"-k {self.data} -c listen_addresses='' -c shared_buffers=2GB -c work_mem=512MB "
                 "-c maintenance_work_mem=1GB -c fsync=off -c max_wal_size=8GB -c max_parallel_workers_per_gather=0 "
                 "-c max_parallel_maintenance_workers=0", "start")
        self.psql = subprocess.Popen(
            [*self.as_user, bindir / "psql", "-h", self.data, "-U", self.user, "-qtAX", "postgres"], cwd="/",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, program, *args):
        subprocess.run([*self.as_user, self.bindir / program, *args], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def ask(self, text):
        self.psql.stdin.write(text + ";\n")
        self.psql.stdin.flush()
        return self.psql.stdout.readline().strip()

    def load(self, table, path):
        self.psql.stdin.write(f"copy {table} from stdin;\n")
        with open(path) as f:
            shutil.copyfileobj(f, self.psql.stdin)
        self.psql.stdin.write("\\.\n")

    def join(self, prefix):
        pid = int(self.ask("select pg_backend_pid()"))
        self.ask("create table host_comp(host int, comp int); create table patch_comp(patch int, comp int); select 1")
        self.load("host_comp", prefix + ".host_comp.tsv")
        self.load("patch_comp", prefix + ".patch_comp.tsv")
        self.ask("create index on host_comp(comp, host); create index on patch_comp(patch, comp); select 1")
        self.psql.stdin.write("vacuum analyze;\n")
        self.ask("select 1")
        before = process_cpu(pid)
        total = self.ask("select coalesce(sum(n), 0) from (select pc.patch, count(distinct hc.host) n from patch_comp pc "
                         "join host_comp hc on hc.comp = pc.comp group by pc.patch) x")
        return int(total), process_cpu(pid) - before

    def stop(self):
        self.psql.stdin.close()
        self.psql.wait()
        self.run("pg_ctl", "-D", self.data / "d", "-m", "immediate", "-w", "stop")


def postgres_join(prefix, work):
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    if not found:
        return None
    server = Postgres(pathlib.Path(found[-1]).parent, work)
    try:
        return server.join(prefix)
    finally:
        server.stop()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("packages")
    p.add_argument("--build", default=HERE.parent / "build", type=pathlib.Path)
    p.add_argument("--hosts", default=10000, type=int)
    p.add_argument("--patches", default=5000, type=int)
    p.add_argument("--seed", default=1, type=int)
    a = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="p2.") as work:
        prefix = work + "/rows"
        ran = subprocess.run([a.build / "bench/p2_export", "--packages", a.packages, "--out", prefix, "--hosts", str(a.hosts),
                              "--patches", str(a.patches), "--seed", str(a.seed)], stdout=subprocess.PIPE, text=True)
        if ran.returncode:
            return 2
        print(ran.stdout, end="", flush=True)
        ours = dict(word.split("=") for word in ran.stdout.split())
        cpu, total, good = float(ours["ours_cpu_s"]), int(ours["sum_missing"]), True
        peers = [("sqlite", 20, sqlite_join(prefix)), ("postgresql", 60, postgres_join(prefix, pathlib.Path(work)))]
        for name, wanted, answer in peers:
            if answer is None:
                print(f"{name}=not installed; its part of the guard is left out")
                continue
            ratio = answer[1] / cpu
            print(f"{name}_cpu_s={answer[1]:.3f} {name}_sum_missing={answer[0]} {name}_ratio={ratio:.1f}")
            for what, ok in (("sum", answer[0] == total and total > 0), ("ratio", ratio >= wanted)):
                print(f"guard_{name}_{what}={'ok' if ok else 'FAILED'}")
                good = good and ok
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
