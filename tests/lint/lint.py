# What the lints written in Python share: the files of the tree, C source without comments and strings, and the self-test.
#
# A lint is a function look(root) that yields "FILE:LINE: TEXT" findings. It also says what it would find: PLANTED maps
# paths to contents of a small bad tree, and EXPECTED lists what must be found there, one text for each finding, in any
# order. `lint.py`-style scripts run as NAME.py [ROOT] (exit 1 on any finding) or NAME.py --self-test.
import os
import re
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = re.compile(r"(^|/)(\.git|build|build-[^/]*|node_modules|_CPack_Packages|__pycache__)$")


def files(root, *suffixes):
    """Paths below root, relative to it, sorted; all when no suffix is given."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [d for d in folders
                      if not SKIPPED.search(os.path.relpath(os.path.join(folder, d), root))]
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names
                  if not suffixes or n.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code_only(text):
    """C source with comments and the insides of literals blanked; lines and columns stay."""
    def blank(m):
        t = m.group(0)
        if t[0] in "\"'":
            return t[0] + " " * (len(t) - 2) + t[0]
        return re.sub(r"[^\n]", " ", t)
    return _TOKEN.sub(blank, text)


def _self_test(look, planted, expected):
    with tempfile.TemporaryDirectory() as root:
        for path, content in planted.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(content)
        found = list(look(root))
    wrong = 0
    for text in expected:
        hit = next((f for f in found if text in f), None)
        if hit is None:
            print("not found, though planted: " + text)
            wrong += 1
        else:
            found.remove(hit)
    for f in found:
        print("found, though there is nothing wrong: " + f)
        wrong += 1
    print("%d planted mistakes, %d wrong answers" % (len(expected), wrong))
    return 1 if wrong or not expected else 0


def main(look, planted, expected):
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(_self_test(look, planted, expected))
    findings = list(look(sys.argv[1] if len(sys.argv) > 1 else TOP))
    for f in findings:
        print(f)
    sys.exit(1 if findings else 0)
