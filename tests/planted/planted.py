#!/usr/bin/env -S python3 -B
"""Are the tests able to fail? Errors are planted in the code one by one, and for each the test that is named must fail.

  planted.py [NAME…] [--jobs N]   plants them (all, or those named), and runs the tests
  planted.py --list               what there is to plant
  planted.py --find REGEX NAME…   of all tests of that name (as 'unit/|contract/'), which catch it? For a new error
  planted.py --check [ROOT] [--build DIR]   only: is the text of each there, exactly once, and is there such a test?
  planted.py --self-test          can --check fail?

The errors stand in errors.txt, whose head says how. For each test that is named, the copy of the tree (tree.py) is first as it is,
and the test must pass; then each error is put in, what the test runs is built again, and the test must fail. An error that does
not compile, and a test that is skipped, count as not caught. Whoever changes a line that an error replaces changes errors.txt as
well: lint/planted says so.

--keep DIR: works in DIR and leaves it, so that the next run builds less.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from tree import FAILED, HUNG, PASSED, TOP, UNBUILT, Tree, ctest_lines, end_all, lint

TABLE, EQUIVALENT = "tests/planted/errors.txt", "tests/planted/equivalent.txt"
PARTS = ("name", "file", "test", "hurts")
Planted = collections.namedtuple("Planted", PARTS + ("old", "new", "line"))


def table(root):
    """The errors, and what is wrong with the table's form: [Planted], [(line, text)]."""
    found, wrong = [], []
    blocks, block = [], []
    for n, line in enumerate(lint.read(root, TABLE).split("\n"), 1):
        if line.startswith("#"):
            continue
        if line:
            block.append((n, line))
        elif block:
            blocks.append(block)
            block = []
    for block in blocks:
        words = [line.split(None, 1) for _, line in block if line[0] not in "-+ "]
        lines = [line for _, line in block if line[0] in "-+ "]
        if [w[0] for w in words] != list(PARTS) or any(len(w) != 2 for w in words):
            wrong.append((block[0][0], "an error has the parts %s, in this order" % ", ".join(PARTS)))
            continue
        old = "\n".join(x[1:] for x in lines if x[0] in "- ")
        new = "\n".join(x[1:] for x in lines if x[0] in "+ ")
        found.append(Planted(*(w[1] for w in words), old, new, block[0][0]))
    return found, wrong


def occurrences(text, old):
    return ("\n" + text).count("\n" + old + "\n")


def planted_in(text, p):
    return ("\n" + text).replace("\n" + p.old + "\n", "\n" + p.new + "\n" if p.new else "\n")[1:]


def look(root, build=None):
    """Findings about the table, as a lint gives them."""
    found, wrong = table(root)
    tests = {name for name, _ in ctest_lines(build)} if build else None
    names = set()
    for p in found:
        if p.name in names:
            wrong.append((p.line, "another error is called %s" % p.name))
        names.add(p.name)
        there = os.path.isfile(os.path.join(root, p.file))
        n = occurrences(lint.read(root, p.file), p.old) if there and p.old else 0
        if not there:
            wrong.append((p.line, "%s: there is no file %s" % (p.name, p.file)))
        elif n != 1:
            wrong.append((p.line, "%s: the text that is replaced is in %s %d times" % (p.name, p.file, n)))
        if p.old == p.new:
            wrong.append((p.line, "%s: nothing is changed" % p.name))
        if tests is not None and p.test not in tests:
            wrong.append((p.line, "%s: there is no test %s" % (p.name, p.test)))
    if not found:
        wrong.append((1, "no errors"))
    for line, text in sorted(wrong):
        yield "%s:%d: %s" % (TABLE, line, text)
    for where, before in explained(root):
        file = where.split()[0]
        lines = lint.read(root, file).split("\n") if os.path.isfile(os.path.join(root, file)) else []
        if before not in [x.strip() for x in lines]:
            yield "%s:1: there is no such line in %s: %s" % (EQUIVALENT, file, before)


def explained(root):
    """(file and function, line) of the mutants that are explained."""
    if os.path.isfile(os.path.join(root, EQUIVALENT)):
        lines = [x for x in lint.read(root, EQUIVALENT).split("\n") if not x.startswith("#")]
        for i, line in enumerate(lines):
            if line.startswith("- "):
                yield lines[i - 1], line[2:].strip()


def entry(name, file="a.c", test="unit/a", lines="-b;\n+c;\n"):
    return "name  %s\nfile  %s\ntest  %s\nhurts Somebody.\n%s\n" % (name, file, test, lines)


