"""Drives rotations.sh: moves the clock of emulator, rotator and senders together, step by step, runs the scheduled job and
lets every sender send at each step. Prints TAP."""
import argparse
import json
import os
import signal
import subprocess
import sys
import urllib.request

GUID = "11111111-2222-4333-8444-555555555555"
ACCOUNT = "d3a0c0ffee00000000000000000000d3"
HOUR, DAY = 60, 24 * 60
ROTATIONS = 3

parser = argparse.ArgumentParser()
for name in ("work", "rotator", "preload", "http", "https", "ca"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--consumer", action="append", required=True)
args = parser.parse_args()
work, clock, key_file = args.work, f"{args.work}/clock", f"{args.work}/keys/logs.env"
# (Without FORCE_MONOTONIC_FIX=0, a thread of the JVM that waits for a second by the monotonic clock does not wait at all: libfaketime
# 0.9.10 adds to the time what an older C library wanted. It then runs in a circle for as long as the test lasts.)
faked = {**os.environ, "LD_PRELOAD": args.preload, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
         "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
faked.pop("FAKETIME", None)


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{args.http}/_control/{path}", data=data)) as answer:
        return json.load(answer)


def move_to(minute):
    with open(clock + ".new", "w") as f:
        f.write(f"+{minute * 60}s\n")
    os.rename(clock + ".new", clock)
    control("clock", {"offset_s": minute * 60})


def rotator(now, *command):
    # The library without its wrapper: the wrapper refuses a process whose number a killed one had before it.
    env = {**os.environ, "LD_PRELOAD": args.preload, "FAKETIME": f"+{now * 60}s", "NO_FAKE_STAT": "1",
           "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = subprocess.run([args.rotator, "--config", f"{work}/rotator.yaml", *command], env=env, text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Sender:
    """One process of a sender; started as a unit would be, with the sink as its EnvironmentFile=."""
    all = []

    def __init__(self, name, command, restarted=True):
        Sender.all.append(self)
        self.name, self.command, self.restarted = name, command.split(), restarted
        self.process, self.starts, self.lost, self.again = None, 0, [], []

    def start(self):
        with open(key_file) as f:
            key = next(line.strip().partition("=")[2] for line in f if line.startswith("LOGS_APIKEY="))
        env = {**faked, "LOGS_URL": f"{args.http}/instances/{GUID}", "LOGS_AUTH_URL": args.http, "LOGS_APIKEY": key,
               "NAME": self.name}
        self.process = subprocess.Popen(self.command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.starts += 1
        if self.restarted:
            with open(f"{work}/pids/{self.name}.pid", "w") as f:
                f.write(str(self.process.pid))

    def send(self, minute):
        if self.process is not None and self.restarted and os.path.exists(f"{work}/pids/{self.name}.ended"):
            os.unlink(f"{work}/pids/{self.name}.ended")
            self.stop()
        if self.process is None:
            self.start()
        answer = self.ask(minute)
        if answer == "200":
            return
        # The JVM alone, with threads of its own, was refused once in some runs on a busy machine and never twice; libfaketime's
        # clock is suspected. For it, a log is lost when the same process, with the same key, is refused again.
        if self.name == "java":
            self.again.append((minute, answer))
            answer = self.ask(minute)
        if answer != "200":
            self.lost.append((minute, answer))

    def ask(self, minute):
        self.process.stdin.write(f"{minute}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()
        self.process = None


def write_files():
    for folder in ("keys", "state", "pids"):
        os.mkdir(f"{work}/{folder}", 0o700)
    with open(f"{work}/restart", "w") as f:  # what `systemctl try-restart` does to those that run
        f.write(f'#!/bin/sh\nset -e\nfor pid in {work}/pids/*.pid; do\n'
                '  [ -e "$pid" ] || continue\n  kill "$(cat "$pid")"\n  mv "$pid" "${pid%.pid}.ended"\ndone\n')
    os.chmod(f"{work}/restart", 0o700)
    with open(f"{work}/rotator.yaml", "w") as f:
        f.write(f"""version: 1
management: {{file: {work}/management.key}}
state_dir: {work}/state
host_id: consumers
ca_file: {args.ca}
targets:
  - name: logs
    instance: "crn:v1:bluemix:public:logs:eu-de:a/{ACCOUNT}:{GUID}::"
    service_id: logs-agent
    endpoints: {{iam: "{args.https}", ingress: "{args.https}/instances/{{guid}}"}}
    sinks:
      - file: {{path: {key_file}, format: env, variable: LOGS_APIKEY}}
    after_publish: {{run: [{work}/restart]}}
    rotate_jitter: 0s
    proof: {{count: 2, span: 0s, absence_apart: 1s}}
""")
    os.chmod(f"{work}/rotator.yaml", 0o600)


def steps():
    """Minutes: once a day, and every 40 where something happens: from the due time into grace, and about its end. No sum of
    steps is the hour that a token lives: in that second a sender may hold for good what the service holds for expired."""
    minute, end = 2, ROTATIONS * 31 * DAY + 2 * DAY
    while minute < end:
        yield minute
        since = minute % (30 * DAY)  # a rotation begins a little later each time; the next is due 30 days after it
        busy = minute >= 29 * DAY and (since < 4 * HOUR or 23 * HOUR <= since < 30 * HOUR)
        minute += 40 if busy else DAY if minute < 29 * DAY or since >= 30 * HOUR else 90


def main():
    write_files()
    senders = [Sender(*c.split("=", 1)) for c in args.consumer]
    node = next(c.split("=", 1)[1] for c in args.consumer if c.startswith("node="))
    never = Sender("never-restarted", node, restarted=False)
    bad, sends = [], 0
    move_to(0)
    status, text = rotator(0, "init", "logs")
    if status:
        bad.append(f"init: {status} {text}")
    for minute in steps() if not bad else ():
        move_to(minute)
        status, text = rotator(minute, "run")
        if status:
            bad.append(f"run at minute {minute}: {status} {text}")
            break
        for sender in senders:
            sender.send(minute)
        sends += 1
        # A sender that is not restarted holds back the end of the old key while it uses it; this one is silent meanwhile.
        if not 29 * DAY < minute < 33 * DAY:
            never.send(minute)
    retired = sum(k["deleted"] for k in control("keys")["keys"] if k["name"].startswith("logs-ingestion"))
    for sender in [*senders, never]:
        if sender.process:
            sender.stop()
    results = [("the scheduled job ran through", not bad, bad),
               (f"{ROTATIONS} rotations were completed", retired >= ROTATIONS, [f"keys deleted: {retired}"])]
    for sender in senders:
        results.append((f"{sender.name}: no log of {sends} was lost", not sender.lost, sender.lost[:5]))
        results.append((f"{sender.name}: was restarted once a rotation", sender.starts >= ROTATIONS + 1, [sender.starts]))
    results.append(("a silent sender that is never restarted loses logs", bool(never.lost), [never.starts]))
    for sender in senders:
        for minute, answer in sender.again:
            print(f"# {sender.name}: sent again at minute {minute}: {answer}")
    for n, (name, good, why) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {n} - {name}")
        for line in () if good else why:
            print(f"  # {line}")
    print(f"1..{len(results)}")
    return 0 if all(good for _, good, _ in results) else 1


def end_all():
    for sender in Sender.all:
        if sender.process:
            sender.process.kill()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    sys.exit(main())
finally:
    end_all()
