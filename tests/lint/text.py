#!/usr/bin/env -S python3 -B
# Text of the tree: no trailing white space, no tabs (make and Go files excepted), a newline at the end, no notes to self;
# C lines of at most 100 columns, C files of at most 400 lines.
import re
import lint

COLUMNS, LINES = 100, 400
KNOWN = (".c", ".h", ".sh", ".py", ".md", ".cmake", ".txt", ".json", ".yaml", ".yml", ".service", ".timer", ".path", ".cron",
         ".conf", ".1", ".5", ".awk", ".js", ".mjs")
NOTE = re.compile(r"\b(%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]))


def look(root):
    for path in lint.files(root, *KNOWN):
        text = lint.read(root, path)
        if path.endswith("package-lock.json") or "/corpus/" in path:
            continue
        if text and not text.endswith("\n"):
            yield "%s:%d: no newline at the end" % (path, text.count("\n") + 1)
        lines = text.split("\n")[:-1]
        is_c = path.endswith((".c", ".h"))
        for n, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield "%s:%d: trailing white space" % (path, n)
            if "\t" in line:
                yield "%s:%d: tab" % (path, n)
            if is_c and len(line) > COLUMNS:
                yield "%s:%d: %d columns" % (path, n, len(line))
            if NOTE.search(line):
                yield "%s:%d: a note to self" % (path, n)
        if is_c and len(lines) > LINES:
            yield "%s:%d: more than %d lines: does it hold two ideas?" % (path, len(lines), LINES)


PLANTED = {
    "a.c": "int a; \n\tint b;\n//" + "x" * 98 + "\n//" + "x" * 99 + "\n// " + "TO" + "DO: later\n",
    "b.h": "x;\n" * 401,
    "c.md": "no newline",
    "d.md": "y" * 300 + "\n",
}
EXPECTED = ["a.c:1: trailing", "a.c:2: tab", "a.c:4: 101 columns", "a.c:5: a note", "b.h:401: more than", "c.md:1: no newline"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
