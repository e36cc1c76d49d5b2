#!/usr/bin/env python3
"""Rotations in a row of one target, under faults, with a reader of the file that never stops looking.

    rotations.py ROTATOR EMULATOR [--rotations N] [--seed N] [--kills PROBABILITY] [--faults PROBABILITY]

Each rotation is asked for and finished by the shipped program with grace and quarantine 0, against the emulator, which loses
answers, breaks connections, throttles, lags and answers late at random. Some runs are killed at a random moment; the next run
goes on. All the time a reader reads the key file, asks the emulator whether IAM would accept that value now, and reads the
file again: a value that was refused although the file held it before and after is a bad moment, and fails the test. So does
a key left over once faults have stopped.
"""
import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

INSTANCE = "11111111-2222-4333-8444-555555555555"
ACCOUNT = "d3a0c0ffee00000000000000000000d3"
CONFIG = """version: 1
management: {{file: {dir}/management.key}}
state_dir: {dir}/state
ca_file: {dir}/ca.pem
targets:
  - name: demo
    instance: "crn:v1:bluemix:public:logs:eu-de:a/{account}:{instance}::"
    service_id: logs-agent
    endpoints: {{iam: "{https}", ingress: "{https}/instances/{{guid}}"}}
    grace: 0s
    quarantine: 0s
    proof: {{count: 2, span: 0s, absence_apart: 0s, propagation: 5s}}
    sinks:
      - file: {{path: {dir}/keys/demo.env, format: env}}
"""
# What goes wrong, by what matches. Every rule fires with the probability given, from a seed.
FAULTS = [
    ({"path": "/v1/apikeys*", "method": "POST"}, {"lose_answer": True}),
    ({"path": "/v1/apikeys*", "method": "POST"}, {"duplicate_late_ms": 150}),
    ({"path": "/v1/apikeys*", "method": "POST"}, {"late_ms": 200}),
    ({"path": "/v1/apikeys*", "method": "DELETE"}, {"lose_answer": True}),
    ({"path": "/v1/apikeys*", "method": "DELETE"}, {"late_ms": 100}),
    ({"path": "/v1/apikeys*"}, {"drop_before": True}),
    ({"path": "/v1/apikeys*"}, {"status": 503, "body": "<html>try later</html>", "content_type": "text/html"}),
    ({"path": "/identity/token"}, {"status": 429, "headers": {"Retry-After": "0"}}),
    ({"path": "/identity/token"}, {"lose_answer": True}),
    ({"path": "/identity/token"}, {"truncate": True}),
    ({"path": "*/logs/v1/singles"}, {"status": 500, "body": "<html>oops</html>", "content_type": "text/html"}),
    ({"path": "*/logs/v1/singles"}, {"reset": True}),
    ({"path": "*/logs/v1/singles"}, {"complaint": "log dropped"}),
]


class Control:
    """The emulator's control interface; one connection a thread."""

    def __init__(self, port):
        self.port, self.local = port, threading.local()

    def call(self, method, path, body=None):
        for attempt in (0, 1):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request(method, "/_control/" + path, None if body is None else json.dumps(body))
                answer = connection.getresponse()
                text = answer.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if attempt:
                    raise
                continue
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
            return json.loads(text) if text else None


def value_in(path):
    """The key in our env file; None when there is none."""
    with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as f:
        for line in f:
            if line.startswith("IAM_API_KEY="):
                return line.partition("=")[2].strip().strip("'\"")
    return None


class Reader(threading.Thread):
    """Reads, asks, reads again, all the time. It asks by a socket of its own, in one piece: http.client costs ten times as much of
    the processor, which then is missing where the rotations are."""

    def __init__(self, port, path):
        super().__init__(daemon=True)
        self.path = path
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.looks = self.bad = self.values = 0
        self.stop = threading.Event()

    def is_accepted(self, value):
        body = json.dumps({"value": value})
        self.socket.sendall(f"POST /_control/check-value HTTP/1.1\r\nHost: emulator\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                            .encode())
        answer = b""
        while True:
            part = self.socket.recv(65536)
            if not part:
                raise RuntimeError("the emulator has closed the connection")
            answer += part
            head, _, text = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)^content-length: (\d+)", head, re.M)
            if length and len(text) == int(length[1]):
                break
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"check-value: {answer[:200]!r}")
        return json.loads(text)["accepted"]

    def run(self):
        last = None
        while not self.stop.is_set():
            before = value_in(self.path)
            if before is None:
                self.bad += 1  # there was a key before we were started: a file without one is a broken sender
                continue
            accepted = self.is_accepted(before)
            self.looks += 1
            if not accepted and value_in(self.path) == before:
                self.bad += 1
                print(f"# the file held a refused key ({hashlib.sha256(before.encode()).hexdigest()[:12]})", flush=True)
            self.values += before != last
            last = before
            time.sleep(0.001)  # leaves the processor to the program that is being watched


