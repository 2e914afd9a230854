# SPDX-License-Identifier: Apache-2.0
"""Who wants a server's memory, with and without a client certificate, and a memory limit for the server to live under
(the kernel's memory controller, version 1 or 2). What the siege sends is to be refused; the exceptions are the largest
inventory that is allowed, which is taken once: who brings new lines again and again is told to come later."""
import hashlib
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

from harness import PlayedAgent, run

CGROUPS = pathlib.Path("/sys/fs/cgroup")


class MemoryLimit:
    """A control group that holds a server and its children to `megabytes`, page cache and all."""

    def __init__(self, name, megabytes):
        self.second = (CGROUPS / "cgroup.controllers").exists() and "memory" in (CGROUPS / "cgroup.controllers").read_text().split()
        self.at = (CGROUPS if self.second else CGROUPS / "memory") / name
        self.at.mkdir()
        self.set(megabytes)
        no_swap = self.at / ("memory.swap.max" if self.second else "memory.swappiness")
        if no_swap.exists():
            no_swap.write_text("0")

    @staticmethod
    def hindrance():
        """Why there is none here; None: there is."""
        try:
            MemoryLimit(f"tsukuroi-try-{os.getpid()}", 64).close()
        except OSError as e:
            return f"no memory controller can be used: {e}"
        return None

    def set(self, megabytes):
        (self.at / ("memory.max" if self.second else "memory.limit_in_bytes")).write_text(str(megabytes << 20))

    def hold(self, pid):
        """`pid` and what it will start."""
        (self.at / "cgroup.procs").write_text(str(pid))

    def _number(self, file, key):
        for line in (self.at / file).read_text().splitlines():
            if line.split()[0] == key:
                return int(line.split()[1])
        raise KeyError(key)

    def kills(self):
        """How often the kernel had to kill for want of memory."""
        return self._number("memory.events" if self.second else "memory.oom_control", "oom_kill")

    def held(self):
        """Bytes that cannot be dropped: without page cache."""
        return self._number("memory.stat", "anon" if self.second else "total_rss")

    def close(self):
        end = time.monotonic() + 10
        while True:
            try:
                return self.at.rmdir()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


