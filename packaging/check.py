#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py SOURCE_ROOT UNIT...: the manual pages name every command, option and key of the programs and are good
mdoc; the units' exposure, as systemd judges it, is not above its limit. Tools that are not here are said and
left out."""
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1])
UNITS = [pathlib.Path(p) for p in sys.argv[2:]]
MAN = SOURCE / "docs/man"
# of 10; what is left needs sockets to everywhere (server, network half) or root (root half)
LIMITS = {"tsukuroid.service": 1.5, "tsukuroi-agent.service": 1.8, "tsukuroi-agent-root.service": 2.5}
failed = 0


def check(what, good, detail=""):
    global failed
    failed += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}" + (f": {detail}" if detail and not good else ""))


def words(name):
    return (MAN / name).read_text(encoding="utf-8").replace("\\-", "-")


def commands():
    page = words("tsukuroi.1")
    for name in re.findall(r'^CLI_COMMAND\("([a-z-]+)"', (SOURCE / "src/cli/commands.def").read_text(), re.M):
        check(f"tsukuroi.1 has command {name}", re.search(rf"^\.(It )?Cm {name}\b", page, re.M))
        source = (SOURCE / "src/cli" / f"cmd_{name.replace('-', '_')}.c")
        if not source.exists():
            continue
        for option in sorted(set(re.findall(r'(?:\.name = |value_of\()"--([a-z-]+)"', source.read_text()))):
            check(f"tsukuroi.1 has option --{option} of {name}", re.search(rf"(Fl -|\| -){option}\b", page))


def keys():
    for source, page, mark in (("src/server/options.c", "tsukuroid.8", r"\.It Cm {}\b"),
                               ("src/agent/agent_conf.c", "tsukuroi-agent.8", r"\.B {}\b|^{} *=|^{}$")):
        for key in re.findall(r'\{ "([a-z_]+)", CONF_', (SOURCE / source).read_text()):
            if key in ("agent_id", "org", "epoch"):  # written by enrolment, read by nobody else
                continue
            check(f"{page} has key {key}", re.search(mark.replace("{}", key), words(page), re.M))


def pages():
    if not shutil.which("mandoc"):
        print("left out: mandoc is not installed")
        return
    for page in sorted(MAN.iterdir()):
        p = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check(f"{page.name} is good", not p.stdout, p.stdout)


def units():
    if not shutil.which("systemd-analyze"):
        print("left out: systemd-analyze is not installed")
        return
    for unit in UNITS:
        text = unit.read_text()
        check(f"{unit.name} has the installed paths", "@" not in re.sub(r"=~?@[a-z-]+( @[a-z-]+)*", "", text), text)
        p = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        m = re.search(r"Overall exposure level for \S+: ([0-9.]+)", p.stdout)
        check(f"exposure of {unit.name} is {m.group(1) if m else '?'}, at most {LIMITS[unit.name]}",
              m and float(m.group(1)) <= LIMITS[unit.name], p.stdout[-1500:])


commands()
keys()
pages()
units()
sys.exit(1 if failed else 0)
