#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tsukuroi match` against dnf itself, on a host and a repository made here: packages by rpmbuild (some of
module streams), an rpm database, repodata by createrepo_c with advisories and modules.

usage: dnf_truth.py TSUKUROI TSUKUROI-AGENT

Set equality: missing advisories with their packages = `dnf updateinfo list`; what is missing with the
highest version of each package = `dnf list --upgrades`; once of the package list as rpm gives it, and then of
the agent's own scan with one stream of a module enabled, with the other, with none, and with the module
disabled. Skips where dnf, rpmbuild or createrepo_c are not installed."""
import os
import shutil
import subprocess
import sys
import tempfile

# name, epoch, version, release, arch, module label
INSTALLED = [
    ("perl", "4", "5.26.3", "420.el8", "x86_64", ""),
    ("perl-Git", "0", "2.27", "1.module+el8+1+aa", "noarch", "git:2:123:abc"),
    ("nodejs", "1", "16.1", "1.module+el8+2+bb", "x86_64", "nodejs:16:8060:ctx"),
    ("xz", "0", "5.2", "1.el8", "x86_64", ""),
    ("kernel", "0", "4.18.0", "305.el8", "x86_64", ""),
    ("kernel", "0", "4.18.0", "425.el8", "x86_64", ""),
    ("tool", "0", "1~rc1", "1.el8", "noarch", ""),
    ("done", "2", "1", "9.el8", "x86_64", ""),
]
# ... and the advisory that carries it ("" = none), its type
OFFERED = [
    ("perl", "4", "5.30.1", "452.module+el8+9+cc", "x86_64", "perl:5.30:1:c", "A-1", "security"),
    ("perl", "4", "5.26.3", "422.el8", "x86_64", "", "A-2", "security"),
    ("nodejs", "1", "18.2", "1.module+el8+7+dd", "x86_64", "nodejs:18:8060:ctx", "A-3", "security"),
    ("nodejs", "1", "16.5", "1.module+el8+7+dd", "x86_64", "nodejs:16:8070:ctx", "A-4", "bugfix"),
    ("perl-Git", "0", "2.31", "1.module+el8+9+dd", "noarch", "git:2:130:abc", "A-5", "security"),
    ("xz", "0", "5.2", "2.el8", "x86_64", "", "A-6", "security"),
    ("xz", "0", "5.2", "10.el8", "x86_64", "", "A-7", "enhancement"),
    ("kernel", "0", "4.18.0", "400.el8", "x86_64", "", "A-8", "security"),
    ("kernel", "0", "4.18.0", "553.el8", "x86_64", "", "A-9", "security"),
    ("tool", "0", "1", "1.el8", "noarch", "", "", ""),
    ("done", "1", "7", "1.el8", "x86_64", "", "A-10", "security"),
]


def run(*argv, **more):
    r = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, **more)
    if r.returncode:
        raise SystemExit(f"{argv[0]} ended with {r.returncode}: {r.stderr[-800:]}")
    return r.stdout


def build(top, out, p):
    name, epoch, version, release, arch, label = p[:6]
    spec = os.path.join(top, "x.spec")
    with open(spec, "w", encoding="utf-8") as f:
        f.write(f"Name: {name}\nVersion: {version}\nRelease: {release}\nEpoch: {epoch}\nSummary: x\nLicense: x\n")
        f.write("BuildArch: noarch\n" if arch == "noarch" else "")
        f.write(f"ModularityLabel: {label}\n" if label else "")
        f.write("%description\nx\n%files\n")
    run("rpmbuild", "-bb", "--target", arch, "--define", f"_topdir {top}", "--define", f"_rpmdir {out}", "--define",
        "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", spec)


def updateinfo(path):
    with open(path, "w", encoding="utf-8") as f:
        f.write('<?xml version="1.0"?><updates>')
        for name, epoch, version, release, arch, label, advisory, kind in OFFERED:
            if not advisory:
                continue
            f.write(f'<update from="x@example.org" status="final" type="{kind}" version="1"><id>{advisory}</id>'
                    f'<title>{advisory}</title><issued date="2024-01-01 00:00:00"/><pkglist><collection short="c">'
                    "<name>c</name>")
            if label:
                m = label.split(":")
                f.write(f'<module name="{m[0]}" stream="{m[1]}" version="{m[2]}" context="{m[3]}" arch="x86_64"/>')
            f.write(f'<package name="{name}" epoch="{epoch}" version="{version}" release="{release}" arch="{arch}" '
                    f'src="{name}-{version}-{release}.src.rpm"><filename>{name}.rpm</filename></package>'
                    "</collection></pkglist></update>")
        f.write("</updates>")


def modules(path):
    with open(path, "w", encoding="utf-8") as f:
        for name, epoch, version, release, arch, label, *_ in OFFERED:
            if not label:
                continue
            m = label.split(":")
            f.write(f'---\ndocument: modulemd\nversion: 2\ndata:\n  name: {m[0]}\n  stream: "{m[1]}"\n'
                    f"  version: {m[2] if m[2].isdigit() else 1}\n  context: {m[3]}\n  arch: x86_64\n  summary: x\n"
                    "  description: x\n  license: {module: [MIT]}\n  dependencies:\n"
                    "  - buildrequires: {platform: [el8]}\n    requires: {platform: [el8]}\n  artifacts:\n    rpms:\n"
                    f"    - {name}-{epoch}:{version}-{release}.{arch}\n...\n")


def make(top):
    root, repo, rpms = (os.path.join(top, d) for d in ("root", "repo", "installed"))
    for d in (repo, rpms, os.path.join(root, "var/lib/rpm"), os.path.join(root, "etc/dnf/modules.d")):
        os.makedirs(d)
    for p in INSTALLED:
        build(top, rpms, p)
    for p in OFFERED:
        build(top, repo, p)
    run("createrepo_c", "-q", repo)
    updateinfo(os.path.join(top, "updateinfo.xml"))
    modules(os.path.join(top, "modules.yaml"))
    run("modifyrepo_c", os.path.join(top, "updateinfo.xml"), os.path.join(repo, "repodata"))
    run("modifyrepo_c", "--mdtype=modules", os.path.join(top, "modules.yaml"), os.path.join(repo, "repodata"))
    run("rpm", "--root", root, "--initdb")
    run("rpm", "--root", root, "-i", "--justdb", "--nodeps", "--nosignature", "--oldpackage",
        *sorted(os.path.join(d, f) for d, _, fs in os.walk(rpms) for f in fs if f.endswith(".rpm")))
    # what the agent knows the system by
    os.makedirs(os.path.join(root, "usr/bin"))
    open(os.path.join(root, "usr/bin/dnf"), "w", encoding="utf-8").close()
    with open(os.path.join(root, "etc/os-release"), "w", encoding="utf-8") as f:
        f.write('ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\nPLATFORM_ID="platform:el8"\n')
    return root, repo


def streams(root, states):
    """Writes dnf's record of its modules: {name: (stream, state)}."""
    directory = os.path.join(root, "etc/dnf/modules.d")
    for name in os.listdir(directory):
        os.unlink(os.path.join(directory, name))
    for name, (stream, state) in states.items():
        with open(os.path.join(directory, name + ".module"), "w", encoding="utf-8") as f:
            f.write(f"[{name}]\nname={name}\nstream={stream}\nprofiles=\nstate={state}\n")


