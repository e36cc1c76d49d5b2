"""A program that answers as it should, for the self-test: it leaves the work to the real program, asks the emulator what consumers
meet, and words the answer from that. It knows the few worlds that the self-test makes. With a lie's name it tells that lie, so that
the self-test sees each lie caught, and the same program without a lie pass.
"""
import json
import os
import ssl
import subprocess
import sys

from judge import of_sinks
from place import NO, SENDER, YES, Place

SENTENCE = {YES: "Consumers have a working key: %s", NO: "Consumers have NO working key: %s"}


def open_place(config_file):
    """The place around a configuration, without starting anything."""
    place = Place.__new__(Place)
    place.dir, place.kept, place.config = os.path.dirname(config_file), {}, json.load(open(config_file))
    ready = json.load(open(place.path("emulator/ready")))
    place.https, place.ca, place.port = ready["https"], ready["ca"], int(ready["http"].rsplit(":", 1)[1])
    place._tls = ssl.create_default_context(cafile=place.ca)
    return place


class Model:
    def __init__(self, real, lie, words):
        self.real, self.lie, self.words = real, lie, words
        self.config = words[words.index("-c") + 1]
        self.rest = [w for i, w in enumerate(words) if w not in ("-c", "--json") and words[i - 1] != "-c"]
        self.command, self.place, self.json = self.rest[0], open_place(self.config), "--json" in words
        self.me = "rotator -c %s" % self.config

    def reality(self):
        return subprocess.run([self.real, "-c", self.config] + self.rest, stdin=subprocess.DEVNULL, capture_output=True)

    def look_again(self):
        """So that the real program asks IAM now and not within the hour."""
        record = self.place.path("state/prod.run")
        if os.path.exists(record):
            os.remove(record)

    def reason(self, sink):
        value = self.place.value(sink)
        if value is None:
            return "the sink is empty", self.me + " run prod"
        key = self.place.key_behind(value)
        if key is None:
            return "a foreign value that is no key", self.me + " repair prod --keep state"
        if key["deleted"]:
            return "its key was deleted", self.me + " rotate prod"
        if not [p for p in self.place.control("GET", "policies?iam_id=iam-" + SENDER)["policies"] if p["in_force"]]:
            return "the service ID has no Sender on the instance: grant it", self.me + " check prod"
        return "it works", None

    def do(self):
        if self.command in ("hold", "resume", "init"):
            done = self.reality()
            if self.command != "hold":
                sys.stdout.buffer.write(done.stdout)
                sys.stderr.buffer.write(done.stderr)
                sys.exit(done.returncode)
        if self.command in ("run", "rotate") and "--dry-run" not in self.rest and self.lie != "forgets":
            self.look_again()
            self.reality()
        if self.command == "rollback" and self.lie != "stubborn":
            return 3
        if self.command == "repair" and "--keep" in self.rest:
            return self.reality().returncode
        if self.lie == "change" and self.command == "keys":
            open(self.place.path("sinks/left-over"), "w").close()
        return 0

    def answer(self):
        status = self.do()
        truth = self.place.truth()
        overall, following, sinks = of_sinks(truth.values()), None, []
        for name, verdict in truth.items():
            text, way = self.reason(name)
            following = following or (way if verdict == NO else None)
            sinks.append({"name": name, "verdict": verdict, "reason": text, "proven_at": "2026-01-01T00:00:00Z"})
        if overall == NO:
            status = 4
        elif status == 3:
            following = self.me + " status prod"
        a = {"working": overall, "sinks": sinks, "exit": status, "attention": status in (3, 4), "next": following,
             "lines": []}
        if overall == NO and "Sender" in sinks[0]["reason"]:
            a["lines"].append("  decide: who is to grant it?")
        if self.command == "repair" and overall == NO and "foreign" in sinks[0]["reason"]:
            a["lines"].append("  " + self.me + " repair prod --keep state")
        return a

    def tell(self, a):
        if self.json:
            words = {YES: "yes", NO: "no"}.get(a["working"], "unknown")
            target = {"target": "prod", "working": words, "sinks": a["sinks"], "attention": a["attention"], "next": a["next"],
                      "exit": a["exit"]}
            print(json.dumps({"rotator": 1, "command": self.command, "targets": [target], "exit": a["exit"]}))
        elif a["exit"] or self.command not in ("run",):
            reason = a["sinks"][0]["reason"] if a["working"] == NO else "ApiKey-1"
            print("prod: " + SENTENCE.get(a["working"], "Not known whether consumers have a working key: %s") % reason)
            print("\n".join(a["lines"]), end="\n" if a["lines"] else "")
            if a["exit"] and a["next"]:
                print("next: " + a["next"], file=sys.stderr)
        sys.exit(a["exit"])


def _works(m, a):
    a["working"] = YES
    a["sinks"] = [dict(s, verdict=YES) for s in a["sinks"]]


def _chain(m, a):
    steps = ["status prod", "check prod", "keys prod", "plan prod", "repair prod", "verify prod"]
    at = steps.index(m.command + " prod") if m.command + " prod" in steps else -1
    a["next"] = "%s %s" % (m.me, steps[(at + 1) % len(steps)].replace("plan", "history"))
    if m.command == "history":
        a["next"] = m.me + " repair prod"


# name → (commands that tell it, what it does to the answer)
LIES = {
    "exit": ("status", lambda m, a: a.update(exit=0, attention=False)),
    "works": ("status", _works),
    "attention": ("keys", lambda m, a: a.update(attention=not a["attention"])),
    "unsure": ("keys", lambda m, a: a.update(working="not known")),
    "reason": ("verify", lambda m, a: a["sinks"][0].update(reason="something")),
    "proven": ("verify", lambda m, a: a["sinks"][0].update(proven_at=None)),
    "old": ("rotate", lambda m, a: a["lines"].append("prod: the old key ApiKey-0 works until tomorrow")),
    "circle": ("status", lambda m, a: a.update(next=m.me + " status prod")),
    "itself": ("verify", lambda m, a: a.update(next=m.me + " verify prod")),
    "refused": ("status", lambda m, a: a.update(next=m.me + " rotate --nonsense")),
    "other tool": ("status", lambda m, a: a.update(next="systemctl restart everything")),
    "nothing": ("status", lambda m, a: a.update(next=None)),
    "chain": ("status check keys history repair verify", _chain),
    "garbage": ("repair", lambda m, a: a["lines"].append("  " + m.me + " repair prod --keep sink=file")),
    "change": ("keys", lambda m, a: None),
    "forgets": ("run", lambda m, a: a.update(exit=0, attention=False)),
    "alarm": ("check", lambda m, a: a.update(exit=4, attention=True)),
    "words": ("status", lambda m, a: a["lines"].append("  now  home_back")),
    "two": ("status", lambda m, a: a["lines"].append("Consumers have a working key: ApiKey-9")),
    "late": ("status", lambda m, a: a.update(late=True)),
}


def main(real, lie):
    words = sys.argv[1:]
    if "--nonsense" in words:
        sys.exit(2)
    model = Model(real, lie, words)
    answer = model.answer()
    if lie and model.command in LIES[lie][0].split():
        LIES[lie][1](model, answer)
        if answer.get("late"):
            print("prod: idle, and then")
    model.tell(answer)
