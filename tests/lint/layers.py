#!/usr/bin/env -S python3 -B
# Includes point down only: base < http < cloud < engine < config < app. A store sees store.h, http and base, and no other store;
# engine and config see store.h and no store. Only http includes libcurl. Paths start at the root of the tree. Tests may include
# all.
import re
import lint

RANK = {"base": 0, "http": 1, "cloud": 2, "engine": 3, "config": 4, "app": 5}


def may_include(path, target):
    """None, or what is wrong with `path` including `target`."""
    if target.startswith("tests/"):
        return "the program must not include a test's header"
    here, there = path.split("/"), target.split("/")
    if len(there) < 2:
        return "write the path from the root of the tree"
    if there[0] == "rotator":
        if there[1] not in RANK:
            return "no such layer"
        top = RANK["http"] if here[0] == "backends" else RANK.get(here[1], -1)
        return None if RANK[there[1]] <= top else "points up"
    if there[0] == "backends":
        if here[0] == "backends":
            same = len(there) == 2 or here[1] == there[1] or len(here) == 2
            return None if same else "a store must not know another store"
        if here[1] == "app":
            return None
        if here[1] in ("engine", "config"):
            return None if target == "backends/store.h" else "the %s knows no store by name" % here[1]
        return "points up"
    return "not a folder of the program"


def look(root):
    for path in lint.files(root, ".c", ".h"):
        if not path.startswith(("rotator/", "backends/")):
            continue
        for n, line in enumerate(lint.read(root, path).split("\n"), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            wrong = may_include(path, m.group(1)) if m else None
            if re.match(r"\s*#\s*include\s+<curl/", line) and not path.startswith("rotator/http/"):
                wrong = "only rotator/http includes libcurl"
            if wrong:
                yield "%s:%d: %s: %s" % (path, n, line.strip(), wrong)


PLANTED = {
    "rotator/base/a.c": '#include "rotator/base/b.h"\n#include "rotator/http/transport.h"\n',
    "rotator/http/a.c": '#include <curl/curl.h>\n#include "rotator/base/b.h"\n',
    "rotator/engine/a.c": '#include "backends/store.h"\n#include "backends/file/file.h"\n',
    "rotator/cloud/a.c": '#include "backends/store.h"\n#include <curl/curl.h>\n#include "b.h"\n',
    "rotator/config/a.c": '#include "rotator/app/app.h"\n#include "backends/file/file.h"\n'
                          '#include "rotator/engine/b.h"\n',
    "rotator/app/a.c": '#include "backends/file/file.h"\n#include "tests/support/x.h"\n',
    "backends/registry.c": '#include "backends/file/file.h"\n',
    "backends/file/a.c": '#include "rotator/http/transport.h"\n#include "rotator/cloud/iam.h"\n'
                         '#include "backends/file/b.h"\n#include "backends/memory/memory.h"\n',
    "tests/unit/a.c": '#include "rotator/config/config.h"\n',
}
EXPECTED = ["rotator/base/a.c:2: ", "rotator/engine/a.c:2: ", "rotator/cloud/a.c:1: ", "rotator/cloud/a.c:2: ",
            "rotator/cloud/a.c:3: ", "rotator/config/a.c:1: ", "rotator/config/a.c:2: ",
            "rotator/app/a.c:2: ", "backends/file/a.c:2: ", "backends/file/a.c:4: "]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
