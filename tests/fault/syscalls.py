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
import collections
import os
import re
import shutil
import subprocess
import sys

import matrix
from world import FAKETIME, SCENES, Scene, Trial, World, ensure, judge

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
        self.scene, world = scene, setting.world(scene, Traced)
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
    world = setting.world(scene, Traced)
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


def run_all(options, setting, clean):
    def try_case(case):
        return try_one(setting, clean[case[0]], *case[1:])

    def name_of(case):
        return "'%s' %s %d %s" % case, ""

    short = [(name, "write", 0, "SHORT") for name in clean]
    cases = [(name, call, n, deed) for name, c in clean.items() for call, n in c.points for deed in DEEDS]
    figures = matrix.run(options, short + matrix.sample(cases, options), try_case, name_of)
    if figures.statuses["missed"] * 10 > figures.count:
        figures.bad.append("too many were missed")
    return figures.tell("%d deeds at system calls (%d scenes, seed %d)" % (len(short) + len(cases), len(clean), options.seed))


def may_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0


def main():
    options = matrix.parser_of(__doc__, SHARE, ("SCENE", "CALL", "N", "DEED")).parse_args()
    if not FAKETIME or not shutil.which("openssl") or not may_trace():
        print("SKIP: faketime, openssl or strace are missing, or no process may be traced here")
        return 77
    library = os.path.join(os.path.dirname(os.path.abspath(options.rotator)), SHORT)
    ensure(os.path.exists(library), "there is no library " + library)
    setting = matrix.Setting(options.rotator, options.emulator)
    try:
        if options.self_test:
            return self_test(setting)
        only = options.trial[0] if options.trial else options.scene
        clean = {s.name: Clean(setting, s) for s in ALL.values() if only in (None, s.name)}
        if options.trial:
            return matrix.tell_one(try_one(setting, clean[only], options.trial[1], int(options.trial[2]), options.trial[3]))
        return run_all(options, setting, clean)
    finally:
        setting.end()


if __name__ == "__main__":
    sys.exit(main())
