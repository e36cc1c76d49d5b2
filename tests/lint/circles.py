#!/usr/bin/env -S python3 -B
# No circle of .c files that use each other's functions and objects. Who stands in a circle cannot be read, tested or moved
# without all the others. lint/layers.py does not see that: inside a layer it allows every include, and an include does not say
# who calls whom. What counts as a use: symbols.py. Each circle is named by its files, and by one short way round it.
import os
import lint
import symbols


def look(root):
    edges = symbols.Tree(root).edges()
    for members in symbols.circles(edges):
        folders = {os.path.dirname(m) for m in members}
        way = symbols.way_round(edges, members)
        steps = ", ".join("%s uses %s of %s" % (a, edges[a][b], b) for a, b in zip(way, way[1:]))
        where = "between folders" if len(folders) > 1 else "inside a folder"
        yield "%s:1: a circle of %d files %s (%s): %s" % (members[0], len(members), where, " ".join(members), steps)


PLANTED = {
    # two folders: a call, and a pointer in a table
    "rotator/base/a.c": "#include \"x.h\"\nint a(int n) {\n  return other->b + b(n);\n}\n",
    "rotator/http/b.c": "static int help(void) {\n  return 1;\n}\n\nint b(int n) {\n  return table[n]();\n}\n"
                        "int (*const table[])(int) = {a};\n",
    # four in a folder, one step by an inline function of a header, one by a pasted name
    "rotator/app/c.c": "#include \"rotator/app/d.h\"\nvoid c(void) {\n  d_soon();\n}\n",
    "rotator/app/d.h": "void d(void);\nstatic inline void d_soon(void) {\n  d();\n}\n",
    "rotator/app/d.c": "__attribute__((format(printf, 1, 2))) void d(const char *f,\n            int x) {\n  RUN(now);\n}\n#define RUN(x) e_##x();\n",
    "rotator/app/e.c": "struct s {\n  int m;\n};\nvoid e_now(void) {\n  f = 1;\n}\n",
    "rotator/app/f.c": "int f;\nint g(void) {\n  c();\n  return f;\n}\n",
    # two in a folder
    "backends/x/h.c": "void h(void) {\n  i();\n}\n",
    "backends/x/i.c": "void i(void) {\n  h();\n}\n",
    # no circle: a member, a comment, a text, a type and a static of the same name; a header not included; a test
    "backends/y/k.c": "void k(struct s *s) {\n  l();\n}\n",
    "backends/z/l.c": "void l(struct s *s) {\n  s->k(s.k); // k\n  puts(\"k\");\n  struct k *k2;\n  void (*k)(void);\n}\n",
    "backends/y/p.h": "int p(void);\n",
    "backends/y/p.c": "#include \"backends/y/p.h\"\n#include \"backends/z/q.h\"\nint p(void) {\n  return q();\n}\n",
    "backends/z/q.h": "struct q {\n  int p;\n};\nint q(void);\n",
    "backends/z/q.c": "#include \"backends/z/q.h\"\nint q(void) {\n  int p = offsetof(struct q, p);\n  return p;\n}\n",
    "backends/y/m.c": "void m(void) {\n  n();\n}\n",
    "backends/z/n.c": "static void m(void) {\n}\nvoid n(void) {\n  m();\n}\n",
    "tests/k.c": "void o(void) {\n  k();\n}\n",
}
EXPECTED = [
    "rotator/base/a.c:1: a circle of 2 files between folders (rotator/base/a.c rotator/http/b.c): "
    "rotator/base/a.c uses b of rotator/http/b.c, rotator/http/b.c uses a of rotator/base/a.c",
    "rotator/app/c.c:1: a circle of 4 files inside a folder (rotator/app/c.c rotator/app/d.c rotator/app/e.c rotator/app/f.c)",
    "backends/x/h.c:1: a circle of 2 files inside a folder (backends/x/h.c backends/x/i.c)",
]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
