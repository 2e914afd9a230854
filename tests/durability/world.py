# SPDX-License-Identifier: Apache-2.0
"""A small world on one server that can be hit at any instant: a vendor of rpm packages, played agents that check in,
scan and carry out orders, an administrator who deploys, declines and changes settings. Everybody notes what the
server acknowledged (2xx) and what was under way; `Book` holds that, and `verify` compares it with the server: nothing
acknowledged is lost, nothing is there twice, every number equals what the stored inventories say.

The oracle shares no code with the server: which version is older is known from how the versions are made here."""
import copy
import gzip
import http.client
import base64
import hashlib
import json
import mmap
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import subprocess
import threading
import time
import uuid

from harness import PlayedAgent, Server, run, wait_for

PACKAGES = 24
OS, ARCH = "almalinux:9", "x86_64"


# --- the line between a server and its disk (faultline.c) ---------------------------------------------

KILL_BEFORE, KILL_AFTER, KILL_TORN, NO_SPACE, IO_ERROR = range(1, 6)
WRITE, SYNC, NAME = 1, 2, 4


class Faultline:
    """Arms faultline.so in a server that was started with env()."""

    def __init__(self, build, directory):
        self.library = pathlib.Path(build).resolve() / "tests/durability/faultline.so"
        self.file = directory / "faultline"
        self.file.write_bytes(bytes(256))
        self.map = mmap.mmap(os.open(self.file, os.O_RDWR), 256)

    def env(self):
        return {"LD_PRELOAD": str(self.library), "FAULTLINE": str(self.file)}

    def arm(self, action, at, calls=WRITE | SYNC | NAME, path="/state/", sticky=False):
        self.disarm()
        struct.pack_into("<IIIIIII", self.map, 4, action, calls, sticky, at, 0, 0, 0)
        self.map[32:256] = path.encode().ljust(224, b"\0")
        struct.pack_into("<I", self.map, 0, 1)

    def disarm(self):
        struct.pack_into("<I", self.map, 0, 0)

    def hits(self):
        return struct.unpack_from("<I", self.map, 20)[0]

    def seen(self):
        return struct.unpack_from("<I", self.map, 24)[0]


# --- the vendor -------------------------------------------------------------------------------------------

def name_of(k):
    return f"dur-p{k:02d}"


class Vendor:
    """A repository whose generation g fixes every package in version 2.g-1."""

    def __init__(self, directory):
        self.dir = directory / "repo"
        (self.dir / "repodata").mkdir(parents=True)
        for d in (directory, self.dir, self.dir / "repodata"):
            d.chmod(0o755)
        self.generation = 0
        self.publish()

    def setting(self):
        return [f"{OS} dur file://{self.dir}"]

    def _data(self, kind, text):
        packed = gzip.compress(text.encode(), mtime=0)
        digest = hashlib.sha256(packed).hexdigest()
        (self.dir / f"repodata/{digest}-{kind}.xml.gz").write_bytes(packed)
        return (f'<data type="{kind}"><checksum type="sha256">{digest}</checksum><location href="repodata/{digest}-{kind}.xml.gz"/>'
                f"<timestamp>{1700000000 + self.generation}</timestamp><size>{len(packed)}</size></data>")

    def publish(self):
        self.generation += 1
        version = f"2.{self.generation}"
        primary, info = "", ""
        for k in range(PACKAGES):
            name, href = name_of(k), f"{name_of(k)}-{version}-1.noarch.rpm"
            payload = hashlib.sha256(href.encode()).digest() * 64
            (self.dir / href).write_bytes(payload)
            primary += (f'<package type="rpm"><name>{name}</name><arch>noarch</arch><version epoch="0" ver="{version}" rel="1"/>'
                        f'<checksum type="sha256" pkgid="YES">{hashlib.sha256(payload).hexdigest()}</checksum><summary>x</summary>'
                        f'<description>x</description><packager/><url/><time file="1" build="1"/><size package="{len(payload)}" installed="1" archive="1"/>'
                        f'<location href="{href}"/><format><rpm:license>MIT</rpm:license><rpm:vendor>Dur</rpm:vendor><rpm:group/>'
                        f"<rpm:sourcerpm>{name}-{version}-1.src.rpm</rpm:sourcerpm></format></package>")
            info += (f'<update from="dur" status="final" type="security" version="{self.generation}"><id>DUR-2026:{k:04d}</id><title>{name}</title>'
                     f'<issued date="2026-01-20 10:00:00"/><severity>{("Critical", "Important", "Moderate", "Low")[k % 4]}</severity>'
                     f'<description>x</description><references/><pkglist><collection short="x"><name>x</name><package name="{name}" version="{version}" release="1" '
                     f'epoch="0" arch="noarch" src="{name}-{version}-1.src.rpm"><filename>{href}</filename></package></collection></pkglist></update>')
        ns = 'xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
        data = self._data("primary", f'<?xml version="1.0"?><metadata {ns} packages="{PACKAGES}">{primary}</metadata>')
        data += self._data("updateinfo", f'<?xml version="1.0"?><updates>{info}</updates>')
        new = self.dir / "repodata/new"
        new.write_text('<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">'
                       f"<revision>{1700000000 + self.generation}</revision>{data}</repomd>")
        for f in self.dir.rglob("*"):
            f.chmod(0o755 if f.is_dir() else 0o644)
        new.rename(self.dir / "repodata/repomd.xml")


