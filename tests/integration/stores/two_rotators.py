#!/usr/bin/env python3
"""Two rotators at once on one target whose home and sink are in one Vault, killed at random.

    two_rotators.py ROTATOR EMULATOR [--rotations N] [--seed N] [--kills PROBABILITY] [--pauses PROBABILITY]
        [--faults PROBABILITY] [--below DIR]

Run by tests/servers/vault/dev.sh, which starts the Vault. Each rotator has a state directory, a lock and a host_id of its own,
so nothing but the compare-and-set of the stores keeps the two apart. Each asks for one rotation after the other, with grace
and quarantine 0, and is killed at a random moment of some of its runs, or stopped there for so long that the other goes on and the first then
acts on what it once read. All the time a reader reads the secret, asks the
emulator whether IAM would accept that value now, and reads again: a value that was refused although the secret held it
before and after is a bad moment, and fails the test. So does a key left over in the end. A rotation counts when the reader
saw its key. Faults of IBM Cloud come on top with --faults. After a failure both logs stay, below DIR where it is given
(dev.sh removes its own).
"""
import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fault"))
import rotations  # noqa: E402  (found by the line above)

SINK = "logs/demo"
STORES = """    home: {{vault: {{mount: secret, path: rotator/state/demo}}}}
    sinks:
      - vault: {{mount: secret, path: {sink}}}
"""
VAULT = "vault: {{address: \"{address}\", auth: {{token: {{file: {dir}/token}}}}}}\n"
RUN_LIMIT_S = 120


class Secret:
    """The consumers' secret, read over one connection."""

    def __init__(self, address, token):
        self.host, self.token, self.connection = address.rpartition("/")[2], token, None

    def value(self):
        """The key in the secret; None when there is none."""
        for attempt in (0, 1):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.host, timeout=60)
                self.connection.request("GET", f"/v1/secret/data/{SINK}", headers={"X-Vault-Token": self.token})
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt:
                    raise
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise RuntimeError(f"Vault answers HTTP {answer.status}")
        return (json.loads(text)["data"]["data"] or {}).get("api_key")


class Reader(threading.Thread):
    """Reads, asks, reads again, all the time."""

    def __init__(self, control, secret):
        super().__init__(daemon=True)
        self.control, self.secret = control, secret
        self.looks = self.bad = 0
        self.values, self.error = set(), None
        self.stop = threading.Event()

    def run(self):
        try:
            while not self.stop.is_set():
                self.look()
                time.sleep(0.002)  # leaves the processor to the programs that are being watched
        except Exception as e:  # pylint: disable=broad-except
            self.error = e

    def look(self):
        before = self.secret.value()
        if before is None:
            self.bad += 1  # there was a key before we were started
            print("# the secret holds no key", flush=True)
            return
        answer = self.control.call("POST", "check-value", {"value": before})
        self.looks += 1
        self.values.add(before)
        if not answer["accepted"] and self.secret.value() == before:
            self.bad += 1
            print(f"# {time.time():.3f}: the secret held a refused key: {answer['reason']} {answer.get('key_id')}", flush=True)