def dnf(root, repo, top, *words):
    return run("dnf", "-q", f"--installroot={root}", "--releasever=8", "--setopt=module_platform_id=platform:el8",
               "--setopt=reposdir=/dev/null", f"--repofrompath=r,{repo}", "--setopt=r.gpgcheck=0",
               f"--setopt=cachedir={top}/cache", *words)


def evr(e, v, r):
    return f"{v}-{r}" if e in ("0", "(none)", "") else f"{e}:{v}-{r}"


def inventory_of_rpm(root, path):
    with open(path, "w", encoding="utf-8") as f:
        f.write("#name\tepoch\tversion\trelease\tarch\tmodularitylabel\n" + run(
            "rpm", "--root", root, "-qa", "--qf",
            r"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{MODULARITYLABEL}\n").replace("(none)", ""))


def compare(what, program, top, root, repo, inventory):
    """Whether dnf and we say the same of the host; how many advisories that is."""
    nevra = {f"{n}-{evr(e, v, r)}.{a}": (n, a, evr(e, v, r)) for n, e, v, r, a, *_ in OFFERED}
    advisories = {(w[0],) + nevra[w[-1]] for w in map(str.split, dnf(root, repo, top, "updateinfo",
                                                                    "list").splitlines()) if w}
    upgrades = {tuple(w[0].rsplit(".", 1)) + (w[1],)
                for w in map(str.split, dnf(root, repo, top, "list", "--upgrades").splitlines()) if len(w) == 3}
    rows = [line.split("\t") for line in run(program, "match", "--os", "rocky:8", "--inventory", inventory, "--feed",
                                             f"rpm-repo={repo}").splitlines()]
    arch = {p[0]: p[4] for p in OFFERED}
    missing = [r for r in rows if r[4] == "missing"]
    ours = {(r[0].split(":")[2], r[1], arch[r[1]], r[3]) for r in missing if r[0].startswith("rocky:8:A-")}
    offers = {}
    for r in missing:
        other = offers.get(r[1])
        if not other or run(program, "vercmp", "rpm", r[3], other).strip() in (">", "1"):
            offers[r[1]] = r[3]
    best = {(n, arch[n], v) for n, v in offers.items()}
    for kind, got, want in (("updateinfo list", ours, advisories), ("list --upgrades", best, upgrades)):
        print(f"{what}: {kind}: dnf {len(want)}, here {len(got)}; only dnf {sorted(want - got)}, "
              f"only here {sorted(got - want)}")
    return ours == advisories and best == upgrades, {a[0] for a in ours}


def main():
    program, agent = sys.argv[1:3]
    for tool in ("dnf", "rpmbuild", "createrepo_c", "modifyrepo_c", "rpm"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    git = {"git": ("2", "enabled")}
    cases = [("stream 16", {"nodejs": ("16", "enabled"), **git}, {"A-4", "A-5"}, {"A-3"}),
             ("stream 18", {"nodejs": ("18", "enabled"), **git}, {"A-3", "A-5"}, {"A-4"}),
             ("no stream", {}, set(), {"A-3", "A-4", "A-5"}),
             ("reset", {"nodejs": ("", ""), **git}, {"A-5"}, {"A-3", "A-4"}),
             ("disabled", {"nodejs": ("", "disabled"), **git}, {"A-5"}, {"A-3", "A-4"})]
    good = True
    with tempfile.TemporaryDirectory() as top:
        root, repo = make(top)
        inventory = os.path.join(top, "host.tsv")
        streams(root, cases[0][1])
        inventory_of_rpm(root, inventory)
        same, seen = compare("rpm's list", program, top, root, repo, inventory)
        good &= same and len(seen) >= 6
        for what, states, wanted, unwanted in cases:
            streams(root, states)
            with open(inventory, "w", encoding="utf-8") as f:
                f.write(run(agent, "scan", "--sysroot", root))
            same, seen = compare("agent, " + what, program, top, root, repo, inventory)
            good &= same and wanted <= seen and not unwanted & seen
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
