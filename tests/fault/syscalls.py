#!/usr/bin/env -S python3 -B
"""The shipped program killed at every system call that changes something, and every such call failed, once each.

    syscalls.py [--rotator FILE] [--emulator FILE] [--all | --share N] [--seed N] [--seconds N] [--jobs N]
    syscalls.py --trial SCENE CALL N DEED                one trial (DEED: KILL, an error's name, or SHORT), with the whole transcript
    syscalls.py --self-test                              can it fail?

Each scene is run once under strace, which tells the calls of its command: those that create, write, sync, rename, remove, lock, connect,
send or draw a random number. Then there is a trial for each of them and each deed: the process is killed before the call, or the call
fails with EINTR, EIO, ENOSPC or ENOMEM. The N-th call is counted by strace, in each thread on its own. After it the world is judged as
after a fault of the network (world.py).

This is the death of a process, not of the machine. A short write cannot be made this way: strace can only say that less was written, and
then nothing was. So in one more trial of each scene all writes write a part (short_writes.c). A temporary file of a run that was killed may
stay until the next write of its file. Exit status: 0, 1 when anything disagreed, 77 where processes may not be traced.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import front
from world import FAKETIME, SCENES, Scene, Trial, World, ensure, judge

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARE = 40
CALLS = ("openat write pwrite64 fsync fdatasync rename renameat renameat2 unlink unlinkat link linkat symlink mkdir mkdirat chmod fchmod "
         "fchmodat fchown ftruncate connect sendto sendmsg flock fcntl getrandom").split()
KILLED = (-9, 137)
SHORT = "../../tests/fault/libshort_writes.so"  # from the program, where it was built
DEEDS = ("KILL", "EINTR", "EIO", "ENOSPC", "ENOMEM")
MORE = [
    Scene("rotation, own key", "own", ["init prod"], "rotate prod --patience 2s", ("grace", True, 2)),
    Scene("repair", "file", ["init prod", "foreign"], "repair prod --keep state", ("idle", True, 1),
          again="repair prod --keep state"),
    Scene("retire", "file", ["init prod", "rotate prod"], "retire prod --yes", ("retiring idle", False, 1), again="retire prod --yes",
          grace="24h", reload_within="1h"),
]
ALL = {s.name: s for s in SCENES + MORE}


class Setting:
    def __init__(self, rotator, emulator):
        self.programs, self.scratch = (rotator, emulator), tempfile.mkdtemp(prefix="syscalls.")
        os.chmod(self.scratch, 0o711)
        self.certificates = [front.make_certificate(self.scratch, name) for name in ("front", "stranger")]

    def end(self):
        shutil.rmtree(self.scratch, ignore_errors=True)


class Traced(World):
    """What is in `strace` goes before the next commands."""
    strace = ()

    def prefix(self):
        return list(self.strace) + super().prefix()

    def environment(self):
        return {**super().environment(), "ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker wants ptrace for itself


def changes(call, line):
    """Does it change anything? Of openat and fcntl some do; and a write to standard output or error is another matter."""
    if call == "openat":
        return re.search(r"O_CREAT|O_WRONLY|O_RDWR", line) is not None
    if call == "fcntl":
        return re.search(r"F_(OFD_)?SETLK", line) is not None
    return call != "write" or re.search(r"write\([12],", line) is None


def points_of(trace):
    """(call, N) of all that the program changed, after it was started by the shell."""
    counts, found, started = collections.Counter(), [], False
    for line in open(trace, encoding="latin-1"):
        m = re.match(r"(\d+) +(\w+)\(", line)
        if not m:
            continue
        pid, call = m.groups()
        if call == "execve":
            started = started or "/rotator\"" in line
            continue
        counts[pid, call] += 1
        point = call, counts[pid, call]
        if started and changes(call, line) and point not in found:
            found.append(point)
    return found


def could_not_begin(answer):
    """It says so, and nothing of a target."""
    whole, _ = judge.document(answer)
    return whole is not None and whole["targets"] == [] and whole["exit"] == answer.status and answer.status in (1, 3)


class Clean:
    """A scene in which nothing goes wrong: its points, and what is left after it."""

    def __init__(self, setting, scene):
        self.scene, world = scene, Traced(setting.programs, setting.scratch, setting.certificates, scene)
        try:
            trial = Trial(world)
            trial.make_ready()
            trace = world.path("trace")
            world.strace = ("strace", "-f", "-qq", "-s", "0", "-o", trace, "-e", "trace=execve," + ",".join(CALLS))
            answer = world.run_json(scene.command)
            world.strace = ()
            self.points = points_of(trace)
            trial.judge(answer, "nothing wrong", {0})
            trial.goal(answer, "nothing wrong")
            trial.settle(answer)
            self.files = world.files()
            trial.end(self.files)
            ensure(not trial.wrong, "%s\n%s" % (trial.transcript(), trial.wrong))
        finally:
            world.end()


def prefix_of(program, call, number, deed):
    if deed == "SHORT":
        return ("env", "LD_PRELOAD=" + os.path.join(os.path.dirname(program), SHORT))
    what = "signal=KILL" if deed == "KILL" else "error=" + deed
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:%s:when=%d" % (call, what, number))


def try_one(setting, clean, call, number, deed):
    scene = clean.scene
    world = Traced(setting.programs, setting.scratch, setting.certificates, scene)
    trial, status = Trial(world), None
    trial.missed = False  # it was not killed: the call did not come so often this time
    try:
        trial.make_ready()
        world.strace = prefix_of(world.program, call, number, deed)
        answer = world.run_json(scene.command)
        world.strace, status = (), answer.status
        trial.killed = status in KILLED
        if trial.killed or could_not_begin(answer):
            world.look()
        else:
            trial.judge(answer, scene.command, {0, 1, 3, 75})
            trial.goal(answer, scene.command)
        trial.missed = deed == "KILL" and not trial.killed
        shown = world.status()
        trial.judge(shown, "status", {0, 3, 75})
        trial.settle(shown)
        trial.end(clean.files)
    except Exception as e:  # a trial that cannot be judged is no good one
        trial.say("the trial itself", "%s: %s" % (type(e).__name__, e))
    finally:
        world.end()
    return trial.wrong, trial.transcript(), "missed" if trial.missed else status


# --- can it fail? ---

TORN = """#!%s -ISB
import os, sys
sink = os.path.join(os.path.dirname(sys.argv[sys.argv.index("-c") + 1]), "sinks/prod.env")
if "rotate" in sys.argv:
    value = open(sink, "rb").read()
    file = os.open(sink, os.O_WRONLY | os.O_TRUNC)
    os.write(file, value)
    os.close(file)