class Host(rotations.World):
    """One of the two rotators: the world's configuration with a state directory and a host_id of its own."""

    def __init__(self, world, name, address):  # pylint: disable=super-init-not-called
        self.rotator, self.control, self.name = world.rotator, world.control, name
        self.dir = f"{world.dir}/{name}"
        os.mkdir(self.dir, 0o700)
        os.mkdir(f"{self.dir}/state", 0o700)
        with open(f"{world.dir}/rotator.yaml", encoding="ascii") as f:
            head = f.read().partition("    sinks:\n")[0]
        own = f"state_dir: {self.dir}/state\nhost_id: host-{name}\n" + VAULT.format(address=address, dir=world.dir)
        with open(f"{self.dir}/rotator.yaml", "w", encoding="ascii") as f:
            f.write(head.replace(f"state_dir: {world.dir}/state\n", own) + STORES.format(sink=SINK))

    def run(self, *args, kill_after=None, pause=None):
        """Runs the program, its log kept; returns its exit status, or None when it was killed. pause: (after, for) seconds."""
        with open(f"{self.dir}/log", "ab") as log:
            log.write(f"--- {time.time():.3f} {' '.join(args)}\n".encode())
            log.flush()
            child = subprocess.Popen([self.rotator, "--config", f"{self.dir}/rotator.yaml", "--verbose", *args],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
            if pause:
                self.hold_up(child, *pause)
            try:
                child.wait(timeout=kill_after if kill_after else RUN_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
                if not kill_after:
                    raise
                log.write(f"--- {time.time():.3f} killed\n".encode())
                return None
        return child.returncode

    @staticmethod
    def hold_up(child, after, length):
        """Stops the program in the middle, and lets it go on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=after)
            return
        child.send_signal(signal.SIGSTOP)
        time.sleep(length)
        child.send_signal(signal.SIGCONT)


class Worker(threading.Thread):
    """Asks for rotations on one host until it is told to stop; kills or pauses some runs at any moment of their usual length."""

    def __init__(self, host, chance, options):
        super().__init__(daemon=True)
        self.host, self.chance, self.kills, self.pauses = host, chance, options.kills, options.pauses
        self.runs = self.killed = self.paused = 0
        self.usual_s, self.error = 0.5, None
        self.stop = threading.Event()

    def run(self):
        try:
            while not self.stop.is_set():
                self.once()
        except Exception as e:  # pylint: disable=broad-except
            self.error = e

    def once(self):
        moment, dice = self.usual_s * self.chance.random() + 0.002, self.chance.random()
        kill_after = moment if dice < self.kills else None
        pause = (moment, 2 * self.usual_s * self.chance.random()) if dice > 1 - self.pauses else None
        command = self.chance.choice((("rotate", "demo", "--wait=retired"), ("run",)))
        began = time.monotonic()
        status = self.host.run(*command, kill_after=kill_after, pause=pause)
        self.runs += 1
        self.paused += pause is not None
        self.killed += status is None
        if status in (1, 2, 3, 4, 5):
            raise RuntimeError(f"host {self.host.name}: exit status {status}: nobody is needed here, and no lock is shared")
        if status == 0 and not pause:
            self.usual_s += (time.monotonic() - began - self.usual_s) / 8


def race(world, workers, reader, options):
    """Both rotate until the reader has seen enough keys."""
    for each in (reader, *workers):
        each.start()
    beat = 0
    while len(reader.values) <= options.rotations:
        if beat % 100 == 0 and options.faults:
            rotations.set_faults(world.control, options.faults, options.seed + beat)
        beat += 1
        time.sleep(0.1)
        for each in (reader, *workers):
            if each.error:
                raise each.error
    for worker in workers:
        worker.stop.set()
    for worker in workers:
        worker.join()
        if worker.error:
            raise worker.error


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rotator")
    parser.add_argument("emulator")
    parser.add_argument("--rotations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=float, default=0.3)
    parser.add_argument("--pauses", type=float, default=0.3)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--below", metavar="DIR")
    return parser.parse_args()


def play(world, options):
    """The whole of it; returns whether all is well."""
    address, token = os.environ["VAULT_ADDR"], os.environ["VAULT_TOKEN"]
    with open(os.open(f"{world.dir}/token", os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
        f.write(token)
    hosts = [Host(world, name, address) for name in ("a", "b")]
    chance = random.Random(options.seed)
    workers = [Worker(host, random.Random(chance.random()), options) for host in hosts]
    secret = Secret(address, token)
    reader = Reader(world.control, secret)
    started = time.monotonic()
    assert hosts[0].run("init", "demo") == 0, "init failed"
    race(world, workers, reader, options)
    for host in hosts:
        rotations.settle(host)
    reader.stop.set()
    reader.join()
    if reader.error:
        raise reader.error
    left = len(world.live_keys()) - 1
    accepted = world.control.call("POST", "check-value", {"value": secret.value()})["accepted"]
    print(f"{len(reader.values) - 1} rotations by two rotators, {sum(w.runs for w in workers)} runs, "
          f"{sum(w.killed for w in workers)} killed, {sum(w.paused for w in workers)} paused, seed {options.seed}; "
          f"the reader looked {reader.looks} times; {reader.bad} bad moments, {left} keys left over, {time.monotonic() - started:.0f} s")
    return reader.bad == 0 and left == 0 and accepted and all(w.killed for w in workers)


def main():
    options = arguments()
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        del os.environ[name]
    directory = tempfile.mkdtemp(prefix="rotator-two-", dir=options.below)
    world = rotations.World(options.rotator, options.emulator, directory)
    well = False
    try:
        well = play(world, options)
    finally:
        world.process.terminate()
        world.process.wait()
        if well:
            shutil.rmtree(directory)
        else:
            print(f"# what was left, and each rotator's log, is in {directory}")
            with contextlib.suppress(OSError):
                for name in ("a", "b"):
                    with open(f"{directory}/{name}/log", encoding="utf-8", errors="replace") as f:
                        print(*[f"# {name}: {line}" for line in f.readlines()[-20:]], sep="")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
