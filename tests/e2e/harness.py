# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a real server on its own data, real endpoints from the testbeds (each in its
own network namespace, with no way out but the server), the API as a program uses it, and a counter.

Needs root, Debian's package registry through the machine's own apt configuration, and ../shared/testbeds."""
import email.utils
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = pathlib.Path(os.environ.get("TSUKUROI_SHARED", SOURCE.parent / "shared"))
TESTBEDS = SHARED / "testbeds"
LONG = os.environ.get("TSUKUROI_LONG") == "1"
# Two runs on one machine: give each a prefix and a network of its own, e.g. TSUKUROI_E2E=b:198.18.1
PREFIX, NET = os.environ.get("TSUKUROI_E2E", "ts:198.18.0").split(":")
SERVER_ADDRESS = f"{NET}.254"
PASSWORD = "correct horse battery staple"


class Count:
    """Counts checks; the last line is what ./check reads."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, what, good, detail=""):
        if good:
            self.passed += 1
            print(f"ok   {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {what}\n     {str(detail)[-1500:]}", flush=True)
        return bool(good)

    def skip(self, what, why):
        self.skipped += 1
        print(f"skip {what}: {why}", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.exit(1 if self.failed or not (self.passed or self.skipped) else 0)


def run(*argv, check=True, timeout=600, **kw):
    p = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, **kw)
    if check and p.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))[:200]}: exit {p.returncode}: {(p.stdout + p.stderr)[-1500:]}")
    return p


def wait_for(what, fn, seconds=60, every=0.2):
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = fn()
            if last:
                return last
        except (OSError, RuntimeError, KeyError) as e:
            last = e
        time.sleep(every)
    raise TimeoutError(f"{what} did not happen in {seconds} s (last: {str(last)[:600]})")


def needs():
    """The reason why endpoints cannot be made here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not (TESTBEDS / "endpoints.sh").exists():
        return "the testbeds are not here (../shared/testbeds)"
    for tool in ("ip", "mmdebstrap", "apt-get", "patchelf"):
        if not shutil.which(tool):
            return f"'{tool}' is not installed"
    return None


class Api:
    """The REST API as a program uses it: bearer token, CA pinned to the installation's."""

    def __init__(self, address, port, ca_file):
        self.address, self.port = address, port
        self.context = ssl.create_default_context(cafile=ca_file)
        self.token = None

    def request(self, method, path, body=None, query=None, headers=None, timeout=60, want_headers=False):
        target = "/api/v1" + path if not path.startswith("/healthz") else path
        if query:
            target += "?" + urllib.parse.urlencode(query)
        h = {"Accept": "application/json", **(headers or {})}
        if self.token:
            h["Authorization"] = "Bearer " + self.token
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            h["Content-Type"] = "application/json"
        c = http.client.HTTPSConnection(self.address, self.port, context=self.context, timeout=timeout)
        try:
            c.request(method, target, data, h)
            r = c.getresponse()
            raw = r.read()
            reply = json.loads(raw) if raw and "json" in r.headers.get("Content-Type", "") else raw.decode("utf-8", "replace")
            return (r.status, reply, r.headers) if want_headers else (r.status, reply)
        finally:
            c.close()

    def call(self, method, path, body=None, query=None, headers=None):
        status, reply = self.request(method, path, body, query, headers)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {json.dumps(reply)[:600]}")
        return reply

    def all(self, path, **query):
        items, cursor = [], None
        while True:
            q = {"limit": 200, **query}
            if cursor:
                q["cursor"] = cursor
            page = self.call("GET", path, query=q)
            items += page["items"]
            cursor = page["page"]["next_cursor"]
            if not cursor:
                return items

    def change(self, path, body):
        """PATCH on the version that is there now."""
        status, reply, headers = self.request("GET", path, want_headers=True)
        return self.call("PATCH", path, body, headers={"If-Match": headers["ETag"]})

    def set(self, **values):
        """Changes settings; a key's dots are written as two underscores."""
        self.change("/settings", {"values": {k.replace("__", "."): v for k, v in values.items()}})

    def sign_in(self, link):
        token = link.split("#token=")[1].strip()
        self.call("POST", "/setup", {"token": token, "name": "admin", "password": PASSWORD, "language": "ja", "timezone": "Asia/Tokyo"})
        self.token = self.call("POST", "/session", {"name": "admin", "password": PASSWORD, "kind": "token", "label": "test"})["token"]

    def deploy(self, **request):
        """Preview and create; returns (preview, deployment)."""
        preview = self.call("POST", "/deployments:preview", request)
        made = self.call("POST", "/deployments", {**request, "preview_token": preview["preview_token"]},
                         headers={"Idempotency-Key": str(uuid.uuid4())})
        return preview, made