os.execv(%r, [%r] + sys.argv[1:])
"""


def self_test(setting):
    """A program that writes its file anew in place must be found torn; one that is killed at a call that never comes, missed."""
    scene, real = ALL["rotation, file"], os.path.abspath(setting.programs[0])
    honest = Clean(setting, scene)
    call, number = [p for p in honest.points if p[0] == "write"][0]
    good = [not try_one(setting, honest, call, number, "KILL")[0], try_one(setting, honest, call, 10 ** 6, "KILL")[2] == "missed"]
    torn = os.path.join(setting.scratch, "rotator")
    with open(torn, "w", encoding="ascii") as f:
        f.write(TORN % (sys.executable, real, real))
    os.chmod(torn, 0o755)
    setting.programs = (torn, setting.programs[1])
    torn = Clean(setting, scene)
    first = [p for p in torn.points if p[0] == "write"][0]
    wrong = try_one(setting, torn, first[0], first[1], "KILL")[0]
    good.append(any("the sink holds no value" in w for w in wrong))
    for what, well in zip(("an honest program is found right", "a kill that never came is told", "a torn file is found out"), good):
        print("%s %s" % ("ok  " if well else "FAIL", what))
    return 0 if all(good) else 1


_shared = {}  # of this process and those that it starts


def _pooled(case):
    return try_one(_shared["setting"], _shared["clean"][case[0]], *case[1:])


def run_all(options, setting, clean):
    cases = [(name, call, n, deed) for name, c in clean.items() for call, n in c.points for deed in DEEDS]
    whole = len(cases)
    random.Random(options.seed).shuffle(cases)
    cases = [(name, "write", 0, "SHORT") for name in clean] + cases[:: options.share]
    whole += len(clean)
    _shared.update(setting=setting, clean=clean)
    statuses, bad, began = collections.Counter(), [], time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        begun = [pool.submit(_pooled, case) for case in cases]
        for case, future in zip(cases, begun):
            if options.seconds and time.monotonic() - began > options.seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                break
            wrong, transcript, status = future.result()
            statuses[status] += 1
            if wrong:
                bad.append("'%s' %s %d %s" % case)
                print("%s\nFAIL %s: %s" % (transcript if len(bad) <= options.transcripts else "", bad[-1], "; ".join(wrong)), flush=True)
    if statuses["missed"] * 10 > sum(statuses.values()):
        bad.append("too many were missed")
    for name in bad:
        print("disagrees: --trial %s" % name)
    print("%d of %d deeds at system calls (%d scenes, seed %d): exit status %s; %d disagreed, %.0f s" %
          (sum(statuses.values()), whole, len(clean), options.seed, ", ".join("%s %d times" % s for s in sorted(statuses.items(), key=str)),
           len(bad), time.monotonic() - began))
    return 1 if bad else 0


def may_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rotator", default=TOP + "/build/dev/rotator/app/rotator")
    parser.add_argument("--emulator", default=TOP + "/build/dev/tests/emulator/ibmcloud-emulator")
    parser.add_argument("--all", dest="share", action="store_const", const=1)
    parser.add_argument("--share", type=int)
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400)
    parser.add_argument("--seconds", type=int, help="then no other trial begins")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--transcripts", type=int, default=5, help="of so many disagreements the whole transcript")
    parser.add_argument("--scene")
    parser.add_argument("--trial", nargs=4, metavar=("SCENE", "CALL", "N", "DEED"))
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    options.share = options.share or SHARE
    if not FAKETIME or not shutil.which("openssl") or not may_trace():
        print("SKIP: faketime, openssl or strace are missing, or no process may be traced here")
        return 77
    library = os.path.join(os.path.dirname(os.path.abspath(options.rotator)), SHORT)
    ensure(os.path.exists(library), "there is no library " + library)
    setting = Setting(options.rotator, options.emulator)
    try:
        if options.self_test:
            return self_test(setting)
        only = options.trial[0] if options.trial else options.scene
        clean = {s.name: Clean(setting, s) for s in ALL.values() if only in (None, s.name)}
        if options.trial:
            wrong, transcript, _ = try_one(setting, clean[only], options.trial[1], int(options.trial[2]), options.trial[3])
            print(transcript + "\n" + ("; ".join(wrong) or "agreed"))
            return 1 if wrong else 0
        return run_all(options, setting, clean)
    finally:
        setting.end()


if __name__ == "__main__":
    sys.exit(main())
