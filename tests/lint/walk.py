#!/usr/bin/env -S python3 -B
# CONTRIBUTING.md shows a newcomer the way: each folder of the layout is there, and each row of the walk through one rotation
# names files that are there and functions that one of these files defines. A name of a file without a folder is in the folder
# of the one before it.
import os
import re
import lint

PAGE = "CONTRIBUTING.md"
ROW = re.compile(r"^\| ((?:`[\w/.-]+\.c`(?:, )?)+) \| ((?:`\w+`(?:, )?)+) \|")
ENTRY = re.compile(r"^( *)([\w.-]+/?)  +\S")


def layout(root, lines):
    """(line, path) of each name in the first fenced block."""
    inside, above = False, []
    for n, line in enumerate(lines, 1):
        if line.startswith("```"):
            if inside:
                return
            inside = True
            continue
        m = inside and ENTRY.match(line)
        if m:
            above = above[:len(m.group(1)) // 2] + [m.group(2)]
            yield n, "".join(above)


def files_of(root, names):
    """The paths of a row: below rotator/, or beside the one before; backends/ is at the top."""
    folder = ""
    for name in names:
        tries = [os.path.join("rotator", name), name, os.path.join(folder, name)]
        path = next((t for t in tries if os.path.isfile(os.path.join(root, t))), None)
        yield name, path
        folder = os.path.dirname(path) if path else folder


def defines(text, function):
    return re.search(r"^(?![ #/]).*\b%s\(" % re.escape(function), lint.code_only(text), re.M)


def look(root):
    lines = lint.read(root, PAGE).split("\n")
    for n, path in layout(root, lines):
        if not os.path.exists(os.path.join(root, path)):
            yield "%s:%d: %s is not there" % (PAGE, n, path)
    rows = 0
    for n, line in enumerate(lines, 1):
        m = ROW.match(line)
        if not m:
            continue
        rows += 1
        texts = []
        for name, path in files_of(root, re.findall(r"`([^`]+)`", m.group(1))):
            if path:
                texts.append(lint.read(root, path))
            else:
                yield "%s:%d: %s is not there" % (PAGE, n, name)
        for function in re.findall(r"`([^`]+)`", m.group(2)):
            if not any(defines(t, function) for t in texts):
                yield "%s:%d: %s is not defined there" % (PAGE, n, function)
    if not rows:
        yield "%s:1: there is no walk" % PAGE


PLANTED = {
    PAGE: "# C\n```\nrotator/      the program\n  base/       texts\n  lost/       gone\n  P.md        page\nbackends/     stores\n```\n"
          "| file | function | does |\n|---|---|---|\n| `base/a.c`, `b.c` | `a`, `b`, `caller` | x |\n"
          "| `backends/s.c`, `f/f.c` | `s` | x |\n| `base/gone.c` | `a` | x |\n",
    "rotator/base/a.c": "int a(void) {\n  caller();\n}\n",
    "rotator/base/b.c": "// caller(\nstruct x *b(\n    int n) {\n}\n",
    "rotator/P.md": "",
    "backends/s.c": "void s(void) {\n}\n",
    "backends/f/f.c": "",
}
EXPECTED = ["CONTRIBUTING.md:5: rotator/lost/ is not there", "CONTRIBUTING.md:11: caller is not defined",
            "CONTRIBUTING.md:13: base/gone.c is not there", "CONTRIBUTING.md:13: a is not defined"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
