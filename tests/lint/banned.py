#!/usr/bin/env -S python3 -B
# Calls that have no place in the program: without bounds, with hidden state, through a shell, or in the wrong layer. Tests may
# do what they like; they run on data of their own.
import re
import lint

NEVER = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound", "vsprintf": "no bound", "gets": "no bound",
    "strtok": "hidden state", "atoi": "cannot report a mistake", "atol": "cannot report a mistake",
    "system": "a shell", "popen": "a shell", "mktemp": "a race", "tmpnam": "a race", "alloca": "unbounded stack",
    "rand": "not random", "srand": "not random", "signal": "use sigaction",
}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(NEVER))
GETENV = re.compile(r"(?<![\w.>])(?:secure_)?getenv\s*\(")
STDOUT = re.compile(r"(?<![\w.>])(?:printf|puts|putchar|vprintf)\s*\(|(?<!\w)stdout(?!\w)")


def look(root):
    for path in lint.files(root, ".c", ".h"):
        if not path.startswith(("rotator/", "backends/")):
            continue
        for n, line in enumerate(lint.code_only(lint.read(root, path)).split("\n"), 1):
            for m in CALL.finditer(line):
                yield "%s:%d: %s: %s" % (path, n, m.group(1), NEVER[m.group(1)])
            if GETENV.search(line) and not path.startswith(
                    ("rotator/app/", "rotator/config/", "backends/", "rotator/base/env")):
                yield "%s:%d: getenv: the surroundings are read in app, config, backends and base/env only" % (path, n)
            if path.startswith("rotator/") and STDOUT.search(line) and not path.startswith("rotator/app/"):
                yield "%s:%d: standard output belongs to rotator/app" % (path, n)


PLANTED = {
    "rotator/base/a.c": 'void f(void) {\n  strcpy(a, b);\n  // strcpy(a, b)\n  x = "system(1)";\n  p->system(1);\n'
                        '  my_strcat(a, b);\n  snprintf(a, 1, "x");\n}\n',
    "rotator/base/env_real.c": "char *x = getenv(\"A\");\n",
    "rotator/engine/a.c": "char *x = secure_getenv(\"A\");\nvoid f(void) { printf(\"x\"); fprintf(stderr, \"x\"); }\n"
                          "FILE *o = stdout;\n",
    "rotator/app/a.c": "void f(void) { printf(\"x\"); x = getenv(\"A\"); }\n",
    "rotator/config/a.c": "char *x = getenv(\"A\");\n",
    "tests/unit/a.c": "void f(void) { printf(\"%d\", atoi (x)); }\n",
    "backends/file/a.c": "int x = atoi (getenv(\"A\"));\n",
}
EXPECTED = ["rotator/base/a.c:2: strcpy", "rotator/engine/a.c:1: getenv", "rotator/engine/a.c:2: standard output",
            "rotator/engine/a.c:3: standard output", "backends/file/a.c:1: atoi"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
