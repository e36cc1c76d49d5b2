#!/usr/bin/env -S python3 -B
"""The table of worlds × commands (worlds.py), where `next:` lines lead (follow.py), and the scenes beside them (scenes.py).

    truth.py [--rotator FILE] [--emulator FILE] [--jobs N] [--world NAME]… [-v] [--list] [--self-test]

Each world is made several times over, each time with an emulator and a folder of its own, so that no command meets what another one
left behind:

    look       what the first `status` says; then, when the world was seen once, each command that changes nothing, and `hold`; from
               there the `next:` lines that `status` begins are followed
    run        the scheduled job, once the world was seen; from there the `next:` lines that `run` begins are followed
    rotate     a rotation asked for by hand, once the world was seen
    rollback   the same, and then a rotation where going back changed nothing
    later      nobody looked; seven hours later the scheduled job comes by: it has to see what consumers meet

With -v, what was wrong and the whole transcript of the worlds named. The last line is "N worlds x M commands: … all agreed".
Exit status: 0, 1 when anything disagreed, 77 when nothing could be made here.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import follow
import judge
import making
from place import NO, UNKNOWN, YES, Broken, Place, Skip, running
from scenes import SCENES
from worlds import COLUMNS, COMMANDS, READING, WORLDS, Wanted

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBED_WITHIN_S = 7 * 3600  # probe_every and an hour
OF_ALL = ("status", "check", "verify", "plan", "run")  # where another file's targets are the matter, prod is not named


class Report:
    """What was found out about one world."""

    def __init__(self, world):
        self.world, self.wrong, self.transcript, self.skipped = world, [], [], None
        self.answers = self.ways = self.pasted = 0
        self.seconds = 0

    def add(self, where, sentences):
        self.wrong += ["%s: %s" % (where, s) for s in sentences]


class Trial:
    """One making of a world."""

    def __init__(self, report, programs, scratch, title):
        self.report, self.world, self.title = report, report.world, title
        self.place = Place(programs[0], programs[1], scratch)

    def __enter__(self):
        try:
            making.make(self.place, self.world.made)
        except BaseException:
            self.__exit__()
            raise
        self.made = len(self.place.answers)
        return self

    def __exit__(self, *error):
        lines = ["--- %s: %s" % (self.world.name, self.title)]
        lines += [a.transcript() for a in self.place.answers]
        self.report.transcript += lines
        self.place.end()

    def command(self, column, json=False):
        text = COMMANDS[column]
        if self.world.others and column in OF_ALL:
            text = text.replace(" prod", "", 1)
        return text + (" --json" if json else "")

    def see(self):
        """What meets the trouble first, so that the program may know it from then on."""
        return self.place.run(self.command(self.world.seen_by))

    def old_is_dead(self):
        old = self.place.kept.get("previous") or self.place.kept.get("current")
        if old is None or old == self.place.value():
            return False
        key = self.place.key_behind(old)
        return key is None or key["token_endpoint"] != "accepted"

    def expected(self, truth):
        """Allowed verdicts of the target now: the table's, or `working` where a command has mended it."""
        if judge.of_sinks(truth.values()) == YES:
            return self.world.overall() - {NO} or {YES}
        return self.world.overall()

    def ask(self, column, json=False, unseen=False):
        """One command, judged."""
        answer = self.place.run(self.command(column, json))
        truth = self.place.truth()
        of_all = judge.of_sinks(truth.values())
        verdict = self.expected(truth)
        world = self.world
        if self.world.is_dead() and of_all == YES:
            world = Mended(self.world)
        first = column in ("status", "check", "verify", "repair") and not json
        statuses = self.world.exits[column]
        if unseen:  # the trouble is plain to see; whether the value works may need a look
            verdict = verdict if verdict == {NO} else verdict | {UNKNOWN}
            statuses = statuses | {4} if judge.said(answer) == UNKNOWN else statuses
        if unseen and not self.world.at_once:
            found = () if isinstance(answer.status, int) else (answer.status,)
        else:
            found = judge.complaints(answer, world, statuses, verdict, of_all, self.old_is_dead(), first)
        where = column + (" --json" if json else "") + (" (first of all)" if unseen else "")
        self.report.answers += 1
        self.report.add(where, found)
        if self.world.lacks and re.search(self.world.lacks, answer.text):
            self.report.add(where, ["offers %s" % re.search(self.world.lacks, answer.text).group(0)])
        return answer

    def follow(self, start):
        try:
            way = follow.follow(self.place, self.world, start)
            self.report.ways += 1
            self.report.pasted += len(way.pasted)
        except follow.DeadEnd as end:
            self.report.add("way out from %s" % start, [str(end)])