def outdated(version, generation):
    """Whether an installed `version` ("1.n-1" or "2.g-1") is older than what `generation` fixes."""
    major, minor = version.split("-")[0].split(".")
    return (int(major), int(minor)) < (2, generation)


# --- what was acknowledged ----------------------------------------------------------------------------------

class Book:
    """Under its lock. A `maybe` was asked for and never answered: it may have happened or not."""

    def __init__(self):
        self.lock = threading.RLock()
        self.scans = {}         # agent: text acknowledged last
        self.maybe_scans = {}   # agent: [texts sent since]
        self.results = {}       # order: (deployment, agent)
        self.deployments = {}   # name: id
        self.maybe_deployments = set()
        self.declines = {}      # id: patch
        self.maybe_declines = set()  # patches
        self.ended = set()      # declines
        self.maybe_ended = set()
        self.tokens = set()
        self.refresh = None
        self.maybe_refresh = []
        self.generations = set()  # the catalog may be at any of these
        self.acks = 0
        self.wrong = []         # told at once: an order twice, a refusal that should not be

    def copy(self):
        with self.lock:
            new = Book()
            for k, v in vars(self).items():
                if k != "lock":
                    setattr(new, k, copy.deepcopy(v))
            return new

    def ack(self):
        self.acks += 1

    def blame(self, text):
        with self.lock:
            self.wrong.append(text)


class Gone(Exception):
    """No answer, or one that says so: what was asked for may have happened or not."""


class Refused(Exception):
    """An answer that says that nothing has happened."""

    def __init__(self, status, text):
        super().__init__(f"{status} {text[:400]}")
        self.status, self.text = status, text


# --- agents -------------------------------------------------------------------------------------------------

