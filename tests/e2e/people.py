# SPDX-License-Identifier: Apache-2.0
"""People who are logged in on an endpoint, at terminals of their own."""
import struct

from harness import wait_for


def utmp(user, line):
    """One record of utmp(5), of a session whose process is alive."""
    return struct.pack("<hxxi32s4s32s256shhiii4i20x", 7, 1, line, line[-4:], user.encode(), b"", 0, 0, 0, 0, 0, 0, 0, 0, 0)


def at_terminal(eps, name, root, user, uid, displays=()):
    """Logs a Japanese user in at a terminal, and at `displays`: the file that has what her terminal shows, and the process that is to be ended if the
    endpoint goes down before. `root`: the endpoint's as its processes see it."""
    passwd = root / "etc/passwd"
    if f"{user}:x:" not in passwd.read_text():  # she may have been here before the last boot
        with open(passwd, "a") as f:
            f.write(f"{user}:x:{uid}:{uid}::/tmp:/bin/sh\n")
    (root / "etc/locale.conf").write_text("LANG=en_US.UTF-8\n")
    accounts = root / "var/lib/AccountsService/users"
    accounts.mkdir(parents=True, exist_ok=True)
    (accounts / user).write_text("[User]\nLanguage=ja_JP.UTF-8\nSystemAccount=false\n")
    process = eps.spawn(name, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "script", "-q", "-f", "-c", "sleep 3600", "/tmp/typescript")
    find = ("find", "/dev/pts", "-user", str(uid), "-type", "c", "-printf", "%f")
    tty = wait_for("her terminal", lambda: eps.exec(name, *find).stdout.strip(), 30)
    (root / "run/utmp").write_bytes(b"".join(utmp(user, line) for line in (b"pts/" + tty.encode(), *displays)))
    return root / "tmp/typescript", process


def as_user(eps, name, uid, *argv, check=False):
    return eps.exec(name, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "env", "LANG=ja_JP.UTF-8", *argv, check=check)
