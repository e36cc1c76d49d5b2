"""A matrix of trials, as single_faults.py and syscalls.py have one: its setting, its options, and how it is run side by side. What
one trial is, and what its case is called, is theirs.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import shutil
import tempfile
import time

import front

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Setting:
    """What all trials share: programs, a folder, certificates."""

    def __init__(self, rotator, emulator):
        self.programs, self.scratch = (rotator, emulator), tempfile.mkdtemp(prefix="matrix.")
        os.chmod(self.scratch, 0o711)
        self.certificates = [front.make_certificate(self.scratch, name) for name in ("front", "stranger")]

    def world(self, scene, kind):
        return kind(self.programs, self.scratch, self.certificates, scene)

    def end(self):
        shutil.rmtree(self.scratch, ignore_errors=True)


def parser_of(doc, share, case):
    """share: one trial of so many, unless all are asked for; case: the names of a case's parts, for --trial."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rotator", default=TOP + "/build/dev/rotator/app/rotator")
    parser.add_argument("--emulator", default=TOP + "/build/dev/tests/emulator/ibmcloud-emulator")
    parser.add_argument("--all", dest="share", action="store_const", const=1, default=share)
    parser.add_argument("--share", type=int, default=share)
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--transcripts", type=int, default=5, help="of so many disagreements the whole transcript")
    parser.add_argument("--seconds", type=int, help="then no other trial begins")
    parser.add_argument("--scene")
    parser.add_argument("--trial", nargs=len(case), metavar=case)
    parser.add_argument("--self-test", action="store_true")
    return parser


def tell_one(result):
    """Of --trial: the transcript, and what disagreed."""
    wrong, transcript, _ = result
    print(transcript + "\n" + ("; ".join(wrong) or "agreed"))
    return 1 if wrong else 0


def sample(cases, options):
    cases = list(cases)
    random.Random(options.seed).shuffle(cases)
    return cases[:: options.share]


_shared = {}  # of this process and those that it starts


def _pooled(case):
    return _shared["try_case"](case)


class Figures:
    """What came of the trials: how often which exit status, the cases that disagreed, and how long it took."""

    def __init__(self):
        self.statuses, self.bad, self.began = collections.Counter(), [], time.monotonic()

    @property
    def count(self):
        return sum(self.statuses.values())

    @property
    def seconds(self):
        return time.monotonic() - self.began

    def tell(self, what):
        """The lines at the end; `what` says of how many of what these are the figures. The exit status."""
        for name in self.bad:
            print("disagrees: --trial %s" % name)
        print("%d of %s: exit status %s; %d disagreed, %.0f s" % (
            self.count, what, ", ".join("%s %d times" % s for s in sorted(self.statuses.items(), key=str)), len(self.bad), self.seconds))
        return 1 if self.bad else 0


def run(options, cases, try_case, name_of):
    """Tries the cases, as many at once as there are jobs. try_case(case): sentences that disagree, transcript, exit status;
    name_of(case): as it is given to --trial, and what else there is to say of it.
    """
    _shared["try_case"] = try_case
    figures = Figures()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        begun = [pool.submit(_pooled, case) for case in cases]
        for case, future in zip(cases, begun):
            if options.seconds and figures.seconds > options.seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                break
            wrong, transcript, status = future.result()
            figures.statuses[status] += 1
            if figures.count % 500 == 0:
                print("# %d of %d, %.0f s" % (figures.count, len(cases), figures.seconds), flush=True)
            if wrong:
                name, more = name_of(case)
                figures.bad.append(name)
                shown = transcript if len(figures.bad) <= options.transcripts else ""
                print("%s\nFAIL %s%s: %s" % (shown, name, more, "; ".join(wrong)), flush=True)
    return figures
