#!/usr/bin/env python3
"""Looks for secrets where none may be.

  nowhere.py files NEEDLES [--but PATH]... PATH...   in files, and those of folders; not in those excepted
  nowhere.py memory NEEDLES [--all] PID              in the memory of a process, but for what is locked and not dumped
  nowhere.py watch NEEDLES SECONDS FOLDER            in the command line and environment of every process that has the folder in
                                                     its environment, as all that a test starts have; those of other tests have not
  nowhere.py notices NEEDLES SOCKET                  in what is sent to $NOTIFY_SOCKET, until killed

NEEDLES is a file of values, one a line, which may grow; each is looked for as it is, in base64 at every offset, in hex, and
percent-encoded, whole or the first 24 characters of it. So is what looks like a token of IAM. Each place that holds one is
a line on standard output; no value is ever shown. Exit status 1: there was such a place.
"""
import base64
import binascii
import os
import re
import socket
import sys
import time
import urllib.parse

SHORT = 24  # characters of a value that are enough to tell it
TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}")


def shapes(value):
    """A value in each of its shapes, by name; cut, so that a part of it is found too."""
    raw = value[:SHORT].encode()
    yield "plain", raw
    yield "hex", binascii.hexlify(raw)
    yield "percent-encoded", urllib.parse.quote(value[:SHORT], safe="").encode()
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + raw)
        yield "base64", text[(4 if skip else 0):len(text) // 4 * 4 - 4]


class Needles:
    """The values of a file, read again when it has grown."""

    def __init__(self, path):
        self.path, self.size, self.found = path, -1, []

    def all(self):
        size = os.path.getsize(self.path)
        if size != self.size:
            with open(self.path, encoding="ascii") as f:
                values = [line.strip() for line in f if len(line.strip()) >= SHORT]
            self.size = size
            self.found = [(n, name, text) for n, v in enumerate(values, 1) for name, text in dict.fromkeys(shapes(v))]
        return self.found

    def in_bytes(self, data):
        """What is found in data: (offset, what it is)."""
        for n, name, text in self.all():
            at = data.find(text)
            if at >= 0:
                yield at, f"value {n}, {name}"
        token = TOKEN.search(data)
        if token:
            yield token.start(), "a token"


class Report:
    """Each place once."""

    def __init__(self):
        self.told = set()

    def tell(self, place):
        if place not in self.told:
            self.told.add(place)
            print(place, flush=True)


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def files(needles, report, but, paths):
    for top in paths:
        names = [top] if os.path.isfile(top) else [os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs]
        for name in names:
            if os.path.realpath(name) in but or not os.path.isfile(name):
                continue
            for _, what in needles.in_bytes(read(name)):
                report.tell(f"file {name}: {what}")
            for _, what in needles.in_bytes(os.fsencode(name)):
                report.tell(f"name of a file in {os.path.dirname(name)}: {what}")


def mappings(pid):
    """(start, end, name, flags) of each that can be read."""
    start = end = name = None
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)\S* \S+ \S+ \S+ *(.*)$", line)
            if head:
                start, end = int(head[1], 16), int(head[2], 16)
                name = (head[4].strip() or "memory") if head[3] else None
            elif line.startswith("VmFlags:") and name and name not in ("[vvar]", "[vsyscall]"):
                yield start, end, name, line.split()[1:]


def memory(needles, report, pid, all_of_it):
    """False: not one mapping is locked and left out of dumps, so the arena was not found."""
    arena = False
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as f:
        for start, end, name, flags in mappings(pid):
            if "lo" in flags and "dd" in flags:
                arena = True
                if not all_of_it:
                    continue
            try:
                f.seek(start)
                data = f.read(end - start)
            except OSError:
                continue
            for at, what in needles.in_bytes(data):
                report.tell(f"memory, {name} at {start + at:x}: {what}")
    return arena


def watch(needles, report, seconds, folder):
    me = str(os.getpid())
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for pid in os.listdir("/proc"):
            if not pid.isdigit() or pid == me:
                continue
            environ = read(f"/proc/{pid}/environ")
            if folder.encode() not in environ:
                continue
            for part, text in (("environ", environ), ("cmdline", read(f"/proc/{pid}/cmdline"))):
                for _, what in needles.in_bytes(text):
                    report.tell(f"{part} of a process: {what}")
        time.sleep(0.01)


def notices(needles, report, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        while True:
            for _, what in needles.in_bytes(s.recv(65536)):
                report.tell(f"notice to systemd: {what}")


def main():
    verb, rest = sys.argv[1], sys.argv[3:]
    needles, report = Needles(sys.argv[2]), Report()
    if verb == "files":
        but = set()
        while rest[0] == "--but":
            but.add(os.path.realpath(rest[1]))
            rest = rest[2:]
        files(needles, report, but, rest)
    elif verb == "memory":
        if not memory(needles, report, int(rest[-1]), rest[0] == "--all"):
            report.tell("memory: no mapping is locked and left out of dumps")
    elif verb == "watch":
        watch(needles, report, float(rest[0]), rest[1])
    elif verb == "notices":
        notices(needles, report, rest[0])
    else:
        sys.exit(__doc__)
    return 1 if report.told else 0


if __name__ == "__main__":
    sys.exit(main())
