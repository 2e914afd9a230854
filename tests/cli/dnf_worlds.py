#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tsukuroi match` against dnf itself on random worlds of modules: two repositories (one may be module_hotfixes=1) with
builds of module streams and of none, of the same names; streams enabled, default, disabled, reset; installed builds of
any of them, by the agent's own scan.

usage: dnf_worlds.py TSUKUROI TSUKUROI-AGENT [WORLDS [SEED]]

Set equality in every world: what is missing with the highest version of each package = `dnf list --upgrades`; missing
advisories with their builds = those of `dnf updateinfo list --updates` whose builds dnf offers (it goes on naming
others of a package that has any upgrade). Without WORLDS: 3, of which repositories are made once; TSUKUROI_LONG=1: 60.
Skips where dnf, rpmbuild or createrepo_c are not installed."""
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dnf_truth import build, evr, run, streams  # noqa: E402

NAMES = ["pa", "pb", "pc", "pd", "pe", "pf"]
MODULES = ["ma", "mb"]
STREAMS = ["1", "2", "rhel8"]
ARCH = "x86_64"


class World:
    """Builds are (name, epoch, version, release, arch, label); `repos`: {id: [build]}."""

    def __init__(self, rng):
        self.rng = rng
        self.defaults = {m: rng.choice(STREAMS) for m in MODULES if rng.random() < 0.6}
        self.repos = {"r": [], "h": []}
        for name in NAMES:
            for _ in range(rng.randrange(1, 4)):
                self.repos["r"].append(self.plain(name))
            if rng.random() < 0.5:
                self.repos["h"].append(self.plain(name, 4))
            for m in MODULES:
                for s in STREAMS:
                    if rng.random() < 0.35:
                        for k in range(rng.randrange(1, 3)):
                            self.repos["r"].append(self.modular(name, m, s, k))
        for b in self.repos.values():
            b[:] = list(dict.fromkeys(b))
        seen = {}  # one label a build
        for b in self.repos["r"]:
            seen.setdefault(b[:5], b)
        self.repos["r"] = list(seen.values())
        self.repos["h"] = [b for b in self.repos["h"] if b[:5] not in seen]
        everything = self.repos["r"] + self.repos["h"]
        self.advised = {b: f"A-{i}" for i, b in enumerate(everything) if rng.random() < 0.6}

    def plain(self, name, least=1):
        v = self.rng.randrange(least, 7)
        return (name, "0", f"{v}.0", f"{self.rng.randrange(1, 3)}.el8", ARCH, "")

    def modular(self, name, module, stream, k):
        v = self.rng.randrange(1, 7)
        label = f"{module}:{stream}:{10 + k}:{'a' * 8}"
        return (name, "0", f"{v}.0", f"{self.rng.randrange(1, 3)}.module+el8+{k}+{module}{stream}", ARCH, label)

    def states(self):
        """{module: (stream, state)} as dnf records it, at random."""
        out = {}
        for m in MODULES:
            state = self.rng.choice(["enabled", "enabled", "disabled", "", None])
            if state is not None:
                out[m] = (self.rng.choice(STREAMS) if state == "enabled" else "", state)
        return out

    def installed(self):
        """One build of most names: any that a repository has, or an older one of none."""
        out = []
        for name in NAMES:
            of = [b for b in self.repos["r"] + self.repos["h"] if b[0] == name] + [(name, "0", "0.5", "1.el8", ARCH, "")]
            if self.rng.random() < 0.85:
                out.append(self.rng.choice(of))
        return out


def updateinfo(path, builds, advised):
    with open(path, "w", encoding="utf-8") as f:
        f.write('<?xml version="1.0"?><updates>')
        for b in builds:
            if b not in advised:
                continue
            name, epoch, version, release, arch, label = b
            f.write(f'<update from="x@example.org" status="final" type="security" version="1"><id>{advised[b]}</id><title>t</title>'
                    '<issued date="2024-01-01 00:00:00"/><pkglist><collection short="c"><name>c</name>')
            if label:
                m = label.split(":")
                f.write(f'<module name="{m[0]}" stream="{m[1]}" version="{m[2]}" context="{m[3]}" arch="{ARCH}"/>')
            f.write(f'<package name="{name}" epoch="{epoch}" version="{version}" release="{release}" arch="{arch}" '
                    f'src="{name}-{version}-{release}.src.rpm"><filename>{name}.rpm</filename></package></collection></pkglist></update>')
        f.write("</updates>")


def modules(path, builds, defaults):
    with open(path, "w", encoding="utf-8") as f:
        of = {}
        for b in builds:
            if b[5]:
                of.setdefault(b[5], []).append(b)
        for label, members in sorted(of.items()):
            m = label.split(":")
            f.write(f'---\ndocument: modulemd\nversion: 2\ndata:\n  name: {m[0]}\n  stream: "{m[1]}"\n  version: {m[2]}\n'
                    f"  context: {m[3]}\n  arch: {ARCH}\n  summary: x\n  description: x\n  license: {{module: [MIT]}}\n"
                    "  dependencies:\n  - buildrequires: {platform: [el8]}\n    requires: {platform: [el8]}\n"
                    "  artifacts:\n    rpms:\n")
            for n, e, v, r, a, _ in members:
                f.write(f"    - {n}-{e}:{v}-{r}.{a}\n")
            f.write("...\n")
        for m, s in defaults.items():
            f.write(f'---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: {m}\n  stream: "{s}"\n...\n')


def make(world, top, pool):
    """The repositories; packages are built once and kept in `pool`."""
    for repo, builds in world.repos.items():
        d = os.path.join(top, repo)
        os.makedirs(d)
        for b in builds:
            os.link(rpm_of(pool, b), os.path.join(d, file_of(b)))
        run("createrepo_c", "-q", d)
        updateinfo(os.path.join(top, "updateinfo.xml"), builds, world.advised)
        run("modifyrepo_c", os.path.join(top, "updateinfo.xml"), os.path.join(d, "repodata"))
        if repo == "r":
            modules(os.path.join(top, "modules.yaml"), builds, world.defaults)
            run("modifyrepo_c", "--mdtype=modules", os.path.join(top, "modules.yaml"), os.path.join(d, "repodata"))


def file_of(b):
    return f"{b[0]}-{b[2]}-{b[3]}.{b[4]}.{b[5].replace(':', '_')}.rpm"


def rpm_of(pool, b):
    path = os.path.join(pool, file_of(b))
    if not os.path.exists(path):
        out = tempfile.mkdtemp(dir=pool)
        build(out, os.path.join(out, "o"), b)
        found = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(out, "o")) for f in fs if f.endswith(".rpm")]
        os.rename(found[0], path)
        shutil.rmtree(out)
    return path


def system(top, pool, installed):
    root = tempfile.mkdtemp(dir=top)
    for d in ("var/lib/rpm", "etc/dnf/modules.d", "usr/bin"):
        os.makedirs(os.path.join(root, d))
    run("rpm", "--root", root, "--initdb")
    run("rpm", "--root", root, "-i", "--justdb", "--nodeps", "--nosignature", "--oldpackage", *(rpm_of(pool, b) for b in installed))
    open(os.path.join(root, "usr/bin/dnf"), "w", encoding="utf-8").close()
    with open(os.path.join(root, "etc/os-release"), "w", encoding="utf-8") as f:
        f.write('ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\nPLATFORM_ID="platform:el8"\n')
    return root


def dnf(root, top, hotfix, *words):
    return run("dnf", "-q", f"--installroot={root}", "--releasever=8", "--setopt=reposdir=/dev/null", "--setopt=module_platform_id=platform:el8",
               f"--repofrompath=r,{top}/r", f"--repofrompath=h,{top}/h", "--setopt=r.gpgcheck=0", "--setopt=h.gpgcheck=0",
               f"--setopt=h.module_hotfixes={int(hotfix)}", f"--setopt=cachedir={top}/cache-{int(hotfix)}", *words).splitlines()


def compare(what, world, root, top, hotfix, program, agent):
    known = {f"{n}-{evr(e, v, r)}.{a}": (n, evr(e, v, r)) for n, e, v, r, a, _ in world.repos["r"] + world.repos["h"]}
    upgrades = {(w[0].rsplit(".", 1)[0], w[1]) for w in map(str.split, dnf(root, top, hotfix, "list", "--upgrades")) if len(w) == 3}
    offered = set(dnf(root, top, hotfix, "repoquery", "--available", "--qf", "%{name}-%{evr}.%{arch}"))
    listed = {(w[0],) + known[w[-1]] for w in map(str.split, dnf(root, top, hotfix, "updateinfo", "list", "--updates"))
              if len(w) == 3 and w[-1] in offered}
    inventory = os.path.join(top, "host.tsv")
    with open(inventory, "w", encoding="utf-8") as f:
        f.write(run(agent, "scan", "--sysroot", root))
    rows = [line.split("\t") for line in run(program, "match", "--os", "rocky:8", "--inventory", inventory, "--feed", f"rpm-repo={top}/r", "--feed",
                                             f"{'rpm-hotfix-repo' if hotfix else 'rpm-repo'}={top}/h").splitlines()]
    missing = [r for r in rows if r[4] == "missing"]
    ours = {(r[0].split(":")[2], r[1], r[3]) for r in missing if r[0].startswith("rocky:8:A-")}
    best = {}
    for r in missing:
        key = tuple(int(p) for p in r[3].split(".el8")[0].split(".module")[0].replace("-", ".").split("."))
        if r[1] not in best or (key, r[3]) > best[r[1]]:
            best[r[1]] = (key, r[3])
    mine = {(n, v) for n, (_, v) in best.items()}
    good = mine == upgrades and ours == listed
    if not good:
        print(f"{what}: list --upgrades: only dnf {sorted(upgrades - mine)}, only here {sorted(mine - upgrades)}; "
              f"updateinfo: only dnf {sorted(listed - ours)}, only here {sorted(ours - listed)}")
    return good, len(upgrades), len(listed)


def main():
    program, agent = sys.argv[1:3]
    for tool in ("dnf", "rpmbuild", "createrepo_c", "modifyrepo_c", "rpm"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    worlds = int(sys.argv[3]) if len(sys.argv) > 3 else 60 if os.environ.get("TSUKUROI_LONG") else 3
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    bad = n_upgrades = n_advisories = 0
    with tempfile.TemporaryDirectory() as base:
        pool = os.path.join(base, "pool")
        os.makedirs(pool)
        for i in range(worlds):
            rng = random.Random(seed * 1000 + i // 3)  # three systems a pair of repositories
            world = World(rng)
            top = os.path.join(base, f"w{i // 3}")
            if not os.path.exists(top):
                make(world, top, pool)
            world.rng = rng = random.Random(seed * 1000000 + i)
            hotfix, states, installed = rng.random() < 0.5, world.states(), world.installed()
            root = system(top, pool, installed)
            streams(root, states)
            what = f"world {i} (seed {seed}): hotfix {hotfix}, defaults {world.defaults}, states {states}"
            good, u, a = compare(what, world, root, top, hotfix, program, agent)
            bad += not good
            n_upgrades += u
            n_advisories += a
            shutil.rmtree(root)
    print(f"{worlds} worlds, {n_upgrades} upgrades, {n_advisories} advisories: {bad} worlds differ")
    return 1 if bad or not n_upgrades or not n_advisories else 0


if __name__ == "__main__":
    sys.exit(main())