class World:
    def __init__(self, rotator, emulator, directory):
        self.rotator, self.dir = rotator, directory
        for name in ("keys", "state"):
            os.mkdir(f"{directory}/{name}", 0o700)
        self.process = subprocess.Popen(
            [emulator, "--demo", "--demo-key-file", f"{directory}/management.key", "--dir", directory,
             "--die-with-parent"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.control = Control(int(ready["http"].rpartition(":")[2]))
        with open(f"{directory}/rotator.yaml", "w", encoding="ascii") as f:
            f.write(CONFIG.format(dir=directory, account=ACCOUNT, instance=INSTANCE, https=ready["https"]))

    def run(self, *args, kill_after=None):
        """Runs the program; returns its exit status, or None when it was killed."""
        child = subprocess.Popen([self.rotator, "--config", f"{self.dir}/rotator.yaml", *args],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            child.communicate(timeout=kill_after if kill_after else 300)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.communicate()
            if not kill_after:
                raise
            return None
        return child.returncode

    def status(self):
        out = subprocess.run([self.rotator, "--config", f"{self.dir}/rotator.yaml", "status", "--json", "demo"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False).stdout
        return json.loads(out)["targets"][0]

    def live_keys(self):
        """The keys of the target's identity that are there, whoever made them."""
        return [k for k in self.control.call("GET", "keys")["keys"] if not k["deleted"] and k["name"] == "demo-ingestion"]


def set_faults(control, probability, seed):
    control.call("DELETE", "faults")
    for number, (match, effect) in enumerate(FAULTS):
        rule = {"match": {**match, "probability": probability, "seed": seed + number}, "effect": effect}
        control.call("POST", "faults", rule)


def rotate(world, before, chance, kills):
    """One rotation of the key before, to its end, through kills and faults. Returns the current key, how many runs that took and
    how many were killed."""
    runs = killed = 0
    while True:
        kill_after = 0.002 + chance.random() * 0.06 if chance.random() < kills else None
        asked = runs == 0 or world.status()["current"] == before
        status = world.run(*(["rotate", "demo", "--wait=retired"] if asked else ["run"]), kill_after=kill_after)
        runs += 1
        killed += status is None
        if status in (2, 3, 4):
            raise RuntimeError(f"exit status {status}: nobody is needed here")
        now = world.status()
        if now["phase"] == "idle" and now["current"] != before:
            return now["current"], runs, killed
        if runs > 200:
            raise RuntimeError(f"no end after {runs} runs: {now}")


def settle(world):
    """Faults have stopped: runs until nothing is left over."""
    world.control.call("DELETE", "faults")
    for _ in range(60):
        status = world.run("run")
        if status == 0 and world.status()["phase"] == "idle" and len(world.live_keys()) == 1:
            return
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rotator")
    parser.add_argument("emulator")
    parser.add_argument("--rotations", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=float, default=0.1)
    parser.add_argument("--faults", type=float, default=0.01)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    directory = tempfile.mkdtemp(prefix="rotator-rotations-")
    world = World(options.rotator, options.emulator, directory)
    failed = True
    started = time.monotonic()
    runs = killed = 0
    try:
        assert world.run("init", "demo") == 0, "init failed"
        current = world.status()["current"]
        reader = Reader(world.control.port, f"{directory}/keys/demo.env")
        reader.start()
        for number in range(options.rotations):
            if number % 50 == 0:
                set_faults(world.control, options.faults, options.seed + number)
            current, more_runs, more_killed = rotate(world, current, chance, options.kills)
            runs, killed = runs + more_runs, killed + more_killed
        settle(world)
        assert reader.is_alive(), "the reader has ended"
        reader.stop.set()
        reader.join()
        left = len(world.live_keys()) - 1
        print(f"{options.rotations} rotations, {runs} runs, {killed} killed, seed {options.seed}; "
              f"the reader looked {reader.looks} times and saw {reader.values} values; "
              f"{reader.bad} bad moments, {left} keys left over, {time.monotonic() - started:.0f} s")
        failed = reader.bad != 0 or left != 0 or reader.values < options.rotations / 2
    finally:
        world.process.terminate()
        world.process.wait()
        if failed:
            print(f"# what was left is in {directory}")
        else:
            shutil.rmtree(directory)
    return failed


if __name__ == "__main__":
    sys.exit(main())
