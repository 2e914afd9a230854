# SPDX-License-Identifier: Apache-2.0
"""A vendor of rpm packages, made here from nothing: the testbed's packages and a few of our own (slow ones, one whose
update needs a new library, one whose scriptlet fails, one replaced by another), signed with a key of its own, in a
repository with updateinfo; and endpoints that live by dnf or zypper, the oldest versions installed."""
import functools
import gzip
import http.server
import re
import subprocess
import textwrap
import threading
import xml.etree.ElementTree as ET

from harness import *  # noqa: F403

ENDPOINT_PACKAGES = "rpm dnf zypper curl"
KEY_FILE = "/etc/pki/rpm-gpg/RPM-GPG-KEY-testbed"
SLOW = [f"tb-slow-{c}" for c in "abcdef"]
# name, version-release, requires, scriptlets, further header lines; the first of each name is what is installed
OWN = [(n, v, "", f"%pre\nsleep 0.4\n%post\nsleep 0.3; echo {n} {v} >> /var/log/tb-post.log", "")
       for n in SLOW for v in ("1.0-1", "2.0-1")]
OWN += [("tb-sh", "1-1", "", "", "Provides: /bin/sh\n"), ("tb-newdep", "1.0-1", "", "", ""), ("tb-newdep", "2.0-1", "tb-newlib >= 1", "", ""), ("tb-newlib", "1.0-1", "", "", ""),
        ("tb-badpre", "1.0-1", "", "", ""), ("tb-badpre", "2.0-1", "", "%pre\necho this fails >&2\nexit 1", ""),
        ("tb-oldname", "1.0-1", "", "", ""), ("tb-newname", "2.0-1", "", "", "Obsoletes: tb-oldname < 2\nProvides: tb-oldname = 2\n")]
# needs a file that primary does not list
OWN += [("tb-filedep", "1.0-1", "", "", ""), ("tb-filedep", "2.0-1", "/usr/share/tb/tb-filelib/version", "", ""), ("tb-filelib", "1.0-1", "", "", "")]
# a kernel as SUSE builds it
OWN += [("tb-kernel-default", v, "", "%post\nsleep 0.3", "Provides: multiversion(kernel)\n") for v in ("5.14.21-1", "5.14.21-2")]
# an update that takes another package in
OWN += [("tb-merge", "1.0-1", "", "", ""), ("tb-merge", "2.0-1", "", "", "Obsoletes: tb-merged < 2\n"), ("tb-merged", "1.0-1", "", "", "")]
# builds of two streams of a module: "tbmod:1" is what is installed, on endpoints of dnf
OWN += [("tb-mod", f"{v}.module+tb9", "", "", f"ModularityLabel: tbmod:{v[0]}:{c}:aa\n") for v, c in (("1.0-1", 10), ("1.1-1", 11), ("2.1-1", 21))]
# of a module of which nobody enabled a stream: "tbdef:1" is its default one
OWN += [("tb-def", f"{v}.module+tb9", "", "", f"ModularityLabel: tbdef:{v[0]}:{c}:aa\n") for v, c in (("1.0-1", 10), ("1.1-1", 11), ("2.1-1", 21))]
# of no stream, while a stream that is enabled holds a package of its name
OWN += [("tb-mod", "3.0-1", "", "", "")]
OWN_ADVISORIES = [("TBSA-2026:0101", "security", "Important", [(n, "2.0-1") for n in SLOW]),
                  ("TBSA-2026:0102", "security", "Moderate", [("tb-newdep", "2.0-1"), ("tb-newlib", "1.0-1")]),
                  ("TBBA-2026:0103", "bugfix", "None", [("tb-badpre", "2.0-1")]),
                  ("TBSA-2026:0104", "security", "Important", [("tb-mod", "1.1-1.module+tb9")]),
                  ("TBSA-2026:0105", "security", "Low", [("tb-mod", "2.1-1.module+tb9")]),
                  ("TBSA-2026:0109", "security", "Important", [("tb-def", "1.1-1.module+tb9")]),
                  ("TBBA-2026:0106", "bugfix", "None", [("tb-merge", "2.0-1")]),
                  ("TBSA-2026:0108", "security", "Important", [("tb-filedep", "2.0-1")]),
                  ("TBSA-2026:0107", "security", "Important", [("tb-kernel-default", "5.14.21-2")])]


def needs_rpm():
    why = needs()
    for tool in ("rpmbuild", "rpmsign", "gpg", "createrepo_c", "modifyrepo_c"):
        if not why and not shutil.which(tool):
            why = f"'{tool}' is not installed"
    return why


