#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a transcript against the real program: transcript.py PROGRAM FILE [SHARED].

  $ tsukuroi ...   a shell command; `tsukuroi` is PROGRAM, $SAMPLE tests/cli/sample, $SHARED the shared samples
  | text           a line of its standard input
    text           a line of its standard output (two blanks before it); '...' = any lines
  ! text           a line of its standard error; '...' likewise
  ? 2              its exit status, when it is not 0
  needs shared     everything below needs the shared samples: the test is skipped when they are not here
  # ...            a comment

The program runs with neither login nor server: HOME and the socket lead nowhere."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIP = 77


class Case:
    def __init__(self, line, command):
        self.line, self.command = line, command
        self.input, self.out, self.err, self.status = [], [], [], 0


def read(path):
    """[Case, ...], and how many of them stand before 'needs shared'."""
    cases, free = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line == "needs shared":
            free = len(cases)
        elif line.startswith("$ "):
            cases.append(Case(number, line[2:]))
        elif line.startswith("| "):
            cases[-1].input.append(line[2:])
        elif line.startswith("  "):
            cases[-1].out.append(line[2:])
        elif line.startswith("! "):
            cases[-1].err.append(line[2:])
        elif line.startswith("? "):
            cases[-1].status = int(line[2:])
        else:
            sys.exit(f"{path}:{number}: not understood: {line}")
    if not cases:
        sys.exit(f"{path}: no case")
    return cases, len(cases) if free is None else free


def same(want, got):
    """Do the lines agree? '...' stands for any number of lines."""
    if not want:
        return not got
    if want[0] == "...":
        return any(same(want[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and want[0] == got[0] and same(want[1:], got[1:])


def play(case, env):
    p = subprocess.run(["sh", "-c", case.command], input="".join(i + "\n" for i in case.input), env=env, timeout=120,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wrong = []
    for what, want, got in (("stdout", case.out, p.stdout), ("stderr", case.err, p.stderr)):
        if not same(want, got.splitlines()):
            wrong.append(f"{what} is\n{got}")
    if p.returncode != case.status:
        wrong.append(f"exit status is {p.returncode}, not {case.status}")
    return wrong


def main():
    program, path = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shared = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    cases, free = read(path)
    have = bool(shared) and (shared / "oracle/README.md").exists()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="transcript.") as tmp:
        (pathlib.Path(tmp) / "tsukuroi").symlink_to(program)
        env = {"PATH": f"{tmp}:/usr/bin:/bin", "HOME": f"{tmp}/home", "TSUKUROI_SOCKET": f"{tmp}/none", "LC_ALL": "C.UTF-8",
               "SAMPLE": str(HERE / "sample"), "SHARED": str(shared), **{k: v for k, v in os.environ.items() if "SAN_" in k}}
        for case in cases if have else cases[:free]:
            wrong = play(case, env)
            failed += bool(wrong)
            print(f"{'FAIL' if wrong else 'ok  '} {path.name}:{case.line}: {case.command}")
            for w in wrong:
                print("    " + w.replace("\n", "\n    "))
    if failed:
        return 1
    if free < len(cases) and not have:
        print(f"skipped {len(cases) - free} of {len(cases)} cases: the shared samples are not here")
        return SKIP
    return 0


sys.exit(main())
