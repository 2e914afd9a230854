#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A mail server for tests: smtp_sink.py DIR PORT [CERTIFICATE KEY starttls|tls]. Each mail it takes becomes a line of
JSON in DIR/mails ({"from", "to", "user", "tls", "data"}). It signs people in as u with password p, or with the token t
(XOAUTH2), when it has TLS; refuses the recipient nobody@... for ever and full@... for now."""
import asyncio
import base64
import json
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

where, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
way = sys.argv[5] if len(sys.argv) > 5 else ""
context = None
if way:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if address.startswith("full@"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with open(where / "mails", "a", encoding="ascii") as f:
            f.write(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "user": session.auth_data, "tls": session.ssl is not None,
                                "data": envelope.content.decode("ascii")}) + "\n")
        return "250 taken"

    async def auth_XOAUTH2(self, server, args):
        said = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        said = said.decode() if isinstance(said, bytes) else ""
        good = said == "user=u\x01auth=Bearer t\x01\x01"
        return AuthResult(success=good, auth_data="u by token" if good else None, handled=False)


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"u" and data.password == b"p"
    return AuthResult(success=good, auth_data="u" if good else None, handled=False)


class Sink(Controller):
    def factory(self):
        auth = {"authenticator": authenticate, "auth_required": True} if way else {}
        if way == "starttls":
            auth |= {"tls_context": context, "require_starttls": True}
        elif way == "tls":
            auth |= {"auth_require_tls": False}
        return SMTP(self.handler, hostname="sink.test", **auth)


sink = Sink(Handler(), hostname="127.0.0.1", port=port, ssl_context=context if way == "tls" else None)
sink.start()
print("ready", flush=True)
asyncio.new_event_loop().run_forever()