def free_port():
    """A port that nobody listens on, below those the kernel gives to connections: a server that is started again after
    a kill must not find its own taken by a client of somebody's."""
    first = max(20000, int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]))
    while True:
        port = random.SystemRandom().randrange(10000, first)
        with socket.socket() as s:
            try:
                s.bind(("0.0.0.0", port))
                return port
            except OSError:
                pass


class Server:
    """tsukuroid on its own state directory and ports."""

    def __init__(self, build, directory, address="127.0.0.1", env=None, **options):
        self.env = env
        self.build, self.dir = pathlib.Path(build), pathlib.Path(directory)
        self.address, self.database = address, options.get("database")
        self.port, self.agent_port = free_port(), free_port()
        self.state = self.dir / "state"
        self.dir.mkdir(parents=True, exist_ok=True)
        lines = {"state_dir": self.state, "port": self.port, "agent_port": self.agent_port, "redirect_port": 0,
                 "names": address, "address": "0.0.0.0", **options}
        (self.dir / "tsukuroid.conf").write_text("".join(f"{k} = {v}\n" for k, v in lines.items()))
        self.process = None
        self.log = self.dir / "tsukuroid.log"

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.build / "src/tsukuroid", "--config", self.dir / "tsukuroid.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(self.env or {})})
        if wait:
            wait_for("the server's start", self.answers, 30)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended: {self.log.read_text()[-1500:]}")
        return (self.state / "tls/ca.pem").exists() and self.api().request("GET", "/healthz", timeout=5)[0] == 200

    def api(self):
        return Api(self.address, self.port, str(self.state / "tls/ca.pem"))

    def setup_link(self):
        return wait_for("the set-up link", lambda: (self.state / "setup-link").read_text().strip(), 10)

    def stop(self, sig=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def agent_url(self):
        return f"https://{self.address}:{self.agent_port}"


class Sink:
    """A mail server on its own port; see smtp_sink.py."""

    PYTHON = "/usr/bin/python3"  # the one Debian's python3-aiosmtpd is for
    NEEDS = "python3-aiosmtpd is not installed"

    @staticmethod
    def possible():
        return run(Sink.PYTHON, "-c", "import aiosmtpd", check=False).returncode == 0

    def __init__(self, where, *tls, port=None):
        self.where, self.port, self.tls = where, port or free_port(), tls
        where.mkdir(exist_ok=True)
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.PYTHON, SOURCE / "tests/e2e/smtp_sink.py", self.where, str(self.port), *self.tls], stdout=subprocess.PIPE, stderr=open(self.where / "log", "ab"))
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the mail server did not start: " + (self.where / "log").read_text()[-800:])

    def stop(self):
        self.process.kill()
        self.process.wait()

    def mails(self):
        try:
            return [json.loads(line) for line in (self.where / "mails").read_text().splitlines()]
        except FileNotFoundError:
            return []