class World:
    """The vendor's repository below `dir`/repo; `key` is its public key's file, `keyring` the same as gpgv reads it."""

    def __init__(self, directory, without=()):
        self.without = without
        self.checksum = "sha256"
        self.dir = pathlib.Path(directory)
        self.repo, self.key, self.keyring = self.dir / "repo", self.dir / "key.asc", self.dir / "key.gpg"
        self.gpg = self.dir / "gpg"
        self.dir.mkdir(parents=True, exist_ok=True)

    def build(self):
        run(TESTBEDS / "make-rpm-root.sh", self.dir / "testbed", timeout=900)
        shutil.copytree(self.dir / "testbed/repo", self.repo)
        shutil.rmtree(self.repo / "repodata")
        for name, version, requires, scripts, more in (o for o in OWN if o[0] not in self.without):
            self.rpm(name, version, requires, scripts, more)
        self.sign(sorted(self.repo.glob("**/*.rpm")))
        self.index()
        return self

    def sign_new(self):
        self.sign([f for f in sorted(self.repo.glob("**/*.rpm")) if "NOKEY" not in run("rpm", "-Kv", f, check=False).stdout])

    def rpm(self, name, version, requires="", scripts="", more=""):
        v, r = version.split("-")
        spec = self.dir / f"{name}-{version}.spec"
        spec.write_text(f"Name: {name}\nVersion: {v}\nRelease: {r}\nSummary: testbed package\nLicense: MIT\nBuildArch: noarch\n{more}"
                        + (f"Requires: {requires}\n" if requires else "")
                        + f"%description\ntestbed\n%install\nmkdir -p %{{buildroot}}/usr/share/tb/{name}\n"
                        f"echo {version} > %{{buildroot}}/usr/share/tb/{name}/version{'-' + version if 'kernel' in name else ''}\n{scripts}\n%files\n/usr/share/tb/{name}\n")
        run("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {self.dir}/top", "--define", f"_rpmdir {self.repo}", spec)

    def sign(self, files):
        if not self.key.exists():
            self.gpg.mkdir(mode=0o700)
            g = ["gpg", "--homedir", self.gpg, "--batch", "-q"]
            run(*g, "--passphrase", "", "--quick-gen-key", "Testbed Vendor <vendor@localhost>", "rsa2048", "sign", "never")
            self.key.write_text(run(*g, "--armor", "--export").stdout)
            run(*g, "--output", self.keyring, "--export")
        run("rpmsign", "--define", "_gpg_name Testbed Vendor", "--define", "__gpg /usr/bin/gpg", "--define", f"_gpg_path {self.gpg}",
            "--addsign", *files, env={**os.environ, "GNUPGHOME": str(self.gpg)}, timeout=120)

    def index(self):
        run("createrepo_c", "-q", "-s", self.checksum, self.repo)
        text = (self.dir / "testbed/build/updateinfo.xml").read_text()
        streams = {(n, v): more.split(": ")[1].strip().split(":") for n, v, _, _, more in OWN if more.startswith("Modul")}
        for id_, kind, severity, packages in (a for a in OWN_ADVISORIES if a[3][0][0] not in self.without):
            entries = "".join(f'<package name="{n}" version="{v.split("-")[0]}" release="{v.split("-")[1]}" epoch="0" arch="noarch" src="{n}-{v}.src.rpm">'
                              f"<filename>{n}-{v}.noarch.rpm</filename>{'<reboot_suggested>True</reboot_suggested>' if 'kernel' in n else ''}</package>" for n, v in packages)
            stream = streams.get(packages[0])
            if stream:
                entries = '<module name="{}" stream="{}" version="{}" context="{}" arch="noarch"/>'.format(*stream) + entries
            text = text.replace("</updates>", f"""<update from="testbed@localhost" status="final" type="{kind}" version="1"><id>{id_}</id>
<title>{id_}</title><issued date="2026-01-20 10:00:00"/><severity>{severity}</severity><summary>{id_}</summary><description>{id_}</description>
<references/><pkglist><collection short="tb9"><name>tb9</name>{entries}</collection></pkglist></update></updates>""")
        (self.dir / "updateinfo.xml").write_text(text)
        run("modifyrepo_c", self.dir / "updateinfo.xml", self.repo / "repodata")
        (self.dir / "modules.yaml").write_text("".join(
            f'---\ndocument: modulemd\nversion: 2\ndata:\n  name: {m[0]}\n  stream: "{m[1]}"\n  version: {m[2]}\n  context: {m[3]}\n'
            f"  arch: noarch\n  summary: x\n  description: x\n  license: {{module: [MIT]}}\n  dependencies:\n"
            f"  - buildrequires: {{platform: [el9]}}\n    requires: {{platform: [el9]}}\n  artifacts:\n    rpms:\n"
            f"    - {n}-0:{v}.noarch\n...\n" for (n, v), m in streams.items())
            + '---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: tbdef\n  stream: "1"\n...\n')
        run("modifyrepo_c", "--mdtype=modules", self.dir / "modules.yaml", self.repo / "repodata")
        self.sign_index()

    def sign_index(self):
        """repomd.xml.asc, as vendors have it beside repomd.xml."""
        run("gpg", "--homedir", self.gpg, "--batch", "-q", "--yes", "--armor", "--detach-sign", self.repo / "repodata/repomd.xml")

    def oldest(self, manager):
        """Files of what an endpoint begins with."""
        first = ["tb-release-9.4-1", "tb-ssl-libs-3.0.1-41.tb9", "tb-httpd-2.4.53-7.tb9", "tb-editor-8.2.2637-20.tb9",
                 "tb-tilde-1.0~rc1-1", "tb-kernel-core-5.14.0-427.el9", "tb-uptodate-4.2-1", "tb-sh-1-1", "tb-newdep-1.0-1", "tb-badpre-1.0-1", "tb-oldname-1.0-1",
                 "tb-merge-1.0-1", "tb-merged-1.0-1", "tb-kernel-default-5.14.21-1"]
        first += [f"{n}-1.0-1" for n in SLOW]
        if manager == "dnf":
            first += ["tb-mod-1.0-1.module+tb9", "tb-def-1.0-1.module+tb9", "tb-filedep-1.0-1"]
        files = [self.repo / "noarch" / f"{f}.noarch.rpm" for f in first]
        return [f for f in files if f.exists()]

    def packages(self):
        """[(name, arch, evr, path, sha256, size)] of the repository's primary."""
        ns = {"c": "http://linux.duke.edu/metadata/common"}
        found = []
        root = ET.fromstring(gzip.open(next(self.repo.glob("repodata/*primary.xml.gz"))).read())
        for p in root.findall("c:package", ns):
            v = p.find("c:version", ns).attrib
            epoch = "" if v["epoch"] == "0" else v["epoch"] + ":"
            found.append((p.find("c:name", ns).text, p.find("c:arch", ns).text, f"{epoch}{v['ver']}-{v['rel']}",
                          p.find("c:location", ns).attrib["href"], p.find("c:checksum", ns).text, int(p.find("c:size", ns).attrib["package"])))
        return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def serve(directory):
    """The repository by HTTP, where server and endpoints reach it; its URL."""
    s = http.server.ThreadingHTTPServer((SERVER_ADDRESS, 0), functools.partial(Quiet, directory=str(directory)))
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return f"http://{SERVER_ADDRESS}:{s.server_address[1]}"


