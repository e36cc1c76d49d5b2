#!/usr/bin/env -S python3 -B
# The page tests/README.md and the driver tests/parts.sh name the same parts, each once, and in the section that is true: what runs when
# nothing is named is in CI, the rest by hand.
import re
import lint

PAGE, DRIVER = "tests/README.md", "tests/parts.sh"
CI, BY_HAND = "Parts that CI runs", "Parts by hand"


def parts_of_page(text, title):
    """The first cells of the rows of a section's tables, with their lines."""
    title = "## " + title
    section = None
    for n, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            section = line
        row = re.match(r"\| `([a-z0-9-]+)` \|", line)
        if section == title and row:
            yield n, row.group(1)


def parts_of_driver(text, array):
    found = re.search(r"^%s=\(([^)]*)\)" % array, text, flags=re.M)
    return found.group(1).split() if found else []


def look(root):
    page, driver = lint.read(root, PAGE), lint.read(root, DRIVER)
    listed = []
    for title, array in ((CI, "all_parts"), (BY_HAND, "more_parts")):
        told, known = list(parts_of_page(page, title)), parts_of_driver(driver, array)
        names = [name for _, name in told]
        listed += known
        for n, name in told:
            if name not in known:
                yield "%s:%d: %s is not in %s of %s" % (PAGE, n, name, array, DRIVER)
        for name in sorted(set(names)):
            if names.count(name) > 1:
                yield "%s:1: %s is there twice" % (PAGE, name)
        for name in known:
            if name not in names:
                yield '%s:1: %s has no row under "%s" of %s' % (DRIVER, name, title, PAGE)
    functions = [f.replace("_", "-") for f in re.findall(r"^part_(\w+)\(\)", driver, flags=re.M)]
    for name in sorted(set(functions) - set(listed)):
        yield "%s:1: part %s is in neither list" % (DRIVER, name)
    for name in sorted(set(listed) - set(functions)):
        yield "%s:1: part %s is no function" % (DRIVER, name)


PLANTED = {
    PAGE: "# Tests\n\n## Parts that CI runs\n\n| part | what |\n|---|---|\n| `unit` | a |\n| `gone` | b |\n| `by-hand` | c |\n| `unit` | d |\n\n"
          "## Parts by hand\n\n| `slow` | e |\n\n## Other\n\n| `engine` | no part |\n",
    DRIVER: "all_parts=(unit cli\n  empty)\nmore_parts=(by-hand slow)\n"
            "part_unit() { :; }\npart_cli() { :; }\npart_by_hand() {\n  :\n}\npart_slow() { :; }\npart_lost() { :; }\n",
}
EXPECTED = ["README.md:8: gone is not in all_parts", "README.md:9: by-hand is not in all_parts", "README.md:1: unit is there twice",
            "cli has no row", "empty has no row", "by-hand has no row", "part lost is in neither", "part empty is no function"]

if __name__ == "__main__":
    lint.main(look, PLANTED, EXPECTED)
