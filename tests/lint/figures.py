#!/usr/bin/env -S python3 -B
# The size and the seams of the program, to compare two states of it: figures.py [ROOT]. Not a test. Files are .c and .h below
# rotator/ and backends/; what is exported, and what a use is, says symbols.py; tests are no users here.
import statistics
import sys
import lint
import symbols


def figures(root):
    tree = symbols.Tree(root)
    sources = list(tree.sources.values()) + tree.headers
    lines = [s.text.count("\n") for s in sources]
    functions = [n for n, path in tree.defines.items() if tree.is_function(n)]
    users = tree.users()
    one = sum(len(users[n]) == 1 for n in functions)
    none = sum(not users[n] for n in functions)
    circles = symbols.circles(tree.edges())
    yield "files", "%d (%d .c, %d .h)" % (len(sources), len(tree.sources), len(tree.headers))
    yield "median lines", "%g" % statistics.median(lines)
    yield "files under 60 lines", "%d (%.0f %%)" % (sum(n < 60 for n in lines), 100.0 * sum(n < 60 for n in lines) / len(lines))
    yield "lines", "%d (rotator/ %d, backends/ %d)" % (
        sum(lines), *(sum(n for n, s in zip(lines, sources) if s.path.startswith(p)) for p in symbols.PROGRAM))
    yield "exported functions", "%d" % len(functions)
    yield "with one user", "%d (%.0f %%)" % (one, 100.0 * one / len(functions))
    yield "with none", "%d (%.0f %%)" % (none, 100.0 * none / len(functions))
    yield "circles of .c files", "%d (of %s files)" % (len(circles), ", ".join(str(len(c)) for c in circles) or "0")


if __name__ == "__main__":
    for name, value in figures(sys.argv[1] if len(sys.argv) > 1 else lint.TOP):
        print("%-21s %s" % (name, value))