class Siege:
    def __init__(self, server, api, token, where):
        self.server, self.api, self.where = server, api, where
        self.stopping, self.tries, self.statuses, self.errors = threading.Event(), {}, {}, []
        where.mkdir()
        self.bomb = subprocess.run(["zstd", "-q", "-c", "-3"], input=bytes(1 << 28), stdout=subprocess.PIPE, check=True).stdout
        self.agents = []
        for i in range(4):
            (where / f"s{i}").mkdir()
            self.agents.append(PlayedAgent(server, token, where / f"s{i}", hostname=f"siege{i}", os_id="debian", os_version="12", arch="amd64"))
        self.threads = []
        for kind, attack in {"bomb": self._bomb, "endless": self._endless, "endless for agents": self._endless_agent, "headers": self._headers,
                             "deep": self._deep, "slow": self._slow}.items():
            self._join(kind, attack)

    def _join(self, kind, attack):
        self.threads.append(threading.Thread(target=self._repeat, args=(kind, attack), daemon=True))
        self.threads[-1].start()

    def largest(self):
        """From here on also inventories as large as is allowed."""
        self._join("largest", self._largest)

    def stop(self):
        """How often each kind came, and what it was answered."""
        self.stopping.set()
        for t in self.threads:
            t.join(60)
        if any(t.is_alive() for t in self.threads):
            raise RuntimeError("the siege does not end")
        return self.tries

    def _repeat(self, kind, attack):
        n = 0
        while not self.stopping.is_set():
            n += 1
            try:
                status = attack(n)
            except (OSError, http.client.HTTPException):  # cut off, or the server is away
                status = "cut off"
                self.stopping.wait(0.05)
            except Exception as e:
                self.errors.append(f"{kind}: {type(e).__name__}: {e}")
                return
            self.tries[kind] = self.tries.get(kind, 0) + 1
            self.statuses.setdefault(kind, set()).add(status)

    # --- with a client certificate

    def _agent(self, i):
        a = self.agents[i % len(self.agents)]
        return http.client.HTTPSConnection(self.server.address, self.server.agent_port, context=a.context, timeout=20), a

    def _post(self, i, body, digest, **headers):
        c, a = self._agent(i)
        try:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            c.request("POST", "/agent/v1/checkin", json.dumps({"attrs": a.attrs, "inventory": digest, "scanned": stamp, "nonce": a.nonce, "epoch": 1, "seq": 0}),
                      {"Content-Type": "application/json"})
            r = c.getresponse()
            raw = r.read()
            if r.status != 200:
                return r.status
            a.nonce = json.loads(raw)["nonce"]
            c.request("POST", f"/agent/v1/inventory?scanned={stamp}", body, {"Content-Type": "text/tsukuroi-inventory", "Inventory-Hash": digest, **headers})
            r = c.getresponse()
            r.read()
            return r.status
        finally:
            c.close()

    def _bomb(self, n):
        return self._post(0, self.bomb, hashlib.sha256(b"%d" % n).hexdigest(), **{"Content-Encoding": "zstd"})

    def _largest(self, n):
        """As large as is allowed, all of it new."""
        lines = ["arch\tamd64", "os\tdebian\t12\tbookworm"] + [f"deb\tp{k:06d}\tamd64\t1.{n}-1\t\t" for k in range(199000)]
        text = "\n".join(sorted(lines)) + "\n"
        return self._post(1, text.encode(), hashlib.sha256(text.encode()).hexdigest())

    def _endless_agent(self, n):
        c, _ = self._agent(3)
        return self._pour(c, "/agent/v1/inventory")

    # --- without

    def _open(self):
        context = ssl.create_default_context(cafile=str(self.server.state / "tls/ca.pem"))
        return http.client.HTTPSConnection(self.server.address, self.server.port, context=context, timeout=20)

    def _pour(self, c, path):
        try:
            c.putrequest("POST", path)
            c.putheader("Content-Type", "application/json")
            c.putheader("Content-Length", str(1 << 40))
            c.endheaders()
            for _ in range(2000):
                if self.stopping.is_set():
                    break
                c.send(b" " * 65536)
            r = c.getresponse()
            r.read()
            return r.status
        finally:
            c.close()

    def _endless(self, n):
        return self._pour(self._open(), "/api/v1/session")

    def _headers(self, n):
        c = self._open()
        try:
            c.putrequest("GET", "/api/v1/session")
            for k in range(20000):
                c.putheader(f"X-{k}", "x" * 50)
            c.endheaders()
            r = c.getresponse()
            r.read()
            return r.status
        finally:
            c.close()

    def _deep(self, n):
        c = self._open()
        try:
            c.request("POST", "/api/v1/deployments:preview", "[" * (50000 if n % 2 else 900000), {"Content-Type": "application/json", "Authorization": f"Bearer {self.api.token}"})
            r = c.getresponse()
            r.read()
            return r.status
        finally:
            c.close()

    def _slow(self, n):
        """A hundred connections that never finish their request, on both ports."""
        held = []
        try:
            for k in range(100):
                port = self.server.port if k % 2 else self.server.agent_port
                context = ssl.create_default_context(cafile=str(self.server.state / "tls/ca.pem")) if k % 2 else self.agents[2].context
                s = context.wrap_socket(socket.create_connection((self.server.address, port), 5), server_hostname=self.server.address)
                s.settimeout(2)
                held.append(s)
                s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX")
            for _ in range(20):
                if self.stopping.wait(0.25):
                    break
                for s in list(held):
                    try:
                        s.sendall(b"-")
                    except OSError:
                        held.remove(s)
                        s.close()
            return "slow"
        finally:
            for s in held:
                s.close()
