#!/usr/bin/env -S python3 -B
# A function or object of the program is `static` unless another .c file of the program uses it.
#
# Tests are no users: what only tests call is not part of the program, and is either dead, or reachable through what the
# program does call, and then better tested there. What tests cannot do without (a clock set, a cache emptied, a rule with too
# many cases to be reached from outside) says so: the comment at its declaration in a header has a sentence that begins with
# "For tests". A comment is for the declarations that follow it up to an empty line or the next comment. A name that says so
# and is used by the program, or by no test either, is a finding too: the words stay true. What counts as a use: symbols.py.
import re
import lint
import symbols

WORDS = re.compile(r"\bFor\s+(//\s*)?tests\b")


def comment_at(text, name):
    """The comment beside a declaration and the nearest one above it in its paragraph; None where it is not declared."""
    lines, code = text.split("\n"), lint.code_only(text).split("\n")
    for n, line in enumerate(code):
        if not re.search(r"(?<![\w.])%s\s*[(\[;]" % re.escape(name), line):
            continue
        last = n
        while last + 1 < len(code) and ";" not in code[last]:
            last += 1
        beside = [line[len(c.rstrip()):] for line, c in zip(lines[n:last + 1], code[n:last + 1])]
        end = n
        while end > 0 and code[end - 1].strip():
            end -= 1
        above = end
        while above > 0 and lines[above - 1].strip() and not code[above - 1].strip():
            above -= 1
        return "\n".join(lines[above:end] + beside)
    return None


def look(root):
    tree = symbols.Tree(root)
    users = tree.users()
    tested = set().union(*(tree.uses(s) for s in tree.tests.values())) if tree.tests else set()
    for name, path in sorted(tree.defines.items(), key=lambda d: (d[1], tree.sources[d[1]].exports[d[0]])):
        where = "%s:%d: %s " % (path, tree.sources[path].exports[name], name)
        says = any(WORDS.search(comment_at(h.text, name) or "") for h in tree.headers if name in h.words)
        if users[name]:
            if says:
                yield where + "is said to be for tests, and %s uses it" % sorted(users[name])[0]
        elif name not in tested:
            yield where + "has no user outside its file: make it static, or remove it"
        elif not says:
            yield where + "has no user but tests: make it static, remove it, or say 'For tests' and why at its declaration"


PLANTED = {
    "rotator/base/a.h": "// Used by b.c.\nvoid used(void);\n// Forgets all. For tests.\ntypedef int num;\nvoid hook(num a,\n          int b);\n\n"
                        "void tested(void);\n\n// For\n// tests, it says.\nvoid liar(void);\n\nextern int beside; // For tests\n"
                        "// For tests, but none comes.\nvoid unloved(void);\nvoid here(void);\n",
    "rotator/base/a.c": "void used(void) {\n}\nvoid hook(int a, int b) {\n}\nvoid tested(void) {\n}\nvoid liar(void) {\n}\n"
                        "int beside = 1;\nvoid unloved(void) {\n}\nvoid here(void) {\n}\nvoid caller(void) {\n  here();\n}\n"
                        "const struct row rows[] = {\n    {here},\n};\nstatic void own(void) {\n}\nint main(void) {\n}\n",
    "backends/b.c": "#include \"rotator/base/a.h\"\nstatic void (*const all[])(void) = {used, liar};\n",
    "tests/t.c": "#include \"rotator/base/a.h\"\nint main(void) {\n  hook(beside, 1);\n  tested();\n  used();\n}\n",
}
EXPECTED = ["rotator/base/a.c:5: tested has no user but tests", "rotator/base/a.c:7: liar is said to be for tests, and backends/b.c",
            "rotator/base/a.c:10: unloved has no user outside", "rotator/base/a.c:12: here has no user outside",
            "rotator/base/a.c:14: caller has no user outside", "rotator/base/a.c:17: rows has no user outside"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
