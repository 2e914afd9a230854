# SPDX-License-Identifier: Apache-2.0
"""The organisation's desk: an offline key, and what it signs."""
import pathlib

from harness import run


class Content:
    def __init__(self, build, where):
        self.program, self.where = pathlib.Path(build) / "src/tsukuroi", where
        self.version = 0
        where.mkdir()
        self.line = self.cli("keygen", where / "key")  # what an endpoint's policy.conf says to trust it

    def cli(self, *argv):
        return run(self.program, "content", *argv).stdout.strip()

    def sign(self, name, text):
        self.version += 1
        plain, out = self.where / f"{name}.sh", self.where / f"{name}-{self.version}.signed"
        plain.write_text(text)
        self.cli("sign", "--key", self.where / "key", "--name", name, "--version", self.version, plain, out)
        return out.read_text()
