# What the .c files of the program define for each other, and who uses it: read from the text, so that no build is needed.
#
# A definition is a function or an object at the top level of a .c file below rotator/ or backends/, without `static`. A file
# uses it when the name stands anywhere in its code, but for names of members and types (x.name, x->name, (*name)(…), struct
# name): a call, a pointer in a table, an argument of a macro. It must include the header that declares the name, if any does. What a macro or an inline function of a header names is used by each file that names that macro or
# function. A name that a macro of the file pastes together (row_##name) is used when its other half stands in the file or in
# a header. A file that has a `static` of the same name means its own. `main` is nobody's.
import os
import re
import sys
import lint

PROGRAM = ("rotator/", "backends/")
_WORD = re.compile(r"(?<![\w.])(?<!->)(?<!\(\*)(?<!struct )(?<!union )(?<!enum )[A-Za-z_]\w*")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
_PASTE = re.compile(r"\b([A-Za-z]\w*_)\s*##")
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)")


def statements(code):
    """(line it begins, text) of each statement at the top level of code without comments and literals."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
    depth, begin = 0, 0
    for m in re.finditer(r"[{}();]", code):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(m.group(0), 0)
        if depth or m.group(0) in "()":
            continue
        text = code[begin:m.end()]
        if m.group(0) == "}" and not _is_function(text):
            continue  # a type or the values of an object: goes on to its ';'
        at = begin + len(text) - len(text.lstrip())
        yield code.count("\n", 0, at) + 1, text.strip()
        begin = m.end()


def _head(text):
    """What stands before a body or a value, without attributes and without macros in front (G_DEFINE_TYPE (…))."""
    head = _ATTRIBUTE.sub(" ", re.split(r"[{=]", text)[0]).strip().rstrip(";")
    return re.sub(r"^([A-Z_]+\s*\([^()]*\)\s*)+(?=\w)", "", head)


def _is_function(text):
    return "{" in text and "=" not in text.split("{")[0] and ")" in _head(text)


def defined(text):
    """The name that a statement defines, or None."""
    head = _head(text)
    if re.match(r"(typedef|extern|_Static_assert|static_assert)\b", head):
        return None
    if _is_function(text):
        m = re.search(r"(\w+)\s*\(", head)
    elif "(" in head or re.match(r"(struct|enum|union)(\s+\w+)?$", head):
        return None
    else:
        m = re.search(r"(\w+)\s*(\[[^\]]*\]\s*)*$", head)
    return m and m.group(1)


class Source:
    def __init__(self, root, path):
        self.path = path
        self.text = lint.read(root, path)
        code = lint.code_only(self.text)
        self.words = set(_WORD.findall(code))
        self.includes = set(_INCLUDE.findall(self.text))
        self.pastes = set(_PASTE.findall(code))
        self.exports, self.own, self.inline, self.declares = {}, set(), {}, set()
        self.functions = set()
        for line, text in statements(code):
            self.declares |= set(_WORD.findall(text.split("{")[0]))
            name = defined(text)
            if name is None or name == "main":
                continue
            if re.match(r"(inline\s+)?static\b", _head(text)):
                self.own.add(name)
                if "{" in text:
                    self.inline[name] = set(_WORD.findall(text[text.index("{"):]))
            else:
                self.exports[name] = line
                if _is_function(text):
                    self.functions.add(name)
        for m in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n]*\\\n)*[^\n]*)", code, re.M):
            self.inline[m.group(1)] = set(_WORD.findall(m.group(2)))


class Tree:
    """The .c files of the program: defines[name] = path, uses(path) = the names of other files that it uses."""

    def __init__(self, root):
        every = [Source(root, p) for p in lint.files(root, ".c", ".h")]
        program = [s for s in every if s.path.startswith(PROGRAM)]
        self.headers = [s for s in program if s.path.endswith(".h")]
        self.sources = {s.path: s for s in program if s.path.endswith(".c")}
        self.tests = {s.path: s for s in every if not s.path.startswith(PROGRAM)}
        self.defines = {name: s.path for s in self.sources.values() for name in s.exports}
        self._through = {}
        for header in self.headers:
            self._through.update(header.inline)
        self._by_path = {s.path: s for s in every}
        self._declared = set().union(*(h.declares for h in self.headers)) if self.headers else set()
        self._header_words = set().union(*(h.words for h in self.headers)) if self.headers else set()

    def _words(self, source):
        words, more = set(source.words), set(source.words)
        while more:
            more = set().union(*(self._through[w] for w in more if w in self._through)) - words
            words |= more
        for prefix in source.pastes:
            words |= {n for n in self.defines
                      if n.startswith(prefix) and n[len(prefix):] in self._header_words | source.words}
        return words

    def _seen(self, source):
        """What the headers declare that a file includes, and that those include."""
        paths, more = set(), set(source.includes)
        while more:
            paths |= more
            more = set().union(*(self._by_path[p].includes for p in more if p in self._by_path)) - paths
        return set().union(*(self._by_path[p].declares for p in paths if p in self._by_path))

    def uses(self, source):
        hidden = self._declared - self._seen(source)
        return {n for n in self._words(source) & self.defines.keys()
                if self.defines[n] != source.path and n not in source.own and n not in hidden}

    def users(self):
        """name -> the .c files of the program, other than its own, that use it."""
        users = {name: [] for name in self.defines}
        for path, source in self.sources.items():
            for name in self.uses(source):
                users[name].append(path)
        return users

    def is_function(self, name):
        return name in self.sources[self.defines[name]].functions

    def edges(self):
        """path -> {path it uses: one name that it uses there}."""
        return {path: {self.defines[n]: n for n in sorted(self.uses(source), reverse=True)}
                for path, source in self.sources.items()}


def circles(edges):
    """Groups of files of which each reaches every other (strongly connected components of two and more), the largest first."""
    index, low, stack, found = {}, {}, [], []
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * len(edges)))

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for there in edges[node]:
            if there not in index:
                visit(there)
            if there in stack:
                low[node] = min(low[node], low[there])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return sorted(found, key=lambda c: (-len(c), c))


def way_round(edges, members):
    """A shortest way through a circle and back, through two folders if it has two: [path, path, …, first path]."""
    best = None
    folders = len({os.path.dirname(m) for m in members})
    for start in members:
        queue, came = [start], {start: None}
        while queue:
            node = queue.pop(0)
            way = [node]
            while came[way[0]] is not None:
                way.insert(0, came[way[0]])
            if start in edges[node] and (folders == 1 or len({os.path.dirname(w) for w in way}) > 1):
                if best is None or len(way) < len(best) - 1:
                    best = way + [start]
                break
            for there in sorted(edges[node]):
                if there in members and there not in came:
                    came[there] = node
                    queue.append(there)
    return best or members + members[:1]
