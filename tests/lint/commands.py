#!/usr/bin/env -S python3 -B
# Every `rotator COMMAND --option` in the documents and units exists: asked of the program's own --help.
#
# commands.py ROTATOR [ROOT]; commands.py --self-test asks a stand-in.
import os
import re
import subprocess
import sys
import tempfile
import lint

WORD = r"(?:^|[\s`(/;|&\"'=])rotator(?:-as-service)?((?: +[^\s`|;&<>()]+)+)"


def pieces(text):
    """(line number, text) of each line of code in a Markdown page: fenced blocks and spans."""
    fenced = False
    for n, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced:
            yield n, re.sub(r"(^|\s)#.*", "", line)
        else:
            for span in re.findall(r"`([^`]+)`", line):
                yield n, span


class Program:
    def __init__(self, path):
        self.path, self.known = path, {}

    def help(self, command):
        """The text of `rotator COMMAND --help`, or None when there is no such command."""
        if command not in self.known:
            r = subprocess.run([self.path] + ([command] if command else []) + ["--help"], capture_output=True,
                               text=True, stdin=subprocess.DEVNULL)
            self.known[command] = r.stdout if r.returncode == 0 else None
        return self.known[command]

    def wrong(self, words):
        command, shown = None, self.help("")
        skip = False
        for w in words:
            if skip:
                skip = False
            elif w.startswith("-") and w.strip("-"):
                name = w.split("=")[0]
                if not re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(name), shown) and not name.startswith("--generate"):
                    return "no option %s" % name if command is None else "%s has no option %s" % (command, name)
                skip = bool(re.search(r"%s\b(?:, --[\w-]+)?=" % re.escape(name), shown)) and "=" not in w
            elif command is None and re.fullmatch(r"[a-z]+", w):
                command = w
                shown = self.help(w)
                if shown is None:
                    return "no command %s" % w
        return None


def look_with(program):
    def look(root):
        for path in lint.files(root, ".md", ".service", ".cron"):
            text = lint.read(root, path)
            lines = pieces(text) if path.endswith(".md") else (
                (n, re.sub(r"^(\S+\s+){5}\S+\s+", " ", line) if path.endswith(".cron") else line)
                for n, line in enumerate(text.split("\n"), 1) if not line.startswith("#"))
            for n, line in lines:
                for m in re.finditer(WORD, re.sub(r"-u rotator\b", "-u USER", line)):
                    wrong = program.wrong(m.group(1).split())
                    if wrong:
                        yield "%s:%d: rotator%s: %s" % (path, n, m.group(1), wrong)
    return look


PLANTED = {
    "README.md": "Run `rotator run --dry-run`, `rotator rotate x --nowait`, the rotator is `rotator`.\n"
                 "`rotator -c file run prod` and `rotator walk`; rotator walks.\n```sh\n"
                 "sudo -u rotator rotator run --json # rotator walk\n# rotator walks\nX=1 rotator --jsn run\n```\n",
    "contrib/rotator.cron": "# rotator walk\n0 * * * * rotator exec rotator run\n",
    "contrib/rotator.service": "ExecStart=/usr/bin/rotator run --dryrun\n",
}
EXPECTED = ["README.md:1: rotator rotate x --nowait: rotate has no option --nowait", "README.md:2: rotator walk: no command walk",
            "README.md:6: rotator --jsn run: no option --jsn", "contrib/rotator.service:1: rotator run --dryrun"]
STAND_IN = """#!/bin/sh
case $1 in
run) echo '  -n, --dry-run  x';; rotate) echo '      --reason=TEXT  x';; --help) ;; *) exit 2;;
esac
printf '      --json  x\\n  -c, --config=FILE  x\\n'
"""

if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        with tempfile.TemporaryDirectory() as folder:
            stand_in = os.path.join(folder, "rotator")
            with open(stand_in, "w", encoding="utf-8") as f:
                f.write(STAND_IN)
            os.chmod(stand_in, 0o755)
            lint.main(look_with(Program(stand_in)), PLANTED, EXPECTED)
    look = look_with(Program(sys.argv.pop(1)))
    lint.main(look, PLANTED, EXPECTED)