class Agent(PlayedAgent):
    def __init__(self, server, token, where, name, book, seed):
        super().__init__(server, token, where, hostname=name, os_id="almalinux", os_version="9.4", arch=ARCH)
        self.name, self.book, self.random = name, book, random.Random(seed)
        self.number = 0  # of the scan
        self.installed = {name_of(k): "1.0-1" for k in range(PACKAGES)}
        self.seq, self.done = 0, {}  # order: (deployment, seq)
        self.unsent = []  # results without an answer yet
        self.refusals = []
        book.scans[self.id], book.maybe_scans[self.id] = None, []

    def text(self):
        lines = [f"arch\t{ARCH}", "os\talmalinux\t9\t", f"rpm\town-{self.name}\tnoarch\t1.{self.number}-1\t\t\tDur"]
        lines += [f"rpm\t{n}\tnoarch\t{v}\t\t\tDur" for n, v in self.installed.items()]
        return "\n".join(sorted(lines)) + "\n"

    def ask(self, path, body, headers):
        """(status, reply); Gone when there is none."""
        try:
            self.connection.request("POST", path, body, headers)
            r = self.connection.getresponse()
            raw = r.read()
        except (OSError, http.client.HTTPException) as e:
            self.connection.close()
            self.connection = http.client.HTTPSConnection(self.server.address, self.server.agent_port, context=self.context, timeout=30)
            raise Gone(str(e)) from e
        if r.status >= 500:
            self.refusals.append((r.status, raw.decode(errors="replace"), r.headers.get("Retry-After")))
            raise Gone(f"{r.status} {raw[:300]}")
        if r.status >= 300:
            raise Refused(r.status, raw.decode(errors="replace"))
        return json.loads(raw) if raw else None

    def post(self, path, body):
        return self.ask(path, json.dumps(body), {"Content-Type": "application/json"})

    def checkin(self, text):
        reply = self.post("/agent/v1/checkin", {"attrs": self.attrs, "inventory": hashlib.sha256(text.encode()).hexdigest(), "scanned": now(),
                                                "nonce": self.nonce, "epoch": 1, "seq": self.seq})
        self.nonce = reply["nonce"]
        for envelope in reply["orders"]:
            self.carry_out(envelope)
        return reply

    def upload(self, text):
        with self.book.lock:
            self.book.maybe_scans[self.id].append(text)
        reply = self.checkin(text)
        if reply["want_inventory"] != "none":
            self.ask(f"/agent/v1/inventory?scanned={now()}", text.encode(),
                     {"Content-Type": "text/tsukuroi-inventory", "Inventory-Hash": hashlib.sha256(text.encode()).hexdigest()})
        with self.book.lock:
            self.book.scans[self.id], self.book.maybe_scans[self.id] = text, []
            self.book.ack()

    def carry_out(self, envelope):
        """As the root half: once, and only with a higher sequence; the result waits until it is taken."""
        e = json.loads(envelope)
        o = json.loads(base64.urlsafe_b64decode(e["order"] + "=" * (-len(e["order"]) % 4)))
        if o["id"] in self.book.results:
            self.book.blame(f"{self.name}: order {o['seq']} again, although its result was acknowledged")
        if o["id"] in self.done or o["seq"] <= self.seq:
            return
        self.seq = o["seq"]
        self.done[o["id"]] = (o["deployment"], o["seq"])
        for p in o["packages"]:
            self.installed[p["name"]] = p["version"]
        self.unsent.append({"order": o["id"], "deployment": o["deployment"], "seq": o["seq"], "outcome": "succeeded", "reason": "installed", "detail": "",
                            "started": now(), "finished": now(), "attempts": 1, "exit_status": 0, "packages": [], "log": "done\n", "reboot_needed": False})

    def report(self):
        while self.unsent:
            r = self.unsent[0]
            self.post("/agent/v1/results", r)
            with self.book.lock:
                self.book.results[r["order"]] = (r["deployment"], self.id)
                self.book.ack()
            self.unsent.pop(0)

    def step(self, generation):
        for name in self.random.sample(sorted(self.installed), 3):
            self.installed[name] = self.random.choice([f"1.{self.random.randrange(9)}-1", f"2.{generation}-1"])
        self.number += 1
        self.upload(self.text())
        self.report()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


# --- the administrator --------------------------------------------------------------------------------------

