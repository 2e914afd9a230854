# SPDX-License-Identifier: Apache-2.0
"""A desktop without a screen: takes the name org.freedesktop.Notifications on a user's real session bus, answers Notify, and
keeps what it was told, with the user id that the bus vouches for. As much of the D-Bus protocol as that takes."""
import os
import socket
import struct
import threading

BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
NUMBERS = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}


def string(text):
    raw = text.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def fields(message):
    """The header's array of (code, variant) for these (code, type, value)."""
    out = b""
    for code, kind, value in message:
        out += b"\0" * (-len(out) % 8) + bytes([code, 1]) + kind.encode() + b"\0"
        if kind == "g":
            out += bytes([len(value)]) + value.encode() + b"\0"
        else:
            out += b"\0" * (-len(out) % 4) + (struct.pack("<I", value) if kind == "u" else string(value))
    return out


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def number(self, kind):
        size = struct.calcsize("<" + NUMBERS[kind])
        self.at += -self.at % size
        value, = struct.unpack_from("<" + NUMBERS[kind], self.data, self.at)
        self.at += size
        return value

    def text(self, length):
        value = self.data[self.at:self.at + length].decode()
        self.at += length + 1
        return value

    def values(self, signature):
        """All values of a signature."""
        found, rest = [], signature
        while rest:
            value, rest = self.value(rest)
            found.append(value)
        return found

    def value(self, s):
        """(the first value, the signature after it)"""
        if s[0] in NUMBERS:
            return self.number(s[0]), s[1:]
        if s[0] in "so":
            return self.text(self.number("u")), s[1:]
        if s[0] == "g":
            return self.text(self.number("y")), s[1:]
        if s[0] == "v":
            return self.value(self.text(self.number("y")))[0], s[1:]
        if s[0] == "a":
            inner = s[1:len(s) - len(skip(s[1:]))]
            length, found = self.number("u"), []
            if inner[0] in "xtd({":
                self.at += -self.at % 8
            end = self.at + length
            while self.at < end:
                found.append(self.value(inner)[0])
            return found, s[1 + len(inner):]
        self.at += -self.at % 8  # a struct, or an entry of a dictionary
        inner = s[:len(s) - len(skip(s))]
        return tuple(self.values(inner[1:-1])), s[len(inner):]


def skip(s):
    """A signature without its first complete type."""
    if s[0] == "a":
        return skip(s[1:])
    if s[0] not in "({":
        return s[1:]
    depth = 0
    for n, c in enumerate(s):
        depth += (c in "({") - (c in ")}")
        if not depth:
            return s[n + 1:]
    raise ValueError(s)


class Desktop:
    """Of user `uid`, on the bus whose socket is the file `bus` in `directory`; told: [(uid, summary, body)]."""

    def __init__(self, uid, directory, bus="bus"):
        self.told, self.serial, self.waiting = [], 0, []
        fd = os.open(directory, os.O_PATH | os.O_DIRECTORY)  # the whole path may be longer than a socket's name
        try:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(60)
            os.seteuid(uid)  # the bus lets nobody in but its owner
            self.socket.connect(f"/proc/self/fd/{fd}/{bus}")
        finally:
            os.seteuid(os.getuid())
            os.close(fd)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
        if not self.socket.recv(100).startswith(b"OK "):
            raise RuntimeError("the bus does not let us in")
        self.socket.sendall(b"BEGIN\r\n")
        self.call(*BUS, "Hello")
        self.call(*BUS, "RequestName", "su", string("org.freedesktop.Notifications") + b"\0" * 2 + struct.pack("<I", 4))
        self.socket.settimeout(None)
        threading.Thread(target=self.serve, daemon=True).start()

    def send(self, kind, header, signature="", body=b""):
        self.serial += 1
        if signature:
            header = [*header, (8, "g", signature)]
        array = fields(header)
        head = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), self.serial, len(array)) + array
        self.socket.sendall(head + b"\0" * (-len(head) % 8) + body)
        return self.serial

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        head = self.exactly(16)
        kind, (length, serial, array) = head[1], struct.unpack("<III", head[4:16])
        padded = array + -array % 8
        rest = self.exactly(padded + length)
        header = dict(Reader(head[12:16] + b"\0" * 4 + rest[:padded]).value("a(yv)")[0]) if array else {}
        return kind, serial, header, rest[padded:]

    def call(self, destination, path, interface, member, signature="", body=b""):
        serial = self.send(CALL, [(1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination)], signature, body)
        while True:
            kind, number, header, data = self.receive()
            if kind == CALL:
                self.waiting.append((number, header, data))
            elif header.get(5) == serial:
                values = Reader(data).values(header.get(8, ""))
                if kind == ERROR:
                    raise RuntimeError(f"{member}: {header.get(4)} {values}")
                return values

    def serve(self):
        try:
            while True:
                if not self.waiting:
                    kind, number, header, data = self.receive()
                    if kind != CALL:
                        continue
                    self.waiting.append((number, header, data))
                number, header, data = self.waiting.pop(0)
                if (header.get(2), header.get(3)) != ("org.freedesktop.Notifications", "Notify"):
                    self.send(ERROR, [(4, "s", "org.freedesktop.DBus.Error.UnknownMethod"), (5, "u", number), (6, "s", header[7])])
                    continue
                _, _, _, summary, body, *_ = Reader(data).values("susssasa{sv}i")
                uid, = self.call(*BUS, "GetConnectionUnixUser", "s", string(header[7]))
                self.told.append((uid, summary, body))
                self.send(REPLY, [(5, "u", number), (6, "s", header[7])], "u", struct.pack("<I", len(self.told)))
        except (EOFError, OSError):
            pass
