"""Can the matrix fail? A wrapper stands in the program's place: it starts the real one and tells or does one lie. In a trial whose fault the
real program survives each lie must be found out, by the sentence that is meant for it; without a lie the same trial agrees.
"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../truth"))
from model import open_place  # noqa: E402
from place import SENDER  # noqa: E402

SCENE = "rotation, file"
# lie, the fault at which it is told (and the request's service), the sentence that finds it out
PLANTED = (
    ("success", "refused", r"status 0, and it is not done"),
    ("failure", "slow", r"status 75, not 0"),
    ("alarm", "503", r"status 4, not 0 or 75"),
    ("person", "closed", r"status 3, not 0 or 75"),
    ("dead", "503", r"says not working, not not known or working"),
    ("silent", "503", r"the answer is not one JSON document"),
    ("idle", "refused", r"not well after \d+ turns"),
    ("second key", "404", r"the keys are not the one in the sink"),
    ("early", "lost", r"the sink holds a value that IAM refuses"),
    ("works", "lost", r"says working, and consumers are refused"),
    ("empty", "lost", r"the sink holds no value"),
    ("file", "500", r"other files than after a run without a fault"),
)


class Wrapper:
    """What the program's place is given to: each lie a method; it is given the real answer's text, and the exit status."""

    def __init__(self, lie, words):
        self.lie, self.words = lie, words
        self.config = words[words.index("-c") + 1]
        self.command = words[words.index("-c") + 2]
        self.place = open_place(self.config)

    def told(self, out, exit_status, **changed):
        """The answer with other words: of the document and of its target."""
        if "--json" in self.words:
            whole = json.loads(out)
            for part in [whole] + whole["targets"]:
                part.update({name: value for name, value in changed.items() if name in part})
            out = json.dumps(whole)
        return out, exit_status

    def success(self, out, status):
        return self.told(out, 0, exit=0, attention=False) if self.command == "rotate" else (out, status)

    def failure(self, out, status):
        return self.told(out, 75, exit=75, attention=False) if self.command == "rotate" else (out, status)

    def alarm(self, out, status):
        return self.told(out, 4, exit=4, attention=True, next="rotator run") if self.command == "rotate" else (out, status)

    def person(self, out, status):
        return self.told(out, 3, exit=3, attention=True, next="rotator run") if self.command == "rotate" else (out, status)

    def dead(self, out, status):
        return self.told(out, status, working="no") if self.command == "status" else (out, status)

    def silent(self, out, status):
        return ("", status) if self.command == "status" else (out, status)

    def second_key(self, out, status):
        if self.command == "rotate":
            self.place.seed({"service_ids": [{"id": SENDER, "apikeys": [{"name": "left over"}]}]})
        return out, status

    def early(self, out, status):
        """The key in the sink is deleted."""
        if self.command == "rotate":
            key = self.place.key_behind(self.place.value())
            self.place.control("POST", "hand", {"key": key["id"], "do": "delete"})
        return out, status

    def works(self, out, status):
        out, status = self.early(out, status)
        return self.told(out, status, working="yes")

    def empty(self, out, status):
        if self.command == "rotate":
            os.remove(self.place.sinks()["file"])
        return out, status

    def file(self, out, status):
        with open(self.place.path("state/.prod.tmp"), "w", encoding="ascii"):
            return out, status


def play(real, lie):
    """The wrapper's main()."""
    words = sys.argv[1:]
    wrapper = Wrapper(lie, words)
    if lie == "idle" and wrapper.command == "run":  # the job that does nothing
        words = [w if w != "run" else "status" for w in words]
    done = subprocess.run([real] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    out, status = done.stdout, done.returncode
    if lie and lie != "idle":
        out, status = getattr(wrapper, lie.replace(" ", "_"))(out, status)
    print(out, end="")
    sys.exit(status)


def program(scratch, real, lie):
    path = os.path.join(scratch, "rotator-" + (lie or "honest").replace(" ", "-"))
    with open(path, "w", encoding="ascii") as f:
        f.write("#!%s -IB\nimport sys\nsys.path.insert(0, %r)\nimport lies\nlies.play(%r, %r)\n"
                % (sys.executable, os.path.dirname(os.path.abspath(__file__)), os.path.abspath(real), lie))
    os.chmod(path, 0o755)
    return path


def run(setting, clean, try_one):
    """clean: the scene, played without a fault; try_one: single_faults.try_one. How many were not as they should be."""
    real, bad = setting.programs[0], 0
    for lie, fault, sentence in [(None, "lost", None)] + list(PLANTED):
        setting.programs = (program(setting.scratch, real, lie), setting.programs[1])
        number = next(i for i, r in enumerate(clean.requests) if r.method == "POST" and r.service == "iam")
        wrong, transcript, _ = try_one(setting, clean, number, fault)
        good = not wrong if lie is None else any(re.search(sentence, w) for w in wrong)
        what = "the lie '%s' is found out" % lie if lie else "an honest program is found right"
        print("%s %s" % ("ok  " if good else "FAIL", what), flush=True)
        if not good:
            print("%s\n%s" % (transcript, "; ".join(wrong)))
            bad += 1
    setting.programs = (real, setting.programs[1])
    print("%d planted lies, %d not as they should be" % (len(PLANTED), bad))
    return bad