class Administrator:
    def __init__(self, api, book, seed):
        self.api, self.book, self.random = api, book, random.Random(seed)
        self.number, self.refusals = 0, []
        self.patches = []

    def ask(self, method, path, body=None, headers=None, query=None):
        try:
            status, reply, h = self.api.request(method, path, body, query, headers, timeout=30, want_headers=True)
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as e:
            raise Gone(str(e)) from e
        if status >= 500:
            self.refusals.append((status, json.dumps(reply), h.get("Retry-After")))
            raise Gone(f"{status} {reply}")
        if status >= 300:
            raise Refused(status, json.dumps(reply))
        return reply, h

    def deploy(self, systems):
        self.number += 1
        name, key = f"d{self.number}", str(uuid.uuid4())
        ids = self.random.sample(self.patches, 3)
        request = {"name": name, "patches": {"ids": ids}, "systems": {"ids": systems}, "now": True}
        try:
            preview, _ = self.ask("POST", "/deployments:preview", request)
            with self.book.lock:
                self.book.maybe_deployments.add(name)
            for attempt in range(2):
                try:
                    made, _ = self.ask("POST", "/deployments", {**request, "preview_token": preview["preview_token"]}, {"Idempotency-Key": key})
                    break
                except Gone:  # the same once more, as a program does: it must not be made twice
                    if attempt:
                        raise
                    time.sleep(0.05)
        except Refused as e:
            if e.status not in (409, 422, 400):
                self.book.blame(f"deployment {name}: {e}")
            return
        with self.book.lock:
            self.book.deployments[name] = made["id"]
            self.book.ack()

    def decline(self):
        with self.book.lock:
            held = set(self.book.declines.values()) | self.book.maybe_declines
        free = [p for p in self.patches if p not in held]
        patch = self.random.choice(free) if len(free) > PACKAGES - 4 else None
        if patch:
            with self.book.lock:
                self.book.maybe_declines.add(patch)
            reply, _ = self.ask("POST", "/declines", {"patches": {"ids": [patch]}, "reason": "not now", "expires": "2027-11-01T00:00:00Z"})
            with self.book.lock:
                self.book.maybe_declines.discard(patch)
                self.book.declines[reply["items"][0]["id"]] = patch
                self.book.ack()
            return
        with self.book.lock:
            decline = self.random.choice(sorted(self.book.declines)) if self.book.declines else None
            if not decline:
                return
            self.book.maybe_ended.add(decline)
        try:
            self.ask("DELETE", f"/declines/{decline}")
        except Refused as e:
            if e.status != 404:
                raise
        with self.book.lock:
            self.book.ended.add(decline)
            self.book.declines.pop(decline)
            self.book.ack()

    def change_setting(self):
        value = self.random.randrange(600, 80000)
        _, headers = self.ask("GET", "/settings")
        with self.book.lock:
            self.book.maybe_refresh.append(str(value))
        try:
            self.ask("PATCH", "/settings", {"values": {"agent.refresh_s": value}}, {"If-Match": headers["ETag"]})
        except Refused as e:
            if e.status != 412:  # the answer to the change before was lost
                raise
            return
        with self.book.lock:
            self.book.refresh, self.book.maybe_refresh = str(value), []
            self.book.ack()

    def make_token(self):
        reply, _ = self.ask("POST", "/enrolment-tokens", {"label": "x", "max_uses": 1})
        with self.book.lock:
            self.book.tokens.add(reply["token"].split(".")[1])
            self.book.ack()

    def step(self, systems):
        what = self.random.random()
        if what < 0.5:
            self.deploy(self.random.sample(systems, 2))
        elif what < 0.8:
            self.decline()
        elif what < 0.9:
            self.change_setting()
        else:
            self.make_token()


# --- load ---------------------------------------------------------------------------------------------------

class Load:
    """Agents and the administrator work until stop(); who gets no answer comes back."""

    def __init__(self, agents, admin, vendor, syncs=False):
        self.agents, self.admin, self.vendor, self.syncs = agents, admin, vendor, syncs
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._repeat, args=(a.name, lambda a=a: a.step(vendor.generation)), daemon=True) for a in agents]
        ids = [a.id for a in agents]
        self.threads.append(threading.Thread(target=self._repeat, args=("admin", lambda: admin.step(ids)), daemon=True))
        if syncs:
            self.threads.append(threading.Thread(target=self._repeat, args=("sync", self._sync), daemon=True))
        for t in self.threads:
            t.start()

    def _repeat(self, name, step):
        while not self.stopping.is_set():
            try:
                step()
            except Gone:
                self.stopping.wait(0.05)
            except Refused as e:
                if e.status == 429:
                    self.stopping.wait(1)
                else:
                    self.admin.book.blame(f"{name}: {e}")
            except Exception as e:  # a thread that ends silently would be a load that does not load
                self.admin.book.blame(f"{name}: {type(e).__name__}: {e}")
                return

    def _sync(self):
        with self.admin.book.lock:
            self.vendor.publish()
            self.admin.book.generations.add(self.vendor.generation)
        self.admin.ask("POST", "/feeds:sync")
        self.stopping.wait(0.5)

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(90)
            if t.is_alive():
                raise RuntimeError("the load does not end")


