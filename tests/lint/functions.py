#!/usr/bin/env -S python3 -B
# Functions of at most 60 lines, as a rule: longer ones are named, over 90 they are findings. A function is what begins and
# ends in the first column, as all code here does.
import re
import sys
import lint

LONG, TOO_LONG = 60, 90


def functions(text):
    """(name, line it begins, lines) of each function definition."""
    name, begin = None, 0
    lines = lint.code_only(text).split("\n")
    for n, line in enumerate(lines, 1):
        m = re.match(r"[A-Za-z_].*?(\w+)\s*\(", line)
        if m and not line.startswith(("typedef", "#")):
            head, head_line = m.group(1), n
        if re.match(r"[^ #/].*\{$|\{$", line) and m or line == "{":
            name, begin = head, head_line
        elif re.search(r"\)\s*\{$", line) and line[:1] == " " and name is None:
            name, begin = head, head_line  # the parameters went on to this line
        elif line.startswith("}") and name:
            yield name, begin, n - begin + 1
            name = None


def look(root):
    for path in lint.files(root, ".c", ".h"):
        for name, begin, size in functions(lint.read(root, path)):
            if size > TOO_LONG:
                yield "%s:%d: %s has %d lines" % (path, begin, name, size)
            elif size > LONG:
                print("note: %s:%d: %s has %d lines" % (path, begin, name, size), file=sys.stderr)


PLANTED = {
    "a.c": "static int good(void) {\n" + "  x;\n" * 88 + "}\n\n"
           "static int bad(int a, int b) {\n" + "  x;\n" * 89 + "}\n",
    "b.c": "void wrapped(int a,\n             int b) {\n" + "  x;\n" * 90 + "}\n"
           "struct s {\n" + "  int x;\n" * 200 + "};\n"
           "static const int t[] = {\n" + "  1,\n" * 200 + "};\n",
}
EXPECTED = ["a.c:92: bad has 91 lines", "b.c:1: wrapped has 93 lines"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
