#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house linter: what the compiler cannot see. Prints one line a finding; exit 1 when there are any.

rooms    a file includes only headers of its own room and of the rooms src/rooms lets it know
stems    every extern function starts with the noun of its header: the file's stem, its room's name, a type that the
         header declares, or the stem of the .c file in that folder which defines it
headers  every header compiles alone
marks    SPDX line in every source file; no unfinished-work words
sql      no SQL text in a .c file
sizes    files above 800 lines are named (warning, not an error)
names    no absolute path of a developer's machine
papers   a document that a comment names is in the repository; nothing under src/ or console/ looks beside it"""
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
findings, warnings = [], []


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = out.stdout.split("\n") if out.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return [n for n in names if n and (ROOT / n).is_file() and "node_modules/" not in n]


def rooms():
    table = {}
    for line in (ROOT / "src/rooms").read_text().splitlines():
        if line and not line.startswith("#"):
            room, _, knows = line.partition(":")
            table[room.strip()] = set(knows.split())
    return table


def check_includes(files, table):
    for name in files:
        m = re.match(r"src/([a-z]+)/.*\.[ch]$", name)
        if not m:
            continue
        room = m.group(1)
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            inc = re.match(r'#include "([a-z]+)/', line)
            if inc and inc.group(1) in table and inc.group(1) != room and inc.group(1) not in table.get(room, set()):
                findings.append(f"{name}:{number}: room '{room}' may not know '{inc.group(1)}' (src/rooms)")
            if re.match(r'#include "(?![a-z]+/)', line) and not name.startswith("src/base/banned"):
                findings.append(f"{name}:{number}: include with the path from src/")


def check_marks(files):
    code = re.compile(r"\.(c|h|py|sh|ts|tsx|mjs|sql|css)$|(^|/)meson\.build$")
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    machine = re.compile(r"(?<![\w.$})])/(root|home|work)/[a-z]")  # from the top, not a room's sub-folder
    for name in files:
        if not code.search(name) or name.startswith("fuzz/corpus/") or name.endswith(".d.ts"):
            continue
        text = (ROOT / name).read_text(errors="replace")
        if "SPDX-License-Identifier: Apache-2.0" not in text[:400]:
            findings.append(f"{name}:1: no SPDX line")
        for number, line in enumerate(text.splitlines(), 1):
            if words.search(line) and name != "tools/lint.py":
                findings.append(f"{name}:{number}: unfinished-work word")
            if machine.search(line) and name != "tools/lint.py" and "/home/" not in line:
                findings.append(f"{name}:{number}: path of a machine")
        if text.count("\n") > 800 and not name.endswith(".yaml"):
            warnings.append(f"{name}: {text.count(chr(10))} lines: is it one room, or two?")


def check_papers(files):
    code = re.compile(r"\.(c|h|py|sh|ts|tsx|mjs|sql|css|def|yaml|test)$|(^|/)meson\.build$")
    paper = re.compile(r"[\w./-]*\w\.md\b")
    known = {pathlib.PurePath(n).name for n in files if n.endswith(".md")}
    for name in files:
        if not code.search(name) or name == "tools/lint.py":
            continue
        for number, line in enumerate((ROOT / name).read_text(errors="replace").splitlines(), 1):
            for m in paper.findall(line):
                if pathlib.PurePath(m).name not in known:
                    findings.append(f"{name}:{number}: '{m}' is not in the repository; write what it says")
            if "../shared" in line and name.startswith(("src/", "console/")):
                findings.append(f"{name}:{number}: refers to files beside the repository")


def check_sql(files):
    sql = re.compile(r'"\s*(select\s|insert into\s|update\s+\w+\s+set\s|delete from\s|create table\s)', re.I)
    for name in files:
        if re.match(r"src/(?!sql/).*\.c$", name):
            for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
                if sql.search(line):
                    findings.append(f"{name}:{number}: SQL text in a .c file; name it in <room>.sql")


def cflags():
    out = subprocess.run(["pkg-config", "--cflags", "jansson", "sqlite3", "libpq", "gnutls"], capture_output=True, text=True)
    return out.stdout.split()


def check_headers(files, table, build):
    headers = [n for n in files if re.match(r"src/[a-z]+/.*\.h$", n) and not n.endswith("banned.h")]
    flags = cflags()

    def one(name):
        argv = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-I", str(ROOT / "src"), "-I", str(build / "src"),
                "-include", str(ROOT / "src/base/banned.h"), *flags, "-x", "c", "-"]
        p = subprocess.run(argv, input=f'#include "{name[4:]}"\n', capture_output=True, text=True)
        return name, p

    with ThreadPoolExecutor(2) as pool:
        for name, p in pool.map(one, headers):
            if p.returncode:
                findings.append(f"{name}:1: does not compile alone: {p.stderr.strip().splitlines()[0] if p.stderr else ''}")
    for name in files:
        m = re.match(r"src/([a-z]+)/(?:.*/)?([a-z0-9_]+)\.c$", name)
        if m and m.group(1) not in table:
            findings.append(f"{name}:1: no such room in src/rooms")


def check_stems(files):
    declared = re.compile(r"^(?!static|typedef|struct [a-z_]+ \{|#|/|\s|extern const|enum|union)[A-Za-z_].*?\b([a-z][a-z0-9_]*)\(", re.M)
    for name in files:
        m = re.match(r"src/([a-z]+)/(?:.*/)?([a-z0-9_]+)\.h$", name)
        if not m or name.endswith(("base.h", "banned.h", "vec.h", "_int.h")):
            continue
        room, stem = m.groups()
        text = re.sub(r"/\*.*?\*/", "", (ROOT / name).read_text(), flags=re.S)
        for fn in declared.findall(text):
            types = re.findall(r"^(?:struct|enum) ([a-z_]+)", text, re.M)
            beside = [c.stem for c in (ROOT / name).parent.glob("*.c")]
            words = {stem, stem.rstrip("s"), room, room.rstrip("s"), *stem.split("_"), *types, *beside}
            if not any(fn == w or fn.startswith(w + "_") for w in words) and not fn.isupper():
                warnings.append(f"{name}: {fn}() does not start with its file's stem")


def main():
    build = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
    files, table = tracked(), rooms()
    check_includes(files, table)
    check_marks(files)
    check_papers(files)
    check_sql(files)
    check_headers(files, table, build)
    check_stems(files)
    for w in warnings:
        print("warning:", w)
    for f in findings:
        print(f)
    print(f"lint: {len(findings)} findings, {len(warnings)} warnings")
    return 1 if findings else 0


sys.exit(main())
