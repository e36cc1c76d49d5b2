#!/usr/bin/env -S python3 -B
"""Mutations of the engine: small errors by rule, where errors.txt has those that somebody thought of.

  mutate.py --count N [--seed S] [--jobs N]   a sample of N of all mutants there are; survivors are listed
  mutate.py --only FILE:LINE                  all mutants of one line
  mutate.py --list                            all mutants there are

A mutant is one change of one place of rotator/engine: a comparison turned or moved by one, && for ||, a negation dropped, a number one
larger, true for false, a statement that calls or assigns left out. It is killed when a unit test of the engine fails, or, if none
does, the simulator within 150 worlds, or is caught in a wait without end. A mutant that does not compile is none.
Calls that do nothing but give memory back are not left out: leaks are found under AddressSanitizer, which is too slow for this.

Survivors that change nothing that anybody could see stand in equivalent.txt with the reason; all others are a test that is missing.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import signal
import sys
import tempfile

from tree import HERE, PASSED, TOP, Tree, end_all, lint

WORLDS = 150
LATE = ("unit/engine_walk", "unit/engine_fleet", "unit/engine_starve", "unit/engine_starve_step", "unit/engine_state_memory")  # those that take seconds
Mutant = collections.namedtuple("Mutant", "file function line column rule old new before after")

TURNED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}


def turned(m):
    # A loop that is made one longer reads beyond its array: that is AddressSanitizer's to find. One shorter is to be seen.
    loop = m.string.lstrip().startswith("for (") and m.group(0) == "<"
    return "+ 1 <" if loop else TURNED[m.group(0)]


INSIDE = (  # rule, what is replaced, by what
    ("comparison", re.compile(r"(?<= )(<=|>=|==|!=|<|>)(?= )"), turned),
    ("connective", re.compile(r"&&|\|\|"), lambda m: TURNED[m.group(0)]),
    ("negation", re.compile(r"!(?=[a-z_(])"), lambda m: ""),
    ("number", re.compile(r"(?<![\w.{\[])\d+(?![\w.}])"), lambda m: str(int(m.group(0)) + 1)),
    ("truth", re.compile(r"\b(true|false)\b"), lambda m: {"true": "false", "false": "true"}[m.group(0)]),
    ("success", re.compile(r"(?<=return )ERR_OK(?=;)"), lambda m: "ERR_INTERNAL"),
)
STATEMENT = re.compile(r"^ +(?!return\b|goto\b|break\b|continue\b|case\b|default\b|else\b|for\b|while\b|if\b|do\b|switch\b)"
                       r"(?:[a-z_]\w*\(.*\)|[*]?[a-z_][\w.\->\[\]]* (?:=|\+=|-=|\|=) .*|[a-z_][\w.\->\[\]]*(?:\+\+|--)|\+\+.*|--.*);$")
GIVES_BACK = re.compile(r"^ +[a-z_]*(?:clear|free)\(.*\);$")
WHOLE = re.compile(r"[{};:] *$|\) *$|\belse *$|^ *$")  # the line before a statement's first


def mutants_of(path):
    text = lint.read(TOP, path)
    lines, function = text.split("\n"), ""
    for n, code in enumerate(lint.code_only(text).split("\n")):
        line = lines[n]
        begins = re.match(r"[a-z].*?(\w+)\(", code)
        function = begins.group(1) if begins else function
        if code.startswith(("#", "static const", "typedef")) or not code.strip():
            continue
        for rule, what, other in INSIDE:
            for m in what.finditer(code):
                after = line[:m.start()] + other(m) + line[m.end():]
                yield Mutant(path, function, n + 1, m.start() + 1, rule, m.group(0), other(m), line, after)
        if STATEMENT.match(code.rstrip()) and not GIVES_BACK.match(code.rstrip()) and WHOLE.search(lint.code_only(lines[n - 1]).rstrip()):
            after = line[:len(line) - len(line.lstrip())] + "(void)0;"
            yield Mutant(path, function, n + 1, 1, "left out", line.strip(), "", line, after)


def all_mutants():
    files = [f for f in lint.files(TOP, ".c") if f.startswith("rotator/engine/")] + ["rotator/engine/rows.h"]
    return [m for f in files for m in mutants_of(f)]


def explained():
    """{(file and function, line as it is, line as it is mutated): reason}"""
    found, block = {}, []
    for line in lint.read(HERE, "equivalent.txt").split("\n"):
        if line.startswith("#"):
            continue
        if line:
            block.append(line)
        elif block:
            where, before, after, reason = block
            found[where, before[1:].strip(), after[1:].strip()] = reason
            block = []
    return found


class Judge:
    def __init__(self, folder):
        self.tree = Tree(folder)
        tests = sorted(t for t in self.tree.targets if t.startswith("unit/engine_"))
        self.stages = [[t for t in tests if t not in LATE], [t for t in tests if t in LATE]]
        self.tree.targets["simulator"] = {"tests/protocol/protocol_sim"}

    def healthy(self):
        return self._killer() is None

    def _killer(self):
        """Who kills what the tree holds; None: nobody. "compiler": it is no mutant."""
        for tests in self.stages:
            if self.tree.make(tests):
                return "compiler"
            became, said = self.tree.run(tests)
            if became != PASSED:
                failed = re.findall(r"- (\S+) \((?:Failed|Timeout|.*)\)", said)
                return failed[0] if failed else tests[0]
        if self.tree.make(["simulator"]):
            return "compiler"
        program = os.path.join(self.tree.build, "tests/protocol/protocol_sim")
        return None if self.tree.program([program, "--runs", str(WORLDS)]) else "simulator"

    def judge(self, m):
        text = self.tree.read(m.file)
        lines = text.split("\n")
        try:
            lines[m.line - 1] = m.after
            self.tree.write(m.file, "\n".join(lines))
            return self._killer()
        finally:
            self.tree.write(m.file, text)


def tell(m, killer, reasons):
    reason = reasons.get((m.file + " " + m.function, m.before.strip(), m.after.strip()))
    if killer == "compiler":
        became = "none"
    elif killer:
        became = "killed"
    else:
        became = "equivalent" if reason else "SURVIVED"
    print("%-10s %s:%d:%d %s %s -> %s%s" % (became, m.file, m.line, m.column, m.rule, m.old, m.new or "nothing",
                                         " (%s)" % killer if killer else ""), flush=True)
    if became == "SURVIVED":
        print("  - %s\n  + %s" % (m.before.strip(), m.after.strip()), flush=True)
    return became


def run(mutants, jobs, folder):
    reasons = explained()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        judges = list(pool.map(Judge, [os.path.join(folder, str(i)) for i in range(jobs)]))
        if not judges[0].healthy():
            sys.exit("the tests do not pass without a mutant")
        idle = list(judges)

        def one(m):
            mine = idle.pop()
            try:
                return m, mine.judge(m)
            finally:
                idle.append(mine)

        counts = collections.Counter()
        for done in concurrent.futures.as_completed([pool.submit(one, m) for m in mutants]):
            m, killer = done.result()
            counts[tell(m, killer, reasons)] += 1
            counts["by simulator"] += killer == "simulator"
    real = len(mutants) - counts["none"]
    print("mutants of the engine: %d, killed %d (%d of them by the simulator alone), equivalent %d, survived %d; %d did not compile"
          % (real, counts["killed"], counts["by simulator"], counts["equivalent"], counts["SURVIVED"], counts["none"]))
    return 1 if counts["SURVIVED"] else 0


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="FILE:LINE")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", metavar="DIR")
    return parser.parse_args()


def main():
    o = options()
    mutants = all_mutants()
    if o.list:
        for m in mutants:
            print("%s:%d:%d %s %s -> %s" % (m.file, m.line, m.column, m.rule, m.old, m.new or "nothing"))
        print("%d mutants" % len(mutants))
        return 0
    if o.only:
        mutants = [m for m in mutants if "%s:%d" % (m.file, m.line) == o.only]
    else:
        mutants = random.Random(o.seed).sample(mutants, min(o.count, len(mutants)))
    if not mutants:
        sys.exit("there is no mutant there")
    folder = o.keep or tempfile.mkdtemp(prefix="mutants.")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: end_all(None if o.keep else folder))
    try:
        return run(mutants, min(o.jobs, len(mutants)), folder)
    finally:
        if not o.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
