#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rpm_endpoint.py BUILD [CASE...]: the root half against real dnf and zypper endpoints, real rpm packages with a real
signature, real kills. Needs root and the testbeds. KEEP=DIR records transcripts (DIR/dnf, DIR/zypper) for the unit test."""
import base64
import datetime
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from rpm_world import *  # noqa: E402,F403

BUILD = pathlib.Path(sys.argv[1]).resolve()
KEEP = os.environ.get("KEEP")
SEAL, CTL = next(BUILD.glob("**/agent_seal")), next(BUILD.glob("**/agent_ctl"))
count = Count()
SSL27, SSL28, HTTPD = ("tb-ssl-libs", "1:3.0.7-27.tb9"), ("tb-ssl-libs", "1:3.0.7-28.tb9_4"), ("tb-httpd", "2.4.57-8.tb9")
KDEFAULT = ("tb-kernel-default", "5.14.21-2")
KERNEL, NEWDEP, NEWLIB, BADPRE = ("tb-kernel-core", "5.14.0-503.el9"), ("tb-newdep", "2.0-1"), ("tb-newlib", "1.0-1"), ("tb-badpre", "2.0-1")
FILEDEP, FILELIB = ("tb-filedep", "2.0-1"), ("tb-filelib", "1.0-1")
ALL_SLOW = [(n, "2.0-1") for n in SLOW]


def when(seconds):
    return datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Endpoint:
    def __init__(self, eps, world, work, name, manager):
        self.eps, self.world, self.work, self.name, self.manager = eps, world, work, name, manager
        self.seq = 0

    def fresh(self):
        self.eps.sh("reset", self.name)
        make_rpm_endpoint(self.eps, self.world, self.name, self.manager, "http://198.18.0.1:8002/")
        root = self.eps.root(self.name)
        for d in ("etc/tsukuroi-agent", "var/lib/tsukuroi-agent/spool", "run/tsukuroi-agent"):
            (root / d).mkdir(parents=True, exist_ok=True)
        shutil.copy(self.work / "deploy.pub", root / "etc/tsukuroi-agent")
        (root / "etc/tsukuroi-agent/identity.conf").write_text(f"agent_id = {'a' * 32}\norg = {'b' * 32}\nepoch = 1\n")
        self.eps.put_agent(self.name, self.work / "bundle")
        self.seq = 0
        self.start()

    def start(self):
        self.eps.spawn(self.name, "/opt/tsukuroi-agent/tsukuroi-agent-root", "run", "--agent-user", "root")
        wait_for("the root half", lambda: self.ask("hello"), 20)

    def ask(self, verb, **members):
        words = [f"{k}={v}" for k, v in members.items()]
        p = self.eps.exec(self.name, "/opt/tsukuroi-agent/agent_ctl", "/run/tsukuroi-agent/root.sock", verb, *words, check=False)
        try:
            return json.loads(p.stdout)
        except ValueError:
            return {}

    def order(self, packages, extra=(), replaced=(), back=None, repo=None, archive="tb9", keyring="", suite=None, metadata=("primary", "updateinfo", "modules"), signature=False):
        """Seals an order of these packages and fills the spool; the envelope lies in /envelope. back: {name: the version that is left}."""
        self.seq += 1
        repo = repo or self.world.repo
        spool = self.eps.root(self.name) / "var/lib/tsukuroi-agent/spool"

        def put(path):
            data = (repo / path).read_bytes()
            sha = hashlib.sha256(data).hexdigest()
            (spool / sha).write_bytes(data)
            return {"path": str(path), "sha256": sha, "size": len(data)}
        index = ["repodata/repomd.xml"] + ["repodata/repomd.xml.asc"] * signature + [f"repodata/{f.name}" for f in sorted((repo / "repodata").iterdir()) if any(f"-{m}." in f.name for m in metadata)]
        rows = {(p[0], p[2]): p for p in self.world.packages()}
        wanted = [rows[p] for p in [*packages, *extra]]
        text = lambda l: [{"name": rows[p][0], "arch": rows[p][1], "version": rows[p][2]} for p in l]
        self.id = f"{self.seq:032x}"
        self.json = {"v": 1, "org": "b" * 32, "id": self.id, "deployment": "d" * 32, "agent": "a" * 32, "epoch": 1, "seq": self.seq,
                     "not_before": when(-3600), "not_after": when(86400), "action": "install", "kind": "rpm",
                     "packages": text(packages), "extra": text(extra),
                     "archives": [{"id": archive, "suite": suite or {"dnf": "9", "zypper": "15.6"}[self.manager], "components": "", "keyring": keyring,
                                   "index": [put(i) for i in index], "payload": [put(p[3]) for p in wanted]}]}
        if back:
            self.json["action"] = "uninstall"
            for p in self.json["packages"]:
                p["from"] = back[p["name"]]
        if replaced:
            self.json["replaced"] = [{"name": n, "arch": "noarch", "version": v} for n, v in replaced]
        envelope = run(SEAL, "order", self.work / "deploy.key", input=json.dumps(self.json)).stdout
        (self.eps.root(self.name) / "envelope").write_text(envelope)

    def state(self):
        return self.ask("status", order=self.id).get("state")

    def wait(self, *states, seconds=240):
        return wait_for(f"{self.name} in {states}", lambda: (lambda s: s if s in states else None)(self.state()), seconds, 0.1)

    def prepare(self):
        reply = self.ask("prepare", envelope="@/envelope")
        if "refused" in reply:
            return "refused " + reply["refused"]
        return self.wait("prepared", "done")

    def carry_out(self):
        state = self.prepare()
        if state == "prepared":
            self.ask("install", order=self.id)
            self.wait("done")
        return self.outcome() if state in ("prepared", "done") else state

    def outcome(self):
        r = self.ask("results").get("result", {})
        self.log = r.get("log", "")
        self.detail = r.get("detail", "")
        return f"{r.get('outcome')} {r.get('reason')}"

    def ack(self):
        self.ask("ack", order=self.id)

    def keep(self, case, why):
        if not KEEP:
            return
        d = pathlib.Path(KEEP) / self.manager
        d.mkdir(parents=True, exist_ok=True)
        head = f"# {why}\n" + "".join(f"{'back' if 'from' in p else w[:-1] if w == 'packages' else w} {p['name']} {p['arch']} {p['version']}{' ' + p['from'] if 'from' in p else ''}\n" for w in ("packages", "extra", "replaced") for p in self.json.get(w, []))
        log = self.log.replace(f"/var/lib/tsukuroi-agent/root/mirror/{self.id}", "@DIR@")
        log = "".join(l + "\n" for l in log.splitlines() if l)
        (d / f"{case}.transcript").write_text(head + log + f"= {self.outcome()}\n")

    def has(self, *packages):
        now = installed(self.eps, self.name)
        return all(now.get(n) == [v] for n, v in packages)

    def check(self, what, good, detail=""):
        return count.check(f"{self.manager}: {what}", good, f"{getattr(self, 'log', '')[-900:]}\n{getattr(self, 'detail', '')}\n{detail}")

    def pids(self, pattern):
        root = os.stat(f"/proc/{(self.eps.state / self.name / 'pid').read_text().strip()}/root")
        found = []
        for p in pathlib.Path("/proc").iterdir():
            try:
                r = os.stat(p / "root")
                if p.name.isdigit() and (r.st_dev, r.st_ino) == (root.st_dev, root.st_ino) and re.search(pattern, (p / "cmdline").read_bytes().replace(b"\0", b" ").decode()):
                    found.append(int(p.name))
            except OSError:
                pass
        return found

    def kill(self, pattern):
        for p in self.pids(pattern):
            try:
                os.kill(p, signal.SIGKILL)
            except OSError:
                pass


def case_exact(e):
    """One advisory: exactly its version, although a newer one is in the metadata."""
    e.order([SSL27])
    e.check("exact version: succeeds", e.carry_out() == "succeeded installed")
    e.check("exact version: 27, not 28", e.has(SSL27), installed(e.eps, e.name))
    e.keep("exact", "an advisory's version, while a newer one is offered")
    e.ack()
    e.order([SSL27])
    e.check("the same again: nothing to do", e.carry_out() == "succeeded already_installed")
    e.keep("same", "everything is there already")
    e.ack()
    e.order([SSL28, HTTPD])
    e.check("two packages", e.carry_out() == "succeeded installed" and e.has(SSL28, HTTPD))
    e.keep("two", "two packages, one needs the other")
    e.ack()
    e.order([("tb-ssl-libs", "1:3.0.1-41.tb9")])
    e.check("an older version is no work (A18)", e.carry_out() == "succeeded already_installed" and e.has(SSL28))


def case_kernel(e):
    e.order([KERNEL])
    e.check("kernel: succeeds", e.carry_out() == "succeeded installed")
    want = ["5.14.0-427.el9", "5.14.0-503.el9"] if e.manager == "dnf" else ["5.14.0-503.el9"]
    e.check("kernel: beside the old one, where the machine's configuration says so", sorted(installed(e.eps, e.name)["tb-kernel-core"]) == want, installed(e.eps, e.name))
    e.keep("kernel", "a kernel")
    e.ack()
    both = ["5.14.21-1", "5.14.21-2"]
    for again in (False, True):
        e.order([KDEFAULT])
        e.check(f"a kernel that provides multiversion(kernel){', again' if again else ''}", e.carry_out() == ("succeeded already_installed" if again else "succeeded installed"))
        e.check("multiversion: beside the old one", sorted(installed(e.eps, e.name)["tb-kernel-default"]) == both, installed(e.eps, e.name))
        e.ack()
    if e.manager == "zypper":  # the machine's own choice: replaced
        e.fresh()
        (e.eps.root(e.name) / "etc/zypp/zypp.conf").write_text("[main]\n# multiversion = provides:multiversion(kernel)\n")
        e.order([KDEFAULT])
        e.check("without multiversion it is replaced", e.carry_out() == "succeeded installed" and e.has(KDEFAULT), installed(e.eps, e.name))


def case_uninstall(e):
    """M-137, A18: back to what the machine had, and to nothing else."""
    had = ("tb-ssl-libs", "1:3.0.1-41.tb9")
    e.order([SSL28])
    e.carry_out()
    e.ack()
    back = {SSL28[0]: SSL28[1]}
    e.order([SSL27], back=back)
    e.check("to a version it never had", e.carry_out() == "refused downgrade_denied" and e.has(SSL28))
    e.order([had], back=back)
    e.check("uninstall: succeeds", e.carry_out() == "succeeded uninstalled")
    e.check("uninstall: the version of before", e.has(had), installed(e.eps, e.name))
    e.keep("uninstall", "back to the version that was there before")
    e.ack()
    e.order([had], back=back)
    e.check("again: nothing to do", e.carry_out() == "succeeded already_uninstalled")
    e.keep("uninstall-same", "it is back already")
    e.ack()
    (e.eps.root(e.name) / "etc/tsukuroi-agent/policy.conf").write_text("downgrade = any\n")
    e.order([SSL28, HTTPD])
    e.carry_out()
    e.ack()
    e.order([had], back=back)
    want = {"dnf": "refused unlisted_dependency", "zypper": "failed dependency"}[e.manager]  # dnf would take the other one back, too
    e.check("what another package needs is not taken away", e.carry_out() == want and e.has(SSL28, HTTPD), installed(e.eps, e.name))
    e.keep("uninstall-needed", "another package needs the newer version")
    e.ack()


def case_uninstall_kill(e):
    for what, after in (("all", 2.5), ("manager", 2.0)):
        e.fresh()
        e.order(ALL_SLOW)
        e.carry_out()
        e.ack()
        e.order([(n, "1.0-1") for n, _ in ALL_SLOW], back=dict(ALL_SLOW))
        e.prepare()
        e.ask("install", order=e.id)
        time.sleep(after)
        e.kill(KILLS[what])
        now = installed(e.eps, e.name)
        both = [n for n in SLOW if len(now.get(n, [])) > 1]
        if what == "all":
            e.start()
        e.wait("done", seconds=300)
        e.check(f"uninstall, kill {what} after {after} s ({len(both)} half replaced): succeeds", e.outcome() == "succeeded uninstalled")
        e.check(f"uninstall, kill {what}: every package at its old version, none twice", e.has(*[(n, "1.0-1") for n, _ in ALL_SLOW]), installed(e.eps, e.name))
        e.keep(f"uninstall-kill-{what}", f"{what} killed in the middle of going back")
        e.ack()


def case_reboot(e):
    """A patch that wants a reboot: zypper itself leaves it out when nobody can be asked, and says that all went well."""
    if e.manager != "zypper":
        return
    shutil.copytree(e.world.repo, e.eps.root(e.name) / "srv/repo")
    (e.eps.root(e.name) / "etc/zypp/repos.d/tb.repo").write_text("[tb9]\nname=tb9\nbaseurl=dir:///srv/repo\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=0\npkg_gpgcheck=1\n")
    zypper = lambda *words: e.eps.exec(e.name, "zypper", "-n", *words, check=False)
    zypper("refresh", "-f")
    patch = lambda: [u.attrib["status"] for u in ET.fromstring(zypper("-x", "list-patches", "--all").stdout).iter("update") if u.attrib["name"] == "TBSA-2026:0107"]
    own = zypper("patch", "--category", "security")
    e.check("zypper alone skips it", own.returncode == 0 and patch() == ["needed"] and not e.has(KDEFAULT), (own.returncode, patch(), own.stdout[-600:]))
    check = zypper("patch-check")
    e.check("and goes on to call it needed", check.returncode in (100, 101), (check.returncode, check.stdout[-300:]))
    e.order([KDEFAULT, KERNEL])
    e.check("ordered, it is installed", e.carry_out() == "succeeded installed" and "5.14.21-2" in installed(e.eps, e.name)["tb-kernel-default"] and e.has(KERNEL))
    check = zypper("patch-check")
    e.check("zypper agrees: no security patch is needed", check.returncode in (0, 100) and patch() in ([], ["applied"]), (check.returncode, check.stdout[-300:], patch()))


def case_unlisted(e):
    e.order([NEWDEP])
    e.check("a dependency the order does not list (A06)", e.carry_out() == "refused unlisted_dependency")
    steps = e.ask("status", order=e.id).get("transaction", [])
    e.check("the transaction is told", {(s["name"], s["to"]) for s in steps} == {NEWDEP, NEWLIB}, steps)
    e.keep("unlisted", "the update needs a new library that is not in the order")
    e.ack()
    e.order([NEWDEP], extra=[NEWLIB])
    e.check("with it as extra", e.carry_out() == "succeeded installed" and e.has(NEWDEP, NEWLIB))
    e.keep("extra", "the update needs a new library, which is an extra")


def case_filelists(e):
    """The update needs a file that only filelists can find a package for."""
    base = ("primary", "updateinfo", "modules")
    shutil.copy(e.world.repo / "noarch/tb-filedep-1.0-1.noarch.rpm", e.eps.root(e.name) / "srv")
    e.eps.exec(e.name, "rpm", "-U", "--force", "/srv/tb-filedep-1.0-1.noarch.rpm")
    e.order([FILEDEP], extra=[FILELIB], metadata=base)
    e.check("a file nobody lists: failed, and told", e.carry_out() == "failed dependency" and "nothing provides /usr/share/tb/tb-filelib/version" in e.detail, e.detail)
    e.keep("no-filelists", "the update needs a file that primary does not list")
    e.ack()
    if e.manager == "zypper":  # never reads filelists, from its own repository neither
        shutil.copytree(e.world.repo, e.eps.root(e.name) / "srv/repo")
        (e.eps.root(e.name) / "etc/zypp/repos.d/tb.repo").write_text("[tb9]\nname=tb9\nbaseurl=dir:///srv/repo\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=0\npkg_gpgcheck=1\n")
        own = e.eps.exec(e.name, "zypper", "-n", "install", "--dry-run", "tb-filedep=2.0-1", check=False)
        e.check("zypper alone cannot either", own.returncode == 4 and "nothing provides" in own.stdout + own.stderr, own.stdout)
        return
    e.check("with the remedy", "filelists=yes" in e.detail, e.detail)
    e.order([FILEDEP], metadata=(*base, "filelists"))
    e.check("with filelists: its package is found", e.carry_out() == "refused unlisted_dependency")
    steps = e.ask("status", order=e.id).get("transaction", [])
    e.check("the plan names it", {(s["name"], s["to"]) for s in steps} == {FILEDEP, FILELIB}, steps)
    e.ack()
    e.order([FILEDEP], extra=[FILELIB], metadata=(*base, "filelists"))
    e.check("with it as extra", e.carry_out() == "succeeded installed" and e.has(FILEDEP, FILELIB))
    e.keep("filelists", "the update needs a file that filelists list")


def case_replace(e):
    new = [("tb-newname", "2.0-1")]
    for what, replaced in (("no package", []), ("another version", [("tb-oldname", "0.9-1")])):
        e.order(new, replaced=replaced)
        e.check(f"a package is obsoleted, the order agrees to {what}: refused", e.carry_out() == "refused unlisted_dependency", installed(e.eps, e.name))
        steps = e.ask("status", order=e.id).get("transaction", [])
        e.check("the plan names what is replaced", [(s["name"], s["from"], s["to"]) for s in steps if s["action"] == "replaced"] == [("tb-oldname", "1.0-1", "")], steps)
        e.check("and it is still there", "tb-oldname" in installed(e.eps, e.name) and "tb-newname" not in installed(e.eps, e.name))
        e.keep("remove", "the package obsoletes another one")
        e.ack()
    e.order(new, replaced=[("tb-oldname", "1.0-1")])
    e.check("the order agrees: replaced", e.carry_out() == "succeeded installed" and "tb-oldname" not in installed(e.eps, e.name) and e.has(*new), installed(e.eps, e.name))
    e.check("the result says what was replaced", e.detail == "replaced: 'tb-oldname' 1.0-1", e.detail)
    e.keep("replaced", "the package obsoletes another one, and the order agrees")


def case_held(e):
    if e.manager == "dnf":
        f = e.eps.root(e.name) / "etc/dnf/plugins/versionlock.list"
        f.parent.mkdir(parents=True, exist_ok=True)
        f.write_text("# Added lock\ntb-httpd-0:2.4.53-7.tb9.*\n")
    else:
        e.eps.exec(e.name, "zypper", "-n", "addlock", "tb-httpd")
    scan = e.eps.exec(e.name, "/opt/tsukuroi-agent/tsukuroi-agent", "scan").stdout
    e.check("the scan tells the hold", "hold\trpm\ttb-httpd\tnoarch\n" in scan, scan[-500:])
    e.order([SSL28, HTTPD])
    e.check("a held package", e.carry_out() == "refused held")
    e.keep("held", "tb-httpd is locked")
    e.check("nothing was installed", e.has(("tb-httpd", "2.4.53-7.tb9"), ("tb-ssl-libs", "1:3.0.1-41.tb9")))


def case_unsigned(e):
    bare = e.work / "unsigned"
    if not bare.exists():
        shutil.copytree(e.work / "world/testbed/repo", bare)
    e.world, signed = type("W", (), {"repo": bare, "packages": lambda self: World.packages(self)})(), e.world
    e.order([SSL28], repo=bare, archive="bare")
    e.check("an unsigned package (A01)", e.carry_out() == "failed signature")
    e.keep("signature", "the package carries no signature")
    e.ack()
    (e.eps.root(e.name) / "etc/tsukuroi-agent/policy.conf").write_text("unsigned = other bare\n")
    e.order([SSL28], repo=bare, archive="bare")
    e.check("allowed by the machine's own policy", e.carry_out() == "succeeded installed" and e.has(SSL28))
    e.ack()
    e.world = signed
    e.eps.exec(e.name, "sh", "-c", "rpm -e $(rpm -q gpg-pubkey)")
    e.order([HTTPD])
    e.check("signed by a key this machine does not trust", e.carry_out() == "failed signature")
    e.keep("unknown-key", "signed by a key this machine does not trust")


def case_foreign(e):
    """Signed, but by another vendor than the one whose key this machine trusts (A17)."""
    other = e.work / "foreign"
    if not other.exists():
        shutil.copytree(e.world.repo, other)
        f = next(other.glob("**/tb-httpd-2.4.57-8.tb9.noarch.rpm"))
        gpg = e.work / "foreign-gpg"
        gpg.mkdir(mode=0o700)
        run("gpg", "--homedir", gpg, "--batch", "-q", "--passphrase", "", "--quick-gen-key", "Another Vendor <other@localhost>", "rsa2048", "sign", "never")
        run("rpmsign", "--define", "_gpg_name Another Vendor", "--define", "__gpg /usr/bin/gpg", "--define", f"_gpg_path {gpg}", "--resign", f,
            env={**os.environ, "GNUPGHOME": str(gpg)})
        run("createrepo_c", "-q", other)
    world, e.world = e.world, type("W", (), {"repo": other, "packages": lambda self: World.packages(self)})()
    for keyring in ("", KEY_FILE):
        e.order([SSL28, HTTPD], repo=other, keyring=keyring)
        e.check(f"signed by another vendor's key{', the order names ours' if keyring else ''}", e.carry_out() == "failed signature")
        e.check("nothing was installed", e.has(("tb-httpd", "2.4.53-7.tb9"), ("tb-ssl-libs", "1:3.0.1-41.tb9")))
        e.keep("foreign-key", "one package is signed by a key of another vendor")
        e.ack()
    e.world = world


def case_index(e):
    """The machine's own configuration wants the repository's index signed (repo_gpgcheck=1): as its own manager judges, so do we."""
    other = e.work / f"index-{e.manager}"
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(e.world.repo, other)
    key = e.eps.root(e.name) / KEY_FILE.lstrip("/")
    conf, repo_file = {"dnf": ("etc/dnf/dnf.conf", "etc/yum.repos.d/tb.repo"), "zypper": ("etc/zypp/zypp.conf", "etc/zypp/repos.d/tb.repo")}[e.manager]
    root = e.eps.root(e.name)

    def machine(main, repository):
        (root / conf).write_text(f"[main]\n{main}")
        (root / repo_file).write_text(f"[tb9]\nname=tb9\nbaseurl=dir:///srv/repo\nenabled=1\ngpgcheck=1\npkg_gpgcheck=1\ngpgkey=file://{KEY_FILE}\n{repository}".replace("dir:", "dir:" if e.manager == "zypper" else "file:"))

    def own_manager():
        """Does the machine's manager take the same repository from there itself?"""
        shutil.rmtree(root / "srv/repo", ignore_errors=True)
        shutil.copytree(other, root / "srv/repo")
        words = ("dnf", "-y", "--refresh", "makecache") if e.manager == "dnf" else ("zypper", "-n", "refresh", "-f")
        return e.eps.exec(e.name, *words, check=False).returncode == 0

    def judged(what, good, says="", signature=True, keyring=KEY_FILE, compare=True):
        e.order([SSL28], repo=other, keyring=keyring, signature=signature)
        state = e.prepare()
        e.check(f"{what}: {'taken' if good else 'refused'}", (state == "prepared") if good else e.outcome() == "refused signature" and says in e.detail, (state, getattr(e, "detail", "")))
        if compare:
            e.check(f"{what}: as {e.manager} does", own_manager() == good)
        if not good:
            e.ack()
    machine("", "repo_gpgcheck=1\n")
    judged("signed", True)
    judged("without the signature", False, "set key= and endpoint-key=", signature=False, compare=False)
    judged("without the key's place", False, "set key= and endpoint-key=", keyring="", compare=False)
    text = (other / "repodata/repomd.xml").read_text()
    (other / "repodata/repomd.xml").write_text(text.replace("<revision>", "<revision>1"))
    judged("changed after it was signed", False, "bad signature")
    machine("", "repo_gpgcheck=0\n")
    judged("changed, but the machine does not ask", True, compare=e.manager == "dnf")  # zypper looks at every signature that lies there
    machine("repo_gpgcheck=1\n", "")
    judged("changed, and the main section asks", False, "bad signature")
    (other / "repodata/repomd.xml").write_text(text)
    mine = key.read_text()
    key.write_text((SOURCE / "tests/agent/signed-index/other.asc").read_text())
    judged("signed by a key that is not the one here", False, "no public key", compare=False)
    key.write_text(mine)
    e.order([SSL28], repo=other, keyring=KEY_FILE, signature=True)
    e.check("signed, the main section asks: installed", e.carry_out() == "succeeded installed" and e.has(SSL28))


