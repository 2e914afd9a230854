#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet needs: the server's memory and disk on SQLite and on PostgreSQL, and how long the move between takes.

    sizing.py [--build BUILD] STATE

STATE is a server's state directory (`fleet` writes one); it is copied. The server is started on the copy, then on a
private PostgreSQL that `tsukuroi db move` has filled. Prints key=value lines; exits 1 when the two answer different
counts, 2 when it could not measure. docs/scaling.md has the table. Needs PostgreSQL, and root for its user."""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests/e2e")]
from harness import Server, postgresql, postgresql_programs, run, wait_for  # noqa: E402
from p9_restart import counts_of, cpu_of, essence, field  # noqa: E402


def disk(path):
    """Bytes on disk of a file or of all files below a directory."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_blocks * 512 for p in files)


def up(server, name, more):
    """Starts it; prints what it needs once it answers, and at rest. Returns its counts."""
    start = time.monotonic()
    server.start(wait=False)
    socket = server.state / "tsukuroid.sock"
    counts = wait_for("the first answer", lambda: counts_of(socket), 1800, 0.1)
    pid = server.process.pid
    print(f"{name}_first_answer_s={time.monotonic() - start:.1f} {name}_cpu_s={cpu_of(pid):.1f}")
    more()
    before = -1.0
    while cpu_of(pid) - before > 0.2:  # until what a start leaves to be done is done
        before = cpu_of(pid)
        time.sleep(10)
    print(f"{name}_rss_mb={field(pid, 'VmRSS') / 1e6:.0f} {name}_peak_mb={field(pid, 'VmHWM') / 1e6:.0f}")
    more()
    server.stop()
    return essence(counts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build")
    parser.add_argument("state", type=pathlib.Path)
    o = parser.parse_args()
    top = pathlib.Path(tempfile.mkdtemp(prefix="sizing."))
    os.chmod(top, 0o755)
    made = None
    try:
        server = Server(o.build, top / "s", "127.0.0.1")
        server.state.mkdir(mode=0o700)
        shutil.copy(o.state / "tsukuroi.db", server.state)
        lite = up(server, "sqlite", lambda: None)
        for name in ("tsukuroi.db", "fleet.snapshot"):
            path = server.state / name
            print(f"sqlite_disk_{name.replace('.', '_')}_mb={disk(path) / 1e6 if path.exists() else 0:.0f}")
        made = postgresql(top / "pg")
        if not made:
            sys.exit(2)
        pg, url = made
        start = time.monotonic()
        print(run(o.build / "src/tsukuroi", "db", "move", f"sqlite:{server.state}/tsukuroi.db", url, timeout=7200).stdout.strip())
        print(f"move_s={time.monotonic() - start:.1f}")
        (server.state / "fleet.snapshot").unlink(missing_ok=True)

        def connections():
            asked = run(postgresql_programs() / "psql", "-h", top / "pg", "-U", "tsukuroi", "-tAc", "select count(*), pg_database_size(current_database()) "
                        "from pg_stat_activity where application_name like 'tsukuroi%'", "tsukuroi", cwd=top / "pg").stdout.strip().split("|")
            print(f"postgresql_connections={asked[0]} postgresql_disk_mb={int(asked[1]) / 1e6:.0f}")

        there = up(Server(o.build, server.dir, "127.0.0.1", database=url), "postgresql", connections)
        print(f"guard_same_counts={'ok' if lite == there else 'FAILED'}")
        return lite != there
    finally:
        if made:
            made[0].send_signal(signal.SIGQUIT)
            made[0].wait()
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