def postgresql_programs():
    """The directory of the newest installed PostgreSQL's programs, or None."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parent.parent.name))
    return found[-1].parent if found else None


def postgresql_database(directory, name="tsukuroi"):
    """Makes an empty database in the cluster under `directory`; its URL."""
    run(postgresql_programs() / "createdb", "-h", directory, "-U", "tsukuroi", name, cwd=directory)
    return f"postgresql:///{name}?host={directory}&user=tsukuroi"


def postgresql_user():
    """What a command of PostgreSQL's is to begin with: it does not run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def postgresql_start(directory):
    """The server of the cluster under `directory`, which answers."""
    at, who = postgresql_programs(), postgresql_user()
    server = subprocess.Popen(["setpriv", "--pdeathsig=QUIT", *who, str(at / "postgres"), "-D", str(directory / "data"), "-c", "listen_addresses=",
                               "-c", f"unix_socket_directories={directory}", "-c", "max_connections=200"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    wait_for("PostgreSQL's start", lambda: server.poll() is not None or run(*who, at / "pg_isready", "-q", "-h", directory, check=False).returncode == 0, 60)
    if server.poll() is not None:
        raise RuntimeError(f"PostgreSQL ended: {server.returncode}")
    return server


def postgresql(directory):
    """A private cluster on a Unix socket; (process, URL of a database), or None."""
    at = postgresql_programs()
    if not at:
        return None
    directory.mkdir()
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
    run(*postgresql_user(), at / "initdb", "-D", directory / "data", "-U", "tsukuroi", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N", cwd=directory)
    return postgresql_start(directory), postgresql_database(directory)


class PlayedAgent:
    """The network half's side of the protocol (docs/agent-protocol.md), without a system behind it."""

    def __init__(self, server, token, where, **attrs):
        """attrs: at least hostname, os_id, os_version, arch"""
        self.server, self.where = server, where
        self.key, self.pem = where / "agent.key", where / "agent.pem"
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=tsukuroi-agent",
            "-keyout", self.key, "-out", where / "agent.csr")
        self.attrs = {"os_name": "", "kernel": "", "agent_version": "test", "boot_id": attrs["hostname"], **attrs}
        self.context = ssl.create_default_context(cafile=str(server.state / "tls/ca.pem"))
        kind, ident, secret, _pin = token.split(".")
        assert kind == "tsk1"
        reply = self.call("POST", "/agent/v1/enroll", {"token": f"{ident}.{secret}", "csr": (where / "agent.csr").read_text(), "attrs": self.attrs})
        self.pem.write_text(reply["certificate"])
        self.context.load_cert_chain(self.pem, self.key)
        self.id, self.nonce = reply["agent_id"], ""
        self.connection = http.client.HTTPSConnection(server.address, server.agent_port, context=self.context, timeout=60)

    def call(self, method, path, body):
        c = getattr(self, "connection", None) or http.client.HTTPSConnection(self.server.address, self.server.agent_port, context=self.context, timeout=60)
        c.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        r = c.getresponse()
        raw = r.read()
        if r.status >= 300:
            raise RuntimeError(f"{path}: {r.status} {raw[:300]}")
        return json.loads(raw)

    def go_to(self, server):
        """From now on to this one of the servers."""
        self.connection.close()
        self.server = server
        self.connection = http.client.HTTPSConnection(server.address, server.agent_port, context=self.context, timeout=10)

    def scan(self, text):
        """Check-in and upload of an inventory; the moment of the 204."""
        digest = hashlib.sha256(text).hexdigest()
        scanned = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reply = self.call("POST", "/agent/v1/checkin", {"attrs": self.attrs, "inventory": digest, "scanned": scanned, "nonce": self.nonce, "epoch": 1, "seq": 0})
        self.nonce = reply["nonce"]
        if reply["want_inventory"] == "none":
            raise RuntimeError("the server wants no inventory")
        self.connection.request("POST", f"/agent/v1/inventory?scanned={scanned}", text, {"Content-Type": "text/tsukuroi-inventory", "Inventory-Hash": digest})
        r = self.connection.getresponse()
        at = time.monotonic()
        raw = r.read()
        if r.status != 204:
            raise RuntimeError(f"upload: {r.status} {raw[:300]}")
        return at


def machine_mirrors():
    """(main, security) URLs as this machine's own apt is configured."""
    out = run("bash", "-c", f". '{TESTBEDS}/lib.sh'; tb_mirror; tb_sec_mirror").stdout.split()
    return out[0], out[1]


def suites_of(*releases):
    """apt source lines for these releases: main and security, as the endpoints have them."""
    main, security = machine_mirrors()
    lines = []
    for r in releases:
        lines.append(f"deb {main} {r} main")
        lines.append(f"deb {security} {r}-security main")
    return lines


class Endpoints:
    """Endpoints of the testbeds, each in its own network namespace; the server's address is on their bridge."""

    def __init__(self, suites, packages=None, boot=False):
        """boot: with systemd as process 1"""
        self.env = {**os.environ, "TB_PREFIX": PREFIX, "TB_STATE": f"/run/tsukuroi-e2e-{PREFIX}", "TB_NET": NET}
        self.state = pathlib.Path(self.env["TB_STATE"])
        self.names = [f"ep{i + 1}" for i in range(len(suites))]
        self.suites = dict(zip(self.names, suites))
        self.packages, self.boot = packages, boot

    def sh(self, *args, **kw):
        return run(TESTBEDS / "endpoints.sh", *args, env=self.env, **kw)

    def up(self):
        self.lock = open(f"/run/lock/tsukuroi-e2e-{PREFIX}", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)  # another run with this prefix ends first
        self.down()
        extra = (["-p", self.packages] if self.packages else []) + (["-b"] if self.boot else [])
        up = ("up", "-n", len(self.names), "-s", " ".join(self.suites.values()), *extra)
        if self.sh(*up, timeout=1800, check=not self.boot).returncode:  # the first boot of a fresh root may lose a race
            self.down()
            self.sh(*up, timeout=1800)
        run("ip", "link", "add", f"{PREFIX}-up", "type", "veth", "peer", "name", f"{PREFIX}-dn", "netns", f"{PREFIX}-srv")
        run("ip", "addr", "add", f"{SERVER_ADDRESS}/24", "dev", f"{PREFIX}-up")
        run("ip", "link", "set", f"{PREFIX}-up", "up")
        run("ip", "-n", f"{PREFIX}-srv", "link", "set", f"{PREFIX}-dn", "master", "br0", "up")
        return self

    def down(self):
        run("ip", "link", "del", f"{PREFIX}-up", check=False)
        for name in self.names:
            self.cut_off(name)
        self.sh("down", check=False)

    def start(self, name):
        """Power on. The testbed may take a process of the container's set-up for its process 1, and lose it: what it
        has lost goes on over the same disk, so it is ended before the next try."""
        for _ in range(4):
            self.cut_off(name)
            if self.sh("start", name, check=False).returncode == 0:
                return
        self.cut_off(name)
        self.sh("start", name)

    def cut_off(self, name):
        """Power off at once, also what the testbed has lost sight of."""
        containers = list(self.containers(name))
        for p in containers:
            for pid in [*self.children(p), p]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for p in containers:
            wait_for("the container's end", lambda: not self.lives(p), 30, 0.05)

    def containers(self, name):
        """Processes of systemd-nspawn that run an endpoint, by our own numbers."""
        for d in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (d / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"systemd-nspawn") and str(self.root(name)).encode() in words:
                yield int(d.name)

    @staticmethod
    def children(pid):
        try:
            return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    @staticmethod
    def lives(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def process_1(self, name):
        """Of an endpoint that is up, by our own numbers; 0: it is not."""
        try:
            p = int((self.state / name / "pid").read_text())
        except (OSError, ValueError):
            return 0
        return p if self.lives(p) else 0

    def exec(self, name, *argv, **kw):
        return self.sh("exec", name, *argv, **kw)

    def root(self, name):
        return self.state / name / "root"

    def refresh_apt(self, name):
        """apt-get update in the endpoint's root from the host's network: the endpoint itself has no way out, nor names."""
        root = self.root(name)
        resolver = root / "etc/resolv.conf"
        resolver.write_bytes(pathlib.Path("/etc/resolv.conf").read_bytes())
        try:
            p = run("bash", "-c", f". '{TESTBEDS}/lib.sh'; tb_in_root '{root}' apt-get -qq -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root update",
                    env=self.env, timeout=300)
        finally:
            resolver.write_text("")
        if "Failed to fetch" in p.stderr:  # apt goes on with what it had, and succeeds
            raise RuntimeError(f"apt-get update on {name}: {p.stderr}")

    def apt_dates(self, name):
        """When the states of the archives that apt has seen there were published, as the API writes times."""
        lists = self.root(name) / "var/lib/apt/lists"
        dates = re.findall(r"^Date: (.+)$", "\n".join(f.read_text(errors="replace")[:4000] for f in lists.glob("*InRelease")), re.M)
        return {email.utils.parsedate_to_datetime(d.replace("UTC", "GMT")).strftime("%Y-%m-%dT%H:%M:%SZ") for d in dates}

    def same_archive(self, name, api):
        """The endpoint's apt and the server look at the same states of the archives. A mirror behind a cache may show
        each of them another one while a new one is published; both look again until they agree."""
        for _ in range(8):
            self.refresh_apt(name)
            dates = self.apt_dates(name)
            if dates and dates <= {f["released"] for f in api.call("GET", "/feeds")["items"]}:
                return True
            time.sleep(15)
            sync(api)
        return False

    def upgradable(self, name):
        """{(name, candidate)} as `apt list --upgradable` says on the endpoint itself."""
        found = set()
        for line in self.exec(name, "apt", "list", "--upgradable", check=False).stdout.splitlines():
            if "/" in line and "upgradable from" in line:
                package, rest = line.split("/", 1)
                found.add((package, rest.split()[1]))
        return found

    def simulated(self, name, command="upgrade"):
        """({(name, candidate)} that would be installed, {names kept back}) of `apt-get -s upgrade`."""
        out = self.exec(name, "apt-get", "-s", command).stdout
        inst, kept, in_kept = set(), set(), False
        for line in out.splitlines():
            if line.startswith("Inst "):
                words = line.split()
                version = line.split("(", 1)[1].split()[0]
                inst.add((words[1], version))
            if in_kept and line.startswith("  "):
                kept.update(line.split())
            else:
                in_kept = line.startswith("The following packages have been kept back")
        return inst, kept

    def put_agent(self, name, bundle):
        target = self.root(name) / "opt/tsukuroi-agent"
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(bundle, target, symlinks=True)

    def spawn(self, name, *argv):
        """Starts a program inside the endpoint that outlives the call."""
        log = self.root(name) / "var/log/tsukuroi-agent.log"
        with open(log, "ab") as out:
            return subprocess.Popen([str(TESTBEDS / "endpoints.sh"), "exec", name, *map(str, argv)], env=self.env,
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)


def missing_of(api, system):
    """{(name, candidate)} the server calls missing on a system, from the evidence of each verdict."""
    found = set()
    for p in api.all(f"/systems/{system}/patches", state="missing"):
        found.update((o["name"], o["fixed"]) for o in p["outdated"])
    return found


def enrol(eps, name, server, token):
    eps.exec(name, "/opt/tsukuroi-agent/tsukuroi-agent", "enroll", "--server", server.agent_url(), "--token", token)
    start_agent(eps, name)


def build_clock(to):
    """clock.c, for programs whose wall clock is to run ahead."""
    run("cc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", to, SOURCE / "tests/e2e/clock.c")


AHEAD_CLOCK = "/opt/tsukuroi-agent/lib/clock.so"


def start_agent(eps, name):
    """Its clock runs ahead where a test has put clock.c there (build_clock)."""
    ahead = ["env", f"LD_PRELOAD={AHEAD_CLOCK}"] if (eps.root(name) / AHEAD_CLOCK[1:]).exists() else []
    for program in ("-root", ""):
        eps.spawn(name, *ahead, f"/opt/tsukuroi-agent/tsukuroi-agent{program}", "run")


def system_of(api, name):
    for s in api.all("/systems"):
        if s["hostname"] == name and s["last_scan"]:
            return s
    return None


def finished(api, deployment):
    d = api.call("GET", f"/deployments/{deployment}")
    return d if d["state"] in ("completed", "completed_with_failures", "failed", "cancelled") else None


def targets_text(api, deployment):
    text = ""
    for t in api.all(f"/deployments/{deployment}/targets"):
        text += f"{t['hostname']} {t['state']} {t['reason']} {t['detail']}\n"
        if t["state"] == "failed":
            status, log = api.request("GET", f"/deployments/{deployment}/targets/{t['system']}/log")
            text += str(log)[-800:] + "\n"
    return text


def sync(api):
    """A manual sync, to its end; returns the job."""
    job = api.call("POST", "/feeds:sync")
    return wait_for("the sync", lambda: (lambda j: j if j["state"] in ("succeeded", "failed") else None)(api.call("GET", f"/jobs/{job['id']}")), 300, 0.5)


def bundle_agent(build, where):
    """The agent with every library it needs and its own loader: one directory that runs on any Linux of the
    same architecture, whatever its libc (tools/bundle)."""
    run(SOURCE / "tools/bundle", where, "/opt/tsukuroi-agent", *(pathlib.Path(build) / "src" / p for p in ("tsukuroi-agent", "tsukuroi-agent-root")))
    return where


def scratch(prefix):
    return pathlib.Path(tempfile.mkdtemp(prefix=f"tsukuroi-{prefix}."))