def case_refuse(e):
    e.order([SSL28], suite="8")
    e.check("of another release (A07)", e.carry_out() == "refused policy")
    e.order([SSL28], keyring="/tmp/key")
    e.check("a keyring elsewhere (A17)", e.carry_out() == "refused policy")
    e.order([SSL28])
    spool = e.eps.root(e.name) / "var/lib/tsukuroi-agent/spool"
    f = spool / e.json["archives"][0]["payload"][0]["sha256"]
    data = bytearray(f.read_bytes())
    data[900] ^= 1
    f.write_bytes(data)
    e.check("payload changed in the spool (A19)", e.carry_out() == "failed digest")
    e.ack()
    e.order([SSL28], metadata=("primary", "updateinfo", "modules", "filelists", "other"))
    e.check("with every metadata file", e.carry_out() == "succeeded installed")


def case_lock(e):
    e.order([SSL28])
    e.prepare()
    if e.manager == "dnf":
        holder = "import fcntl,time; f=open('/var/lib/rpm/.rpm.lock','w'); fcntl.lockf(f,fcntl.LOCK_EX); print('held',flush=True); time.sleep(7)"
    else:
        holder = "import os,time; open('/run/zypp.pid','w').write(str(os.getpid())); print('held',flush=True); time.sleep(7)"
    p = subprocess.Popen([str(TESTBEDS / "endpoints.sh"), "exec", e.name, "python3", "-c", holder], env=e.eps.env, stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    e.ask("install", order=e.id)
    seen = wait_for("the wait for the lock", lambda: e.ask("status", order=e.id).get("reason") == "lock_held", 30, 0.1)
    p.wait()
    e.wait("done")
    e.check("a held lock is waited for (F18)", seen and e.outcome() == "succeeded installed")
    e.keep("lock", "another process held the lock for some seconds")


def case_script(e):
    e.order([BADPRE])
    e.check("a failing scriptlet", e.carry_out() == "failed maintainer_script", installed(e.eps, e.name).get("tb-badpre"))
    e.keep("script", "the package's pre-installation scriptlet fails")


def twin(e, name, version):
    """Leaves it in rpm's list twice, as a real kill does: while its new entry's scriptlet runs, the old one is still there."""
    for _ in range(20):
        e.eps.exec(e.name, "bash", "-c", 'rpm --reinstall --nosignature "$1" >/dev/null 2>&1 & p=$!; until [ $(rpm -q "$2" | wc -l) = "$3" ] || ! kill -0 $p; do :; done; kill -9 $p; wait $p',
                   "sh", f"/srv/{name}-{version}.noarch.rpm", f"{name}-{version}", str(installed(e.eps, e.name)[name].count(version) + 1), check=False)
        if installed(e.eps, e.name)[name].count(version) > 1:
            return
    raise RuntimeError(f"{name} {version} does not stand twice")


def case_twins(e):
    """What was cut short while it was done again stands in rpm's list several times, at one version."""
    srv = e.eps.root(e.name) / "srv"
    new = [f"{n}-2.0-1" for n in SLOW[:3]] + ["tb-kernel-default-5.14.21-2"]

    def fresh():
        e.fresh()
        for f in [*new, "tb-slow-b-1.0-1"]:
            shutil.copy(e.world.repo / "noarch" / f"{f}.noarch.rpm", srv)
    fresh()
    e.eps.exec(e.name, "rpm", "-U", f"/srv/{new[0]}.noarch.rpm")
    e.eps.exec(e.name, "rpm", "-i", f"/srv/{new[3]}.noarch.rpm")
    twin(e, "tb-slow-a", "2.0-1")
    twin(e, "tb-slow-b", "1.0-1")
    twin(e, "tb-kernel-default", "5.14.21-2")
    if e.manager == "zypper":  # cannot: its rpm -i takes one away for each that it brings
        e.order([KDEFAULT])
        e.check("a kernel twice: told", e.carry_out() == "failed rpm_interrupted" and "'rpm --reinstall'" in e.detail)
        e.ack()
        e.eps.exec(e.name, "rpm", "--reinstall", f"/srv/{new[3]}.noarch.rpm")
    e.order([*ALL_SLOW[:3], KDEFAULT])
    e.check("twice at the ordered and at an older version: succeeds", e.carry_out() == "succeeded installed")
    e.check("each stands once, the kernel beside the old one", e.has(*ALL_SLOW[:3]) and installed(e.eps, e.name)["tb-kernel-default"] == ["5.14.21-1", "5.14.21-2"], installed(e.eps, e.name))
    e.keep("twins", "two stand twice at their version, one at an older version")
    fresh()
    twin(e, "tb-slow-b", "1.0-1")
    e.eps.exec(e.name, "rpm", "-i", "--force", f"/srv/{new[1]}.noarch.rpm")
    e.order([ALL_SLOW[1]])
    e.check("an older version stands beside it twice: succeeds", e.carry_out() == "succeeded already_installed")
    e.check("and both are gone", e.has(ALL_SLOW[1]), installed(e.eps, e.name))
    e.keep("twins-stale", "an older version stands twice beside the ordered one")
    fresh()
    for n in SLOW[:2]:
        e.eps.exec(e.name, "rpm", "-U", f"/srv/{n}-2.0-1.noarch.rpm")
        twin(e, n, "2.0-1")
    e.order(ALL_SLOW[:2])
    e.prepare()
    e.ask("install", order=e.id)
    wait_for("three times", lambda: installed(e.eps, e.name)[SLOW[1]].count("2.0-1") > 2, 60, 0.02)
    e.kill(KILLS["all"])
    e.start()
    e.wait("done", seconds=300)
    e.check("killed while it was healed: succeeds", e.outcome() == "succeeded installed" and e.has(*ALL_SLOW[:2]), installed(e.eps, e.name))
    e.keep("twins-kill", "two stand twice; all was killed while they were done again")


KILLS = {"manager": r"/(dnf|zypper) |^(dnf|zypper|python3.*dnf|rpm) ", "runner": r"run-job", "daemon": r"tsukuroi-agent-root run( |$)",
         "all": r"/(dnf|zypper) |^(dnf|zypper|rpm) |tsukuroi-agent-root"}


def case_kill(e):
    """F15, F16: killed in the middle; heals, and it ends installed, once."""
    for what, after in (("manager", 3.5), ("runner", 3.0), ("all", 4.5), ("all", 2.2), ("manager", 2.0)):
        e.fresh()
        e.order(ALL_SLOW)
        e.prepare()
        e.ask("install", order=e.id)
        time.sleep(after)
        e.kill(KILLS[what])
        before = installed(e.eps, e.name)
        both = [n for n in SLOW if len(before.get(n, [])) > 1]
        if what == "all":
            e.start()
        e.wait("done", seconds=300)
        e.check(f"kill {what} after {after} s ({len(both)} half replaced): succeeds", e.outcome() == "succeeded installed")
        e.check(f"kill {what}: every package at its version, none twice", e.has(*ALL_SLOW), installed(e.eps, e.name))
        post = (e.eps.root(e.name) / "var/log/tb-post.log").read_text().split("\n")
        e.check(f"kill {what}: every scriptlet ran to its end", all(f"{n} 2.0-1" in post for n in SLOW), post)
        e.keep(f"kill-{what}", f"{what} killed in the middle")
        e.ack()
        e.check(f"kill {what}: one result", e.ask("results") == {})


def main():
    why = needs_rpm()
    if why:
        count.skip("dnf and zypper endpoints", why)
        return
    work = scratch("rpm-endpoint")
    eps = Endpoints(["bookworm", "bookworm"], ENDPOINT_PACKAGES)
    try:
        world = World(work / "world").build()
        run(SOURCE / "tools/bundle", work / "bundle", "/opt/tsukuroi-agent", BUILD / "src/tsukuroi-agent", BUILD / "src/tsukuroi-agent-root", CTL)
        run(SEAL, "key", work)
        eps.up()
        cases = sys.argv[2:] or ["exact", "uninstall", "uninstall_kill", "kernel", "twins", "reboot", "unlisted", "filelists", "replace", "held", "unsigned", "foreign", "index", "refuse", "lock", "script", "kill"]
        for name, manager in zip(eps.names, ("dnf", "zypper")):
            e = Endpoint(eps, world, work, name, manager)
            for c in cases:
                e.fresh()
                try:
                    globals()["case_" + c](e)
                except (TimeoutError, RuntimeError, KeyError) as x:
                    e.check(f"case {c} went through", False, f"{type(x).__name__}: {x}")
    finally:
        eps.down()
        if not count.failed:
            shutil.rmtree(work, ignore_errors=True)
        else:
            print(work)


main()
count.end()
