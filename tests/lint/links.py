#!/usr/bin/env -S python3 -B
# Markdown links that point into the tree point to files that are there, and to headings that are there.
import os
import re
import lint

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def slugs(text):
    """The anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-")
            for h in re.findall(r"^#+ +(.*)$", text, flags=re.M)}


def look(root):
    for path in lint.files(root, ".md"):
        text = lint.read(root, path)
        fenced = re.sub(r"^```.*?^```", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S | re.M)
        for n, line in enumerate(fenced.split("\n"), 1):
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                file, _, anchor = target.partition("#")
                there = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
                if not os.path.exists(os.path.join(root, there)):
                    yield "%s:%d: %s is not there" % (path, n, target)
                elif anchor and there.endswith(".md") and anchor not in slugs(lint.read(root, there)):
                    yield "%s:%d: %s: no such heading" % (path, n, target)


PLANTED = {
    "README.md": "# Top\n[a](doc/a.md) [b](doc/b.md) [c](#top) [d](#nowhere)\n"
                 "`[e](no.md)` [f](https://example.org/no.md)\n```\n[g](no.md)\n```\n",
    "doc/a.md": "# One two, three\n[a](../README.md#top) [b](#one-two-three)\n[c](../no.md)\n",
}
EXPECTED = ["README.md:2: doc/b.md", "README.md:2: #nowhere", "doc/a.md:3: ../no.md"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