class Mended:
    """The row of a world as it is right after a command has mended it."""

    def __init__(self, world):
        self.name, self.others, self.lacks = world.name, world.others, world.lacks
        self.verdict = {name: Wanted("yes") for name in world.verdict}


def _agree(report, answers):
    """All commands must give one verdict, whatever the table allows; in an outage one may know what another may not."""
    if UNKNOWN in report.world.overall():
        return
    verdicts = {}
    for column, answer in answers:
        verdict = judge.said(answer)
        if verdict is not None and answer.status != 2:
            verdicts.setdefault(verdict, []).append(column)
    if len(verdicts) > 1:
        report.add("all", ["commands disagree: " + "; ".join(
            "%s say %s" % (", ".join(sorted(set(c))), v) for v, c in sorted(verdicts.items()))])


def look(trial):
    trial.ask("status", unseen=True)
    if trial.world.seen_by in READING:
        trial.see()
    else:
        trial.ask(trial.world.seen_by, json=True)
    before, answers = trial.place.fingerprint(), []
    for column in READING:
        for json in (True, False):
            answers.append((column, trial.ask(column, json)))
            after = trial.place.fingerprint()
            if after != before:
                trial.report.add(column, ["changed something"])
                before = after
    answers.append(("hold", trial.ask("hold", json=True)))
    trial.place.run("resume prod")
    _agree(trial.report, answers)
    trial.follow("status" + ("" if trial.world.others else " prod"))


def run(trial):
    if trial.world.seen_by != "run":
        trial.see()
    trial.ask("run", json=True)
    if trial.world.quiet:
        answer = trial.ask("run")
        trial.report.add("run", ["says something, and was to be quiet: %r" % answer.text[:80]] if answer.text else [])
    else:
        trial.follow("run")


def rotate(trial):
    if trial.world.seen_by != "rotate":
        trial.see()
    trial.ask("rotate")


def rollback(trial):
    trial.see()
    before = trial.place.fingerprint()
    trial.ask("rollback", json=True)
    if trial.place.fingerprint() == before:
        trial.ask("rotate", json=True)


def later(trial):
    trial.place.later(PROBED_WITHIN_S)
    answer = trial.place.run(trial.command("run", json=True))
    trial.report.answers += 1
    truth = judge.of_sinks(trial.place.truth().values())
    if truth == NO and answer.status != 4:
        trial.report.add("run, seven hours later", ["status %s, and consumers are refused" % answer.status])
    if truth == NO and judge.said(answer) == YES:
        trial.report.add("run, seven hours later", ["says working, and consumers are refused"])


def trials_of(world):
    """The trials of a row of the table; each is made by itself, and knows nothing of the others."""
    if world in SCENES:
        return [scene]
    return [look, run, rotate, rollback] + ([later] if world.bounded and not world.at_once else [])


def scene(trial):
    for say in trial.world.says:
        trial.report.answers += 1
        trial.report.add("scene", say.judge(trial.place))


def try_one(world, part, programs, scratch):
    report, begin = Report(world), time.monotonic()
    try:
        with Trial(report, programs, scratch, part.__name__) as trial:
            part(trial)
    except Skip as skip:
        report.skipped = str(skip)
    except Broken as broken:
        report.add(part.__name__, ["the world could not be made: %s" % broken])
    report.seconds = time.monotonic() - begin
    return report


def joined(world, reports):
    """What the trials of one world found out, as one report."""
    whole = Report(world)
    for report in reports:
        whole.wrong += report.wrong
        whole.transcript += report.transcript
        whole.skipped = whole.skipped or report.skipped
        whole.answers += report.answers
        whole.ways += report.ways
        whole.pasted += report.pasted
        whole.seconds += report.seconds
    return whole


def try_world(world, programs, scratch):
    return joined(world, [try_one(world, part, programs, scratch) for part in trials_of(world)])


GRAVE = ("the world could not be made", "consumers are refused", "beside a dead key", "is said to work", "disagree", "changed something",
         "way out", "status ")


def gravest(wrong):
    """The sentence to be shown where there is room for one."""
    for words in GRAVE:
        for sentence in wrong:
            if words in sentence:
                return sentence
    return wrong[0]


def tell(report, verbose):
    if report.skipped:
        print("SKIP %-14s %s: %s" % (report.world.name, report.world.what, report.skipped))
    elif not report.wrong:
        print("ok   %-14s %s: %d answers, %d ways out, %d steps, %.1f s" %
              (report.world.name, report.world.what, report.answers, report.ways, report.pasted, report.seconds))
    else:
        print("FAIL %-14s %s: %d things wrong in %d answers, such as: %s" %
              (report.world.name, report.world.what, len(report.wrong), report.answers, gravest(report.wrong)))
    if verbose:
        print("\n".join(report.transcript))
        for sentence in report.wrong:
            print("  WRONG %s: %s" % (report.world.name, sentence))
    sys.stdout.flush()


