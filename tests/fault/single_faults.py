#!/usr/bin/env -S python3 -B
"""Every single fault of the network: each request of a rotation × everything that can go wrong with one request (front.py).

    single_faults.py [--rotator FILE] [--emulator FILE] [--all | --share N] [--seed N] [--seconds N] [--jobs N]
    single_faults.py --trial SCENE REQUEST FAULT         one trial, with the whole transcript
    single_faults.py --self-test                         can it fail? (lies.py)
    single_faults.py --list                              the scenes and their requests, and the faults

First each scene (world.py) is played without a fault, which tells its requests. Then there is a trial for each request and fault, with an
emulator and a folder of its own: the scene's command meets the fault, and is judged; the scheduled job comes by until nothing is due,
and is judged; what is left is compared with what was left without a fault. By default one trial of N, chosen by the seed, which is the
day's unless it is given; --all: all of them, an hour of two processors.

The lines before the last, which has the figures, name each disagreement as it is to be given to --trial. Exit status: 0, 1 when anything disagreed, 77 when
faketime or openssl are missing.
"""
import shutil
import sys

import front
import lies
import matrix
from world import FAKETIME, NO, SCENES, Trial, World, ensure

SHARE = 32  # one trial of so many, unless all are asked for


class Clean:
    """A scene without a fault: its requests, and what is left after it."""

    def __init__(self, setting, scene):
        self.scene, world = scene, setting.world(scene, World)
        try:
            trial = Trial(world)
            trial.make_ready()
            world.front.arm(-1, None)
            answer = world.run_json(scene.command)
            self.requests = list(world.front.requests)
            trial.judge(answer, "without a fault", {0})
            trial.goal(answer, "without a fault")
            ensure(trial.settle(answer) == 1, "without a fault, something was left to do")
            self.files = world.files()
            trial.end(self.files)
            ensure(not trial.wrong, "%s\n%s" % (trial.transcript(), trial.wrong))
        finally:
            world.end()


def try_one(setting, clean, number, fault):
    """(sentences, transcript)."""
    scene = clean.scene
    world = setting.world(scene, World)
    trial = Trial(world)
    try:
        trial.make_ready()
        world.front.arm(number, fault)
        world.hurry = fault in front.WAITS
        answer = world.run_json(scene.command)
        world.hurry = False
        came = world.front.fired or world.front.beside
        world.front.disarm()
        statuses = {0} if fault in front.HARMLESS else {0, 3, 75} if fault in front.PERSON else {0, 75}
        # An error that lost its text says no more than its status.
        statuses |= {3} if clean.requests[number].status >= 400 and fault in front.OF_BODY else set()
        # A store that is whole and says that the value is no text says what consumers read.
        told = {NO} if fault == "wrong type" and clean.requests[number].service == "vault" else set()
        statuses |= {4} if told else set()
        trial.judge(answer, scene.command, statuses, told)
        trial.goal(answer, scene.command)
        shown = world.status()
        trial.judge(shown, "status", statuses, told)
        trial.settle(shown)
        trial.end(clean.files)
        if not came:
            trial.say(scene.command, "request %d never came" % number)
    except Exception as e:  # a trial that cannot be judged is no good one
        trial.say("the trial itself", "%s: %s" % (type(e).__name__, e))
    finally:
        world.end()
    return trial.wrong, trial.transcript(), answer.status if "answer" in locals() else None


def run_all(options, setting, clean):
    def try_case(case):
        return try_one(setting, clean[case[0]], *case[1:])

    def name_of(case):
        scene, number, fault = case
        return "'%s' %d '%s'" % case, " (%s)" % clean[scene].requests[number].name()

    cases = [(name, number, fault) for name, c in clean.items() for number in range(len(c.requests)) for fault in front.FAULTS]
    figures = matrix.run(options, matrix.sample(cases, options), try_case, name_of)
    return figures.tell("%d single faults (%d scenes, %d faults; seed %d)" % (len(cases), len(clean), len(front.FAULTS), options.seed))


def main():
    parser = matrix.parser_of(__doc__, SHARE, ("SCENE", "REQUEST", "FAULT"))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if not FAKETIME or not shutil.which("openssl"):
        print("SKIP: faketime or openssl are missing")
        return 77
    setting = matrix.Setting(options.rotator, options.emulator)
    try:
        only = options.trial[0] if options.trial else lies.SCENE if options.self_test else options.scene
        clean = {s.name: Clean(setting, s) for s in SCENES if only in (None, s.name)}
        if options.list:
            for name, c in clean.items():
                print(name)
                print("".join("%5d %s\n" % (i, r.name()) for i, r in enumerate(c.requests)), end="")
            print("faults: " + "; ".join(front.FAULTS))
            return 0
        if options.self_test:
            return 1 if lies.run(setting, clean[only], try_one) else 0
        if options.trial:
            return matrix.tell_one(try_one(setting, clean[only], int(options.trial[1]), options.trial[2]))
        return run_all(options, setting, clean)
    finally:
        setting.end()


if __name__ == "__main__":
    sys.exit(main())
