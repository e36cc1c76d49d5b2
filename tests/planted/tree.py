"""A copy of the source tree that errors are planted in: made once, built in part and again and again. What a test is made of is
read from what CMake wrote for ctest, so that nothing is built but the programs of the tests that are run.
"""
import os
import re
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "lint"))
import lint  # noqa: E402

SECONDS = 240  # of one test; a planted error may make it wait for ever
running = set()  # process groups
PASSED, FAILED, HUNG, SKIPPED, UNBUILT = "passed", "failed", "hung", "skipped", "unbuilt"


def ctest_lines(build):
    """(name of a test, line about it) of all that CMake wrote for ctest."""
    for folder, _, names in os.walk(build):
        if "CTestTestfile.cmake" in names:
            with open(os.path.join(folder, "CTestTestfile.cmake"), encoding="utf-8") as f:
                for line in f:
                    m = re.match(r"(?:add_test|set_tests_properties)\(\[=\[(.*?)\]=\] ", line)
                    if m:
                        yield m.group(1), line


def end_all(folder=None):
    """Ends what runs, and removes the folder: for whoever is told to stop."""
    for group in set(running):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(130)


class Tree:
    """folder: where the copy is; one that is there already is brought up to date, and its build used."""

    def __init__(self, folder):
        self.root, self.build = os.path.join(folder, "tree"), os.path.join(folder, "build")
        self._copy()
        # No -Werror: what is planted may leave a function that nobody calls.
        self._quietly(["cmake", "-S", self.root, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                       "-DCMAKE_C_FLAGS_DEBUG=-O0", "-DROTATOR_WERROR=OFF"])
        self.targets = {}
        for name, line in ctest_lines(self.build):
            found = re.findall(re.escape(self.build) + r"/([^\";\\]+)", line)
            self.targets.setdefault(name, set()).update(t for t in found if not t.startswith("CMakeFiles"))
        for name in self.targets:  # a folder to run in is no program
            self.targets[name] = {t for t in self.targets[name] if not os.path.isdir(os.path.join(self.build, t))}

    def _copy(self):
        wanted = set(lint.files(TOP))
        for path in wanted:
            source, target = os.path.join(TOP, path), os.path.join(self.root, path)
            if os.path.islink(source) or not os.path.isfile(source):
                continue
            with open(source, "rb") as f:
                content = f.read()
            if not os.path.exists(target) or self.read_bytes(path) != content:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(source, target)
        for path in lint.files(self.root):
            if path not in wanted:
                os.remove(os.path.join(self.root, path))

    def read_bytes(self, path):
        with open(os.path.join(self.root, path), "rb") as f:
            return f.read()

    def read(self, path):
        return self.read_bytes(path).decode()

    def write(self, path, text):
        with open(os.path.join(self.root, path), "w", encoding="utf-8") as f:
            f.write(text)

    @staticmethod
    def _quietly(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise RuntimeError("%s:\n%s" % (" ".join(command), done.stdout.decode(errors="replace")))

    def make(self, tests):
        """Builds what the tests run. None, or what the compiler said."""
        targets = sorted(set().union(*(self.targets[t] for t in tests)))
        if not targets:
            return None
        done = subprocess.run(["ninja", "-C", self.build, "-j", "1"] + targets, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return None if done.returncode == 0 else done.stdout.decode(errors="replace")

    def _start(self, command, seconds=None):
        """Runs it in a session of its own, of which nothing is left. (status, what it said); status None: it took too long."""
        temporary = os.path.join(os.path.dirname(self.build), "tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        os.makedirs(temporary)
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                 env=dict(os.environ, TMPDIR=temporary), start_new_session=True)
        running.add(child.pid)
        status, said = None, b""
        try:
            said = child.communicate(timeout=seconds)[0]
            status = child.returncode
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:  # also what a script that failed has left behind
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            running.discard(child.pid)
            child.wait()
            child.stdout.close()
        return status, said.decode(errors="replace")

    def program(self, command):
        """Does it end well, and in time?"""
        return self._start(command, SECONDS)[0] == 0

    def _ctest(self, tests, *more):
        names = "^(%s)$" % "|".join(re.escape(t) for t in tests)
        return self._start(["ctest", "--test-dir", self.build, "-R", names, "--output-on-failure", "--no-tests=error",
                            "--timeout", str(SECONDS)] + list(more))

    def run(self, tests):
        """Runs the tests until one does not pass. (PASSED, FAILED, HUNG or SKIPPED; what was said)"""
        status, said = self._ctest(tests, "--stop-on-failure")
        if status == 0:
            return (SKIPPED if "***Skipped" in said else PASSED), said
        return (HUNG if "***Timeout" in said else FAILED), said

    def failing(self, tests):
        """Runs all of them. The names of those that did not pass."""
        return re.findall(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|SEGFAULT|Subprocess aborted|.*)\)", self._ctest(tests)[1], re.M)
