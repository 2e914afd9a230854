#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P13: CPU of the server for a gigabyte of files, plain and over TLS, beside nginx with sendfile, in turns in one run.

    p13_files.py [BUILD] [MEGABYTES]

Downloads a file of 64 MB again and again with curl (whose CPU does not count) from both, with the same certificate.
Prints key=value lines; exits 1 when a guard fails, 2 when it could not measure. Guards: <= 1.15 x nginx for each; the
content's SHA-256 is that of the file."""
import hashlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
FILE_MB, ROUNDS, AT_ONCE = 64, 5, 4


def cannot(why):
    print(f"cannot measure: {why}", file=sys.stderr)
    sys.exit(2)


def tool(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    return found or cannot(f"no {name}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fetch(url, times):
    """So many downloads, some at once; the CPU is the server's affair."""
    per = max(1, times // AT_ONCE)
    curl = [tool("curl"), "-sk", "--fail", "--noproxy", "*", "-H", "Connection: keep-alive", *(["-o", "/dev/null", url] * per)]
    running = [subprocess.Popen(curl) for _ in range(AT_ONCE)]
    if any([p.wait() for p in running]):
        cannot(f"'{url}' was not downloaded")
    return per * AT_ONCE


def digest(url):
    body = subprocess.run([tool("curl"), "-sk", "--fail", "--noproxy", "*", url], stdout=subprocess.PIPE, check=False).stdout
    return hashlib.sha256(body).hexdigest()


def nginx_conf(work, plain, tls):
    paths = " ".join(f"{n}_temp_path {work}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""worker_processes 1; daemon off; master_process off; user root; pid {work}/nginx.pid; error_log {work}/nginx.log;
events {{ worker_connections 200; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; default_type application/octet-stream; {paths}
 server {{ listen 127.0.0.1:{plain}; root {work}; }}
 server {{ listen 127.0.0.1:{tls} ssl; root {work}; ssl_certificate {work}/cert.pem; ssl_certificate_key {work}/key.pem; ssl_protocols TLSv1.3; }} }}
"""


def wait_for(port, process):
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    cannot("a server does not listen")


def measure(work, build, times):
    path = work / "file"
    path.write_bytes(os.urandom(1 << 20) * FILE_MB)
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=bench",
                    "-keyout", work / "key.pem", "-out", work / "cert.pem"], check=True, stderr=subprocess.DEVNULL)
    ports = {"nginx": (free_port(), free_port())}
    (work / "nginx.conf").write_text(nginx_conf(work, *ports["nginx"]))
    servers = {"nginx": subprocess.Popen([tool("nginx"), "-p", work, "-c", work / "nginx.conf"], stderr=subprocess.DEVNULL)}
    servers["ours"] = subprocess.Popen([build / "bench/p13_files", path, work / "cert.pem", work / "key.pem"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        said = dict(w.split("=") for w in servers["ours"].stdout.readline().decode().split())
        ports["ours"] = (int(said["plain"]), int(said["tls"]))
        want, cpu, right = hashlib.sha256(path.read_bytes()).hexdigest(), {}, True
        for name, server in servers.items():
            for i, way in enumerate(("plain", "tls")):
                wait_for(ports[name][i], server)
                right = digest(f"{'https' if i else 'http'}://127.0.0.1:{ports[name][i]}/file") == want and right
        for _ in range(ROUNDS):
            for i, way in enumerate(("plain", "tls")):
                for name, server in servers.items():
                    before = cpu_of(server.pid)
                    n = fetch(f"{'https' if i else 'http'}://127.0.0.1:{ports[name][i]}/file", times)
                    cpu.setdefault((way, name), []).append((cpu_of(server.pid) - before) / (n * FILE_MB / 1024))
        return cpu, right
    finally:
        for server in servers.values():
            server.kill()
            server.wait()


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build").resolve()
    times = int(sys.argv[2] if len(sys.argv) > 2 else 2048) // FILE_MB
    if not (build / "bench/p13_files").exists():
        cannot(f"no {build}/bench/p13_files; 'ninja -C {build} bench/p13_files' first")
    with tempfile.TemporaryDirectory(prefix="p13.") as work:
        cpu, right = measure(pathlib.Path(work), build, times)
    good = right
    for way in ("plain", "tls"):
        ours, nginx = (statistics.median(cpu[way, name]) for name in ("ours", "nginx"))
        held = ours <= 1.15 * nginx
        good = good and held
        print(f"p13_{way}_s_per_gb={ours:.3f} nginx_{way}_s_per_gb={nginx:.3f} ratio_{way}={ours / max(nginx, 1e-9):.2f} guard_{way}={'ok' if held else 'FAILED'}")
    print(f"guard_same_content={'ok' if right else 'FAILED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
