#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An order's JSON for tests/agent/endpoint.sh, from a partial mirror of the real archive.

make-order.py MIRROR SPOOL OUT key=value... NAME:ARCH=VERSION[<FROM]...
Writes the order to OUT and puts every file it names into SPOOL under its SHA-256. Keys: id, seq, agent,
org, epoch, not_after (seconds from now), not_before, keyring, extra (comma separated packages). With FROM
the order goes back (uninstall).
"""
import datetime, hashlib, json, lzma, os, shutil, sys, time

mirror, spool, out = sys.argv[1:4]
opts = {"id": "0" * 31 + "1", "seq": "1", "agent": "a" * 32, "org": "b" * 32, "epoch": "1",
        "not_after": "86400", "not_before": "-3600", "extra": "", "payload": "all",
        "keyring": "/usr/share/keyrings/debian-archive-keyring.gpg"}
names = []
for word in sys.argv[4:]:
    key, _, value = word.partition("=")
    if key in opts:
        opts[key] = value
    else:
        names.append(word)

def package(word):
    na, _, version = word.partition("=")
    name, _, arch = na.partition(":")
    version, _, older_than = version.partition("<")
    return {"name": name, "arch": arch, "version": version, **({"from": older_than} if older_than else {})}

packages = [package(w) for w in names]
extra = [package(w) for w in opts["extra"].split(",") if w]
wanted = {(p["name"], p["arch"], p["version"]) for p in packages + extra}

def put(path):
    data = open(path, "rb").read()
    sha = hashlib.sha256(data).hexdigest()
    target = os.path.join(spool, sha)
    if not os.path.exists(target):
        shutil.copyfile(path, target)
    return sha, len(data)

def stanzas(path):
    text = lzma.open(path, "rt", encoding="utf-8").read()
    for block in text.split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            key, sep, value = line.partition(": ")
            if sep and not line.startswith(" "):
                fields[key] = value
        if fields:
            yield fields

def when(seconds):
    t = datetime.datetime.fromtimestamp(time.time() + int(seconds), datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")

archives = []
for tree in sorted(os.listdir(mirror)):
    dists = os.path.join(mirror, tree, "dists")
    if not os.path.isdir(dists):
        continue
    for suite in os.listdir(dists):
        base = os.path.join(mirror, tree)
        index = []
        for rel in (f"dists/{suite}/InRelease", f"dists/{suite}/main/binary-amd64/Packages.xz"):
            sha, size = put(os.path.join(base, rel))
            index.append({"path": rel, "sha256": sha, "size": size})
        payload = []
        for f in stanzas(os.path.join(base, index[1]["path"])):
            if (f["Package"], f["Architecture"], f["Version"]) in wanted:
                path = os.path.join(base, f["Filename"])
                if not os.path.exists(path):
                    continue
                sha, size = put(path)
                assert sha == f["SHA256"]
                payload.append({"path": f["Filename"], "sha256": sha, "size": size})
        if payload or suite.endswith("-security"):
            archives.append({"id": tree + "." + suite, "suite": suite, "components": "main",
                             "keyring": opts["keyring"], "index": index,
                             "payload": payload if opts["payload"] == "all" else []})

order = {"v": 1, "org": opts["org"], "id": opts["id"], "deployment": "d" * 32,
         "agent": opts["agent"], "epoch": int(opts["epoch"]), "seq": int(opts["seq"]),
         "not_before": when(opts["not_before"]), "not_after": when(opts["not_after"]),
         "action": "uninstall" if "from" in packages[0] else "install", "kind": "deb", "packages": packages, "extra": extra, "archives": archives}
json.dump(order, open(out, "w"))