def waits_long(world):
    """Where a service gives no answer, or one that may be passing, commands try again for as long as their patience lasts."""
    return UNKNOWN in world.overall() or world.overall() == {NO} and "services answer" in (world.ends.deed or "")


def try_all(worlds, programs, jobs, verbose):
    """Trials, not worlds, are what runs side by side, and those that wait longest begin first: else a few outages run on alone."""
    scratch = new_scratch()
    reports, lock = [], threading.Lock()
    found = {world: [None] * len(trials_of(world)) for world in worlds}

    def one(world, number):
        report = try_one(world, trials_of(world)[number], programs, scratch)
        with lock:
            found[world][number] = report
            if None not in found[world]:
                reports.append(joined(world, found[world]))
                tell(reports[-1], verbose)
    order = sorted(worlds, key=lambda w: w in SCENES or not waits_long(w))
    try:
        with ThreadPoolExecutor(jobs) as pool:
            for begun in [pool.submit(one, world, number) for world in order for number in range(len(found[world]))]:
                begun.result()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return reports


def sum_up(reports):
    made = [r for r in reports if not r.skipped]
    scenes = [r for r in made if r.world in SCENES]
    bad = [r for r in made if r.wrong]
    figures = "%d worlds x %d commands and %d scenes: %d answers" % (
        len(made) - len(scenes), len(COLUMNS), len(scenes), sum(r.answers for r in made))
    ways = "%d ways out followed, %d steps" % (sum(r.ways for r in made), sum(r.pasted for r in made))
    if not made:
        print("nothing could be made here")
        return 77
    if bad:
        print("%s, %s; %d worlds disagree: %s" % (figures, ways, len(bad), " ".join(r.world.name for r in bad)))
        return 1
    print("%s, all agreed; %s" % (figures, ways))
    return 0


def new_scratch():
    scratch = tempfile.mkdtemp(prefix="rotator-truth.")
    os.chmod(scratch, 0o711)  # some commands act as another user
    _end_at_once(scratch)
    return scratch


def _private_mounts():
    """Small disks are mounted where nobody else sees them, and go with this process."""
    if os.getuid() == 0 and shutil.which("unshare") and "ROTATOR_TRUTH_MOUNTS" not in os.environ:
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0:
            os.environ["ROTATOR_TRUTH_MOUNTS"] = "private"
            os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, "-B"] + sys.argv)


def _end_at_once(scratch):
    """At a signal: end the commands under way and take the folders away. Emulators end with this process."""
    def end(number, frame):
        for group in list(running):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rotator", default=os.path.join(TOP, "build/dev/rotator/app/rotator"))
    parser.add_argument("--emulator", default=os.path.join(TOP, "build/dev/tests/emulator/ibmcloud-emulator"))
    # (most of a trial's time is the program's own waiting before it tries again)
    parser.add_argument("--jobs", type=int, default=6 * (os.cpu_count() or 1))
    parser.add_argument("--world", action="append", default=[])
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args()


def _list():
    for world in WORLDS:
        print("%-16s %s" % (world.name, world.what))
        print("%16s made: %s" % ("", world.made))
        for sink, wanted in world.verdict.items():
            print("%16s %s: %s%s" % ("", sink, " or ".join(sorted(wanted.words)), wanted.reason and " (%s)" % wanted.reason))
        print("%16s %s" % ("", "; ".join("%s %s" % (c, "/".join(map(str, sorted(world.exits[c])))) for c in COLUMNS)))
        print("%16s ends: %s" % ("", world.ends))
    for scene in SCENES:
        print("%-16s %s" % (scene.name, scene.what))
        print("%16s made: %s" % ("", scene.made))
        for say in scene.says:
            print("%16s %s: %s" % ("", say.command, "/".join(map(str, sorted(say.statuses)))))


def main():
    options = parse()
    if options.list:
        _list()
        return 0
    programs = (os.path.abspath(options.rotator), os.path.abspath(options.emulator))
    for program in programs:
        if not os.access(program, os.X_OK):
            print("there is no %s: build it, or name it" % program, file=sys.stderr)
            return 2
    _private_mounts()
    if options.self_test:
        sys.modules["truth"] = sys.modules["__main__"]
        import self_test
        return self_test.main(programs, options.jobs)
    table = WORLDS + SCENES
    unknown = set(options.world) - {w.name for w in table}
    if unknown:
        print("no such world: %s (--list)" % ", ".join(sorted(unknown)), file=sys.stderr)
        return 2
    worlds = [w for w in table if w.name in options.world] or table
    return sum_up(try_all(worlds, programs, options.jobs, options.verbose))


if __name__ == "__main__":
    sys.exit(main())