# --- the comparison -------------------------------------------------------------------------------------------

class Psql:
    """Queries of a PostgreSQL; what sqlite3's connections have of it."""

    def __init__(self, url):
        self.url = url

    def execute(self, text):
        out = run("psql", self.url, "-X", "-A", "-t", "-c", f"select coalesce(json_agg(row_to_json(q)), '[]') from ({text}) q").stdout
        self.rows = [tuple(row.values()) for row in json.loads(out)]
        return self

    def fetchall(self):
        return self.rows

    def fetchone(self):
        return self.rows[0]

    def __iter__(self):
        return iter(self.rows)

    def close(self):
        pass


def database(server):
    if server.database:
        return Psql(server.database)
    return sqlite3.connect(f"file:{server.state}/tsukuroi.db?mode=ro", uri=True, timeout=30)


def verify_database(server, book):
    """What the file itself says; a list of what is wrong."""
    wrong = []
    db = database(server)
    try:
        if not server.database:
            for (line,) in db.execute("pragma integrity_check"):
                if line != "ok":
                    wrong.append(f"integrity_check: {line}")
            for row in db.execute("pragma foreign_key_check"):
                wrong.append(f"foreign_key_check: {row}")
        names = [n for (n,) in db.execute("select name from deployment")]
        twice = {n for n in names if names.count(n) > 1} if len(set(names)) != len(names) else set()
        if twice:
            wrong.append(f"deployments made twice: {sorted(twice)}")
        stray = set(names) - set(book.deployments) - book.maybe_deployments
        lost = set(book.deployments) - set(names)
        if stray or lost:
            wrong.append(f"deployments: lost {sorted(lost)}, nobody made {sorted(stray)}")
        half = db.execute("select d.id from deployment d where not exists (select 1 from target t where t.deployment = d.id) or n_patches != "
                          "(select count(*) from deployment_patch p where p.deployment = d.id)").fetchall()
        if half:
            wrong.append(f"half a deployment: {half}")
        orders = {o: (state, d, h) for o, state, d, h in db.execute("select id, state, deployment, host from host_order")}
        for o, pair in book.results.items():
            if orders.get(o) != (1, *pair):
                wrong.append(f"the acknowledged result of order {o} {pair}: the order is {orders.get(o)}")
        open_ = [(d, h) for state, d, h in orders.values() if state == 0]
        if len(set(open_)) != len(open_):
            wrong.append(f"two open orders of one target: {[p for p in set(open_) if open_.count(p) > 1]}")
        logs = db.execute("select count(*) from host_order o join target t on t.deployment = o.deployment and t.host = o.host where o.state = 1 and t.log is null").fetchone()[0]
        if logs:
            wrong.append(f"{logs} answered orders without the result's log")
        last, number = None, None
        for seq, before, row in db.execute("select seq, prev_hash, row_hash from audit_log order by seq"):
            if number is not None and (before != last or seq != number + 1):
                wrong.append(f"the audit chain breaks at {seq}")
            last, number = row, seq
        tokens = {t for (t,) in db.execute("select id from enrol_token where label = 'x'")}
        if not book.tokens <= tokens:
            wrong.append(f"enrolment tokens lost: {book.tokens - tokens}")
    finally:
        db.close()
    return wrong


def inventory_of(api, system):
    """{package: version} as the server shows it."""
    found = {}
    for f in api.all(f"/systems/{system}/inventory"):
        found[f["name"]] = f["version"]
    return found


def packages_of(text):
    return {l.split("\t")[1]: l.split("\t")[3] for l in text.splitlines() if l.startswith("rpm\t")}


def index_of(patch_id):
    return int(patch_id.rsplit(":", 1)[1])