def make_rpm_endpoint(eps, world, name, manager, url, signed_index=False):
    """Turns a Debian endpoint into one of dnf or zypper whose own repository is at `url`; signed_index: its
    configuration wants the repository's index signed."""
    words = {"dnf": ("almalinux", "9.4", "rhel centos fedora", 'PLATFORM_ID="platform:el9"\n'), "zypper": ("opensuse-leap", "15.6", "suse opensuse", "")}
    id_, version, like, more = words[manager]
    root = eps.root(name)
    (root / "etc/os-release").unlink(missing_ok=True)
    (root / "etc/os-release").write_text(f'NAME="Testbed Linux"\nVERSION="{version}"\nID="{id_}"\nID_LIKE="{like}"\nVERSION_ID="{version}"\n'
                                         f'{more}PRETTY_NAME="Testbed Linux {version}"\n')
    for d in ("etc/yum.repos.d", "etc/zypp/repos.d", "etc/rpm", "etc/pki/rpm-gpg"):
        (root / d).mkdir(parents=True, exist_ok=True)
    (root / "etc/rpm/macros").write_text("%_dbpath /var/lib/rpm\n")
    repo = f"[tb9]\nname=testbed\nbaseurl={url}\nenabled=1\ngpgcheck=1\ngpgkey=file://{KEY_FILE}\nrepo_gpgcheck={int(signed_index)}\n"
    if manager == "dnf":
        (root / "etc/yum.repos.d/tb.repo").write_text(repo)
    else:
        (root / "etc/zypp/zypp.conf").write_text("[main]\nmultiversion = provides:multiversion(kernel)\n")  # as SUSE ships it
        (root / "etc/zypp/repos.d/tb.repo").write_text(repo + "pkg_gpgcheck=1\ntype=rpm-md\nautorefresh=1\n")
    shutil.copy(world.key, root / KEY_FILE.lstrip("/"))
    for f in world.oldest(manager):
        shutil.copy(f, root / "root")
    eps.exec(name, "sh", "-c", f"rpm --import {KEY_FILE} && rpm -i /root/*.rpm && rm -f /root/*.rpm")
    if manager == "dnf":
        module_stream(eps, name, "1")
        if signed_index:  # somebody has said yes to the key
            eps.exec(name, "dnf", "-q", "-y", "makecache")


def module_stream(eps, name, stream):
    """As dnf records it when somebody enables the stream; "" = none."""
    f = eps.root(name) / "etc/dnf/modules.d/tbmod.module"
    f.parent.mkdir(parents=True, exist_ok=True)
    f.write_text(f"[tbmod]\nname=tbmod\nstream={stream}\nprofiles=\nstate={'enabled' if stream else ''}\n")


def installed(eps, name):
    """{name: [evr, ...]} as rpm says on the endpoint."""
    found = {}
    for line in eps.exec(name, "rpm", "-qa", "--qf", "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n").stdout.splitlines():
        n, v = line.split()
        if n != "gpg-pubkey":
            found.setdefault(n, []).append(v[2:] if v.startswith("0:") else v)
    return found
