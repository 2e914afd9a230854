#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the build keeps the rooms apart: a call into a room that is not a neighbour fails to link, a cycle
in the table fails to configure, and (the control) the same call links once the table allows it.

Builds a tiny project from this repository's own meson.build and base room; usage: house.py SOURCE_ROOT."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1])
failures = []


def expect(what, good, output=""):
    print(("ok   " if good else "FAIL ") + what)
    if not good:
        failures.append(what)
        print(output[-2000:])


def run(*argv, cwd):
    p = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.returncode, p.stdout


def project(where, table):
    """A project with the rooms base, alpha (calls beta_answer) and beta, and the given table."""
    (where / "src").mkdir(parents=True)
    for name in ("meson.build", "meson_options.txt"):
        shutil.copy(SOURCE / name, where / name)
    for name in ("src/base", "tools"):
        shutil.copytree(SOURCE / name, where / name)
    (where / "src/meson.build").write_text("")
    for name in ("console", "tests", "fuzz", "packaging"):
        (where / name).mkdir()
        (where / name / "meson.build").write_text("")
    for room, code in (("alpha", "int beta_answer(void);\nint alpha_answer(void);\nint alpha_answer(void)\n{\n\treturn beta_answer();\n}\n"),
                       ("beta", "int beta_answer(void);\nint beta_answer(void)\n{\n\treturn 42;\n}\n")):
        (where / "src" / room).mkdir()
        (where / "src" / room / f"{room}.c").write_text(code)
        (where / "src" / room / "meson.build").write_text(f"room_sources = files('{room}.c')\nroom_deps = []\n")
    (where / "src/rooms").write_text(table)


def build(where):
    code, out = run("meson", "setup", "build", "-Dtests=disabled", "-Dconsole=disabled", cwd=where)
    if code:
        return "configure", out
    code, out = run("ninja", "-C", "build", cwd=where)
    return ("link" if code else "built"), out


with tempfile.TemporaryDirectory(prefix="house.") as tmp:
    tmp = pathlib.Path(tmp)
    project(tmp / "forbidden", "base :\nbeta : base\nalpha : base\n")
    stage, out = build(tmp / "forbidden")
    expect("a call into a room that is no neighbour fails to link", stage == "link" and "beta_answer" in out, out)

    project(tmp / "allowed", "base :\nbeta : base\nalpha : base beta\n")
    stage, out = build(tmp / "allowed")
    expect("the same call links when the table allows it", stage == "built", out)

    project(tmp / "cycle", "base :\nalpha : base beta\nbeta : base alpha\n")
    stage, out = build(tmp / "cycle")
    expect("a cycle fails to configure and names both rooms",
           stage == "configure" and "cycle" in out and "alpha" in out and "beta" in out, out)

    project(tmp / "banned", "base :\nbeta : base\nalpha : base beta\n")
    code = tmp / "banned/src/beta/beta.c"
    code.write_text('#include <string.h>\nint beta_answer(void);\nint beta_answer(void)\n{\n\tchar b[4];\n\tstrcpy(b, "x");\n\treturn b[0];\n}\n')
    stage, out = build(tmp / "banned")
    expect("a banned function does not compile", stage == "link" and "strcpy" in out, out)

sys.exit(1 if failures else 0)