def verify_server(api, book, agents):
    """What the running server says: acknowledged scans, verdicts, counters, declines, settings."""
    wrong = []
    systems = {s["id"]: s for s in api.all("/systems", state="active,retired,quarantined")}
    for a in agents:
        if systems.get(a.id, {}).get("state") != "active":
            wrong.append(f"{a.name} is {systems.get(a.id, {}).get('state', 'lost')}")
    patches = {p["id"]: p for p in api.all("/patches", view="supported")}
    generations = {int(p["version"]) for p in patches.values()}
    if len(generations) != 1 or not generations <= book.generations or len(patches) != PACKAGES:
        return wrong + [f"the catalog has {len(patches)} patches of generations {generations}, not one of {book.generations}"]
    generation = generations.pop()
    live = {d["id"]: d["patch"]["id"] for d in api.call("GET", "/declines")["items"]}
    for d, patch in book.declines.items():
        if d not in live and d not in book.maybe_ended:
            wrong.append(f"the decline of {patch} is lost")
    for d, patch in live.items():
        if d in book.ended or (d not in book.declines and patch not in book.maybe_declines):
            wrong.append(f"nobody declined {patch}, or it was ended")
    if len(set(live.values())) != len(live):
        wrong.append(f"declined twice: {sorted(live.values())}")
    declined = set(live.values())
    missing_on = dict.fromkeys(patches, 0)
    installed_on = dict.fromkeys(patches, 0)
    for a in agents:
        shown = inventory_of(api, a.id)
        allowed = ([packages_of(book.scans[a.id])] if book.scans[a.id] else [{}]) + [packages_of(t) for t in book.maybe_scans[a.id]]
        if shown not in allowed:
            wrong.append(f"{a.name}: own-{a.name} is {shown.get('own-' + a.name)}, neither the acknowledged scan nor one that was under way "
                         f"({[t.get('own-' + a.name) for t in allowed]})")
        if shown and not {name_of(k) for k in range(PACKAGES)} <= set(shown):
            continue  # blamed above: no scan was like that
        want = {p for p in patches if shown and outdated(shown[name_of(index_of(p))], generation)}
        have = {p["id"] for p in api.all(f"/systems/{a.id}/patches", state="missing")}
        if have != want - declined:
            wrong.append(f"{a.name}: missing {sorted(have ^ (want - declined))[:4]} are wrong")
        for p in want:
            missing_on[p] += 1
        for p in patches:
            installed_on[p] += bool(shown) and p not in want
    for p in patches.values():
        lacking = missing_on[p["id"]]
        say = (0, lacking) if p["id"] in declined else (lacking, 0)
        if (p["missing_systems"], p["declined_systems"], p["installed_systems"]) != (*say, installed_on[p["id"]]):
            wrong.append(f"{p['id']}: counts {p['missing_systems']} missing, {p['declined_systems']} declined, {p['installed_systems']} installed; "
                         f"the inventories say {say[0]}, {say[1]}, {installed_on[p['id']]}")
    told = api.call("GET", "/dashboard")["patches"]
    open_ = {p: n for p, n in missing_on.items() if n and p not in declined}
    if (told["missing"], told["missing_pairs"]) != (len(open_), sum(open_.values())):
        wrong.append(f"the dashboard says {told['missing']} missing, {told['missing_pairs']} pairs; it is {len(open_)}, {sum(open_.values())}")
    refresh = str(setting(api, "agent.refresh_s"))
    if book.refresh and refresh != book.refresh and refresh not in book.maybe_refresh:
        wrong.append(f"agent.refresh_s is {refresh}, not {book.refresh}")
    return wrong


def setting(api, key):
    for s in api.call("GET", "/settings")["items"]:
        if s["key"] == key:
            return s["value"]
    raise KeyError(key)


def settle(book, api, server):
    """What was under way has happened or not: from here on the server's word counts."""
    with book.lock:
        live = {d["id"]: d["patch"]["id"] for d in api.call("GET", "/declines")["items"]}
        book.declines, book.maybe_declines, book.maybe_ended = live, set(), set()
        db = database(server)
        ids = dict(db.execute("select name, id from deployment").fetchall())
        db.close()
        book.deployments.update({n: i for n, i in ids.items() if n in book.maybe_deployments})
        book.maybe_deployments &= set(ids) - set(book.deployments)
        book.refresh, book.maybe_refresh = str(setting(api, "agent.refresh_s")), []
