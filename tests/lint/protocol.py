#!/usr/bin/env -S python3 -B
# The page rotator/PROTOCOL.md and the code name the same rows in the same order, the same phases, and the page's section 3
# has the rules that comments refer to.
import re
import lint

PAGE, CODE, STATE = "rotator/PROTOCOL.md", "rotator/engine/decide.h", "rotator/engine/state.h"


def rows_of_page(text):
    section = text.split("\n## 4", 1)[-1].split("\n## 5", 1)[0]
    return re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|", section, flags=re.M), re.findall(
        r"^\| `(\w+)` \|[^|]*\|[^|]*\|$", section.split("The first row", 1)[0], flags=re.M)


def rows_of_code(text):
    text = text.split("#define ROW_LIST(X)", 1)[-1].split("\n\n", 1)[0]
    return re.findall(r"X\((\w+)\)", text)


def look(root):
    rows, phases = rows_of_page(lint.read(root, PAGE))
    rows = [r for r in rows if r not in phases]
    code = rows_of_code(lint.read(root, CODE))
    for n in range(max(len(rows), len(code))):
        page_row = rows[n] if n < len(rows) else "nothing"
        code_row = code[n] if n < len(code) else "nothing"
        if page_row != code_row:
            yield "%s:1: row %d is %s, in %s it is %s" % (PAGE, n + 1, page_row, CODE, code_row)
            break
    named = [p.lower() for p in re.findall(r"PHASE_(\w+)", lint.read(root, STATE).split("PHASE_COUNT")[0])]
    if phases != named:
        yield "%s:1: phases %s, in %s they are %s" % (PAGE, " ".join(phases), STATE, " ".join(named))
    rules = [int(n) for n in re.findall(
        r"^(\d+)\. ", lint.read(root, PAGE).split("\n## 3", 1)[-1].split("\n## 4", 1)[0], flags=re.M)]
    for path in lint.files(root, ".c", ".h"):
        for m in re.finditer(r"PROTOCOL\.md[^\n]{0,20}\brules? (\d+)", lint.read(root, path)):
            if int(m.group(1)) not in rules:
                yield "%s:1: refers to rule %s, which the page does not have" % (path, m.group(1))


PLANTED = {
    PAGE: "## 3. Rules\n\n1. one\n2. two\n\n## 4. Phases\n\n| `idle` | current | nothing |\n| `staged` | x | y |\n\n"
          "The first row\n\n| `due` | `idle` | a | b |\n| `rest` | `idle` | a | b |\n\n## 5. Proof\n",
    CODE: "#define ROW_LIST(X) \\\n  X(due) X(blocked) X(rest)\n\n",
    STATE: "enum phase { PHASE_IDLE, PHASE_STAGED, PHASE_GRACE, PHASE_COUNT };\n// PROTOCOL.md rule 2\n// PROTOCOL.md rule 3\n",
}
EXPECTED = ["row 2 is rest", "phases idle staged", "refers to rule 3"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