PLANTED = {
    "a.c": "a;\nb;\nd;\n  d;\nd;\ne;\n",
    "b/CTestTestfile.cmake": "add_test([=[unit/a]=] \"/b/a\")\n",
    EQUIVALENT: "a.c f\n- e;\n+ f;\nNobody sees it.\n\na.c f\n- g;\n+ f;\nNor this.\n",
    TABLE: entry("good") + entry("context", lines=" a;\n-b;\n d;\n+c;\n") + entry("missing", lines="-c;\n+b;\n") +
           entry("twice", lines="-d;\n+c;\n") + entry("good", lines="-e;\n") + entry("gone", file="b.c") +
           entry("idle", lines="-b;\n+b;\n") + entry("untested", test="unit/b") + "name  short\nfile  a.c\n-b;\n\n",
}
EXPECTED = ["missing: the text that is replaced is in a.c 0 times", "twice: the text that is replaced is in a.c 2 times",
            "another error is called good", "gone: there is no file b.c", "idle: nothing is changed",
            "untested: there is no test unit/b", "there is no such line in a.c: g;", "an error has the parts"]


class Judge:
    """One tree, and what is found out in it."""

    def __init__(self, folder):
        self.tree = Tree(folder)

    def of_test(self, test, errors):
        """[(Planted, what became of the test, seconds, what was said)] of all errors of one test."""
        said = self.tree.make([test])
        became = UNBUILT if said else None
        if not said:
            became, said = self.tree.run([test])
        if became != PASSED:
            return [(p, "%s without it" % became, 0, said) for p in errors]
        return [self._plant(p) for p in errors]

    def _plant(self, p):
        began, text = time.monotonic(), self.tree.read(p.file)
        try:
            self.tree.write(p.file, planted_in(text, p))
            said = self.tree.make([p.test])
            became = UNBUILT
            if not said:
                became, said = self.tree.run([p.test])
        finally:
            self.tree.write(p.file, text)
        return p, became, time.monotonic() - began, said


    def find(self, p, among):
        """The tests among these that fail with the error planted; None: it does not compile."""
        text = self.tree.read(p.file)
        try:
            self.tree.write(p.file, planted_in(text, p))
            said = self.tree.make(among)
            return None if said else self.tree.failing(among)
        finally:
            self.tree.write(p.file, text)


def find(errors, regex, folder):
    judge = Judge(os.path.join(folder, "0"))
    among = [t for t in judge.tree.targets if re.search(regex, t)]
    for p in errors:
        failing = judge.find(p, among)
        print("%-34s %s" % (p.name, "does not compile" if failing is None else " ".join(failing) or "no test"), flush=True)
    return 0


def tell(p, became, seconds, said):
    caught = became in (FAILED, HUNG)
    print("%-8s %-34s by %-34s %4.0f s%s" % ("caught" if caught else "SURVIVED", p.name, p.test, seconds,
                                          "" if became == FAILED else " (%s)" % became))
    if not caught:
        print("         %s: %s\n         hurts: %s" % (TABLE, p.line, p.hurts))
        if became != PASSED:
            print("\n".join("    | " + x for x in said.strip().split("\n")[-40:]))
    sys.stdout.flush()
    return caught


def plant(errors, jobs, folder):
    by_test = collections.defaultdict(list)
    for p in errors:
        by_test[p.test].append(p)
    jobs = min(jobs, len(by_test))
    judges = [Judge(os.path.join(folder, str(i))) for i in range(jobs)]
    absent = [p for p in errors if p.test not in judges[0].tree.targets]
    for p in absent:
        print("%s: there is no test %s" % (p.name, p.test))
    caught, idle = 0, list(judges)

    def judge(test):
        mine = idle.pop()
        try:
            return mine.of_test(test, by_test[test])
        finally:
            idle.append(mine)

    tests = sorted({p.test for p in errors} - {p.test for p in absent})
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(judge, t) for t in tests]):
            caught += sum(tell(*result) for result in done.result())
    print("planted errors: caught %d of %d, by %d tests" % (caught, len(errors), len(by_test)))
    return 0 if caught == len(errors) else 1


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--find", metavar="REGEX")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--build", metavar="DIR")
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args()


def main():
    o = options()
    if o.self_test:
        lint.main(lambda root: look(root, os.path.join(root, "b")), PLANTED, EXPECTED)
    findings = list(look(o.names[0] if o.check and o.names else TOP, o.build))
    if findings or o.check:
        print("\n".join(findings) or "the table is sound")
        return 1 if findings else 0
    errors = table(TOP)[0]
    if o.list:
        for p in errors:
            print("%-34s %s: %s" % (p.name, p.file, p.hurts))
        return 0
    unknown = set(o.names) - {p.name for p in errors}
    if unknown:
        sys.exit("no such error: " + " ".join(sorted(unknown)))
    errors = [p for p in errors if not o.names or p.name in o.names]
    folder = o.keep or tempfile.mkdtemp(prefix="planted.")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)  # some tests act as another user
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: end_all(None if o.keep else folder))
    try:
        return find(errors, o.find, folder) if o.find else plant(errors, o.jobs, folder)
    finally:
        if not o.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
