# SPDX-License-Identifier: Apache-2.0
"""What the walk of the console looks at beside this machine: three real endpoints, at two of which somebody works, with
deployments that stopped where a person is asked or told - a plan that waits, one that has drifted, a script that said
no, an installation and a restart that users are told of, and a machine that is switched off and is woken."""
import re

import people
from content import Content
from harness import enrol, finished, system_of, wait_for

HANAKO = 1500
AGENT = "/opt/tsukuroi-agent/tsukuroi-agent"
SERVED, SMALL = "nginx", ("expat", "jq", "xz-utils", "ca-certificates", "openssl", "perl", "curl", "gnutls28", "libcap2")
CHANGED, GONE = "etc/nginx/nginx.conf", "etc/nginx/mime.types"
NOTICE = {"title": {"en": "Security updates", "ja": "セキュリティ更新"}, "message": {"en": "Please save your work.", "ja": "作業を保存してください。"},
          "countdown_minutes": 30, "postpone": {"times": 3, "minutes": 60, "deadline_hours": 8}}


class World:
    def __init__(self, eps, server, api, build, work):
        self.eps, self.api = eps, api
        self.desk = Content(build, work / "desk")
        for name in ("ep1", "ep3"):
            people.at_terminal(eps, name, eps.root(name), "hanako", HANAKO)
        for name in eps.names:
            self.change_files(eps.root(name) / CHANGED, eps.root(name) / GONE, eps.root(name) / "var/lib/dpkg/status")
            enrol(eps, name, server, api.call("POST", "/enrolment-tokens", {"label": name, "max_uses": 1})["token"])
        (eps.root("ep1") / "etc/tsukuroi-agent/policy.conf").write_text(self.desk.line + "\n")
        self.systems = {n: wait_for(f"the first scan of {n}", lambda n=n: system_of(api, n), 120)["id"] for n in eps.names}
        mine = {p["product"]: p["id"] for p in api.all(f"/systems/{self.systems['ep1']}/patches", state="missing")}
        self.patches = {p: mine[p] for p in (SERVED, *SMALL) if p in mine}
        if len(self.patches) < 5 or SERVED not in self.patches:
            raise RuntimeError(f"too little is missing on the endpoints: {sorted(mine)}")

    @staticmethod
    def change_files(changed, gone, status):
        """Both came from a version that had other ones, one was changed since and one was removed: what dpkg asks about."""
        text = status.read_text()
        for f in (changed, gone):
            name = f"/etc/nginx/{f.name}"
            text, n = re.subn(rf"(?m)^ {re.escape(name)} [0-9a-f]{{32}}$", f" {name} {'0' * 32}", text)
            if n != 1:
                raise RuntimeError(f"{name}: dpkg knows {n} of it")
        status.write_text(text)
        with open(changed, "a") as f:
            f.write("\n# changed here\n")
        gone.unlink()

    def deploy(self, name, patches, on=("ep1",), **request):
        """patches: by their place among those that are missing, nginx first"""
        return self.api.deploy(name=name, patches={"ids": [list(self.patches.values())[p] for p in patches]}, systems={"ids": [self.systems[n] for n in on]}, now=True, **request)[1]["id"]

    def policy(self, name, **parts):
        return self.api.call("POST", "/deployment-policies", {"name": name, "schedule": {}, **parts})["id"]

    def until(self, deployment, *reasons):
        """All its targets say one of that."""
        there = lambda: all(t["reason"] in reasons for t in self.api.all(f"/deployments/{deployment}/targets"))
        wait_for(f"{reasons} of {deployment}", there, 180)
        return deployment

    def plans(self):
        """One that waits, of two machines, and one that becomes another after it was approved."""
        waiting = self.deploy("設定ファイルのある更新", [0], ("ep1", "ep2"), approval="plan")
        drifted = self.deploy("計画が変わる更新", [1, 2], ("ep2",), approval="plan")
        self.until(drifted, "awaiting_approval")
        hashes = [p["hash"] for p in self.api.call("GET", f"/deployments/{drifted}/plans")["items"]]
        meanwhile = self.deploy("先に入れた更新", [1], ("ep2",))
        yield
        wait_for("another deployment meanwhile", lambda: finished(self.api, meanwhile), 180)
        self.api.call("POST", f"/deployments/{drifted}/plans:approve", {"hashes": hashes})
        yield
        self.until(drifted, "plan_drift")
        self.until(waiting, "awaiting_approval")

    def scripts(self):
        ids = [self.api.call("POST", "/scripts", {"file": self.desk.sign(name, text)})["id"] for name, text in (
            ("orders-closed", "#!/bin/sh\n# 受注の締め処理が動いている間は更新しない。\necho '締め処理が動いています'\nexit 3\n"),
            ("tell-monitoring", "#!/bin/sh\nset -eu\necho \"$TSUKUROI_OUTCOME\"\n"))]
        policy = self.policy("業務サーバー", before={"script": {"sha256": ids[0], "timeout_s": 120}}, after={"script": {"sha256": ids[1]}})
        deployment = self.deploy("締め処理の後の更新", [3], policy=policy)
        wait_for("the script's no", lambda: finished(self.api, deployment), 120)

    def users(self):
        """One installation is put off, and at another machine a restart is counted down to."""
        asked = self.deploy("作業中の人に知らせる更新", [4], policy=self.policy("予告する", notification=NOTICE))
        after = {"power": "reboot", "wait_minutes": 120, "postpone": {"times": 2, "minutes": 60, "deadline_hours": 8}}
        counted = self.deploy("再起動のある更新", [1], ("ep3",), policy=self.policy("再起動を予告する", after=after))
        self.until(asked, "user_notice")
        people.as_user(self.eps, "ep1", HANAKO, AGENT, "postpone", "45", check=True)
        self.until(asked, "postponed")
        self.until(counted, "waiting_users")

    def asleep(self):
        """Switched off; after two minutes of silence it is taken for asleep, and woken by its neighbour."""
        self.eps.sh("stop", "ep2")
        wait_for("its silence", lambda: not system_of(self.api, "ep2")["online"], 60)
        self.deploy("夜間に起動する更新", [2], ("ep2",), policy=self.policy("起動してから", before={"wake": True}))

    def prepare(self):
        """One machine works while the other waits."""
        plans = self.plans()
        next(plans)
        self.scripts()
        next(plans)
        self.users()
        next(plans, None)
        self.asleep()
