"""Can the table fail? The model (model.py) answers rightly in a few worlds and must be found right; then it tells one lie at a time, and
each must be found out, by the sentence that is meant for it.
"""
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import truth as table
from worlds import WORLDS

HONEST = ("fine", "T1", "T2", "T14", "sink-gone")
# lie, world, part of the trial in which it is told, sentence that finds it out
PLANTED = (
    ("exit", "T1", "look", r"status 0 beside a dead key"),
    ("works", "T1", "look", r"says working, and consumers are refused"),
    ("attention", "T1", "look", r"keys --json: `attention` is false at status 4"),
    ("attention", "fine", "look", r"keys --json: `attention` is true at status 0"),
    ("unsure", "T1", "look", r"commands disagree: .*keys say not known"),
    ("reason", "T2", "look", r"the reason 'something' lacks 'Sender'"),
    ("proven", "fine", "look", r"not when that was proven"),
    ("old", "T1", "rotate", r"a dead old key is said to work"),
    ("circle", "T1", "look", r"way out .*in a circle"),
    ("itself", "T1", "look", r"verify: the way out of a dead key is the same command again"),
    ("refused", "T1", "look", r"way out .*refused with 2"),
    ("other tool", "T1", "look", r"way out .*hands over to systemctl"),
    ("nothing", "T1", "look", r"way out .*names no way on"),
    ("chain", "T1", "look", r"way out .*a fourth step"),
    ("garbage", "T14", "look", r"offers --keep sink="),
    ("change", "fine", "look", r"keys: changed something"),
    ("forgets", "T2", "later", r"seven hours later: status 0, and consumers are refused"),
    ("alarm", "fine", "look", r"check: status 4, not 0"),
    ("words", "fine", "look", r"an internal word: home_back"),
    ("two", "T1", "look", r"two verdicts in one text"),
    ("late", "fine", "look", r"first line for the target is not the verdict"),
)


def _program(scratch, real, lie):
    path = os.path.join(scratch, "rotator-" + (lie or "honest").replace(" ", "-"))
    if os.path.exists(path):  # others may be running it
        return path
    with open(path + ".py", "w") as f:
        f.write("import sys\nsys.path.insert(0, %r)\nimport model\nmodel.main(%r, %r)\n"
                % (os.path.dirname(os.path.abspath(__file__)), real, lie))
    # It is started a thousand times: nothing of the machine's own modules, and what was compiled once is kept (in the scratch folder).
    with open(path, "w") as f:
        f.write('#!/bin/sh\nexec "%s" -IS -X pycache_prefix="%s" "%s.py" "$@"\n'
                % (sys.executable, os.path.join(scratch, "compiled"), path))
    os.chmod(path, 0o755)
    return path


def _world(name):
    return [w for w in WORLDS if w.name == name][0]


def _honest(name, programs, scratch):
    """None, or what is not as it should be."""
    report = table.try_world(_world(name), (_program(scratch, programs[0], None), programs[1]), scratch)
    if not report.wrong and not report.skipped:
        print("ok   an honest program is found right in %s: %d answers" % (name, report.answers), flush=True)
        return None
    return "\n".join(report.transcript + [
        "FAIL an honest program is found wrong in %s: %s" % (name, report.skipped or "; ".join(report.wrong))])


def _lie(planted, programs, scratch):
    lie, name, part, sentence = planted
    report = table.Report(_world(name))
    with table.Trial(report, (_program(scratch, programs[0], lie), programs[1]), scratch, part) as trial:
        getattr(table, part)(trial)
    if any(re.search(sentence, wrong) for wrong in report.wrong):
        print("ok   the lie '%s' is found out in %s" % (lie, name), flush=True)
        return None
    return "\n".join(report.transcript + ["FAIL the lie '%s' is not found out in %s: %s" % (lie, name, "; ".join(report.wrong))])


def main(programs, jobs):
    scratch = table.new_scratch()
    for lie in {None} | {p[0] for p in PLANTED}:
        _program(scratch, programs[0], lie)
    try:
        with ThreadPoolExecutor(jobs) as pool:
            begun = [pool.submit(_honest, name, programs, scratch) for name in HONEST]
            begun += [pool.submit(_lie, planted, programs, scratch) for planted in PLANTED]
            bad = [found for found in (b.result() for b in begun) if found]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for text in bad:
        print(text)
    print("%d honest worlds, %d planted lies, %d not as they should be" % (len(HONEST), len(PLANTED), len(bad)))
    return 1 if bad else 0
