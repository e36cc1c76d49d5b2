"""What is said where there is no verdict to compare: first contact, mistakes in what was typed, plans, dates, and the small commands.
A scene is a world (making.py) and some commands in order, each with its right statuses, what it has to say, and what it must not.
"""
import datetime
import json
import re

import making
from judge import INTERNAL, SENTENCES
from place import SENDER


class Say:
    """One command of a scene; `{config}` stands for the configuration's path."""

    def __init__(self, command, statuses, says=None, never=None, also=None):
        self.command, self.never, self.also = command, never, also
        self.statuses = {int(s) for s in str(statuses).split()}
        self.says = [says] if isinstance(says, str) else says or []

    def judge(self, place):
        answer = place.paste(self.command.replace("{config}", place.path("rotator.yaml")))
        if answer.status not in self.statuses:
            yield "%s: status %s, not %s" % (self.command, answer.status, " or ".join(map(str, sorted(self.statuses))))
        for words in self.says:
            if not re.search(words, answer.text):
                yield "%s: does not say %r" % (self.command, words)
        if self.never and re.search(self.never, answer.text):
            yield "%s: says %r" % (self.command, re.search(self.never, answer.text).group(0))
        if self.also:
            for sentence in self.also(place, answer):
                yield "%s: %s" % (self.command, sentence)


class Scene:
    def __init__(self, name, what, made, *says):
        self.name, self.what, self.made, self.says = name, what, made, says


def narrow(place, answer):
    """Of the table that shows several targets."""
    if not re.match(r"(?i).*\bworking\b", answer.out.split("\n")[0]):
        yield "no column says whether consumers have a working key"
    for line in answer.out.splitlines():
        if len(line) > 80:
            yield "%d columns: %r" % (len(line), line[:60])
    for word in sorted(set(INTERNAL.findall(answer.out))):
        yield "an internal word: %s" % word


def _target(answer):
    try:
        return json.loads(answer.out)["targets"][0]
    except (ValueError, KeyError, IndexError):
        return {}


def names_the_window(place, answer):
    """The key is due within the hour; the window opens on Sundays at 03:00."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    at += datetime.timedelta(days=(6 - at.weekday()) % 7)
    if not re.search(at.strftime(r"%Y-%m-%d[T ]03:0[01]"), answer.text):
        yield "does not say that the rotation will begin on %s" % at.strftime("%Y-%m-%d 03:00")


def says_when_grace_ends(place, answer):
    state = json.load(open(place.state_file()))["state"]
    end = datetime.datetime.fromtimestamp(state["phase_since_s"] + 86400, datetime.timezone.utc)
    if not re.search(end.strftime(r"%Y-%m-%d[T ]%H:%M"), answer.text):
        yield "does not say that grace ends on %s" % end.strftime("%Y-%m-%d %H:%M")


def plan_is_true(place, answer):
    target, state = _target(answer), json.load(open(place.state_file()))["state"]
    previous = place.key_behind(place.kept["previous"])["id"]
    if target.get("previous") != previous:
        yield "`previous` is %s, not %s" % (target.get("previous"), previous)
    for name in ("generation", "epoch"):
        if str(target.get(name)) != str(state[name]):
            yield "`%s` is %s, not %s" % (name, target.get(name), state[name])


def keeps_plan(place, answer):
    place.kept["plan"] = [s["row"] for s in _target(answer).get("plan", [])]
    if not place.kept["plan"]:
        yield "no plan"


def did_as_planned(place, answer):
    done = [e["what"] for e in json.loads(place.run("history prod --json").out)["targets"][0]["entries"]]
    planned = ["init" if row in ("service-id", "sender") else row for row in place.kept["plan"]]
    if done != planned:
        yield "planned %s, and did %s" % (" ".join(planned), " ".join(done))


def nothing_made(place, answer):
    made = place.control("GET", "identities")["identities"]
    if [i for i in made if i["name"] == "logs-agnet"]:
        yield "a service ID was made"
    if len(place.control("GET", "policies")["policies"]) != place.kept["policies"]:
        yield "a policy was made"


def is_held(place, answer):
    if _target(place.run("status prod --json")).get("held") is not True:
        yield "nothing is held"


def is_not_held(place, answer):
    if _target(place.run("status prod --json")).get("held") is not False:
        yield "it is still held"


@making.step("a misspelt service ID over an existing key file")
def _(p):
    made = p.seed({"service_ids": [{"id": SENDER, "apikeys": [{"name": "by hand"}]}]})
    making._write(p, made["service_ids"][0]["apikeys"][0]["apikey"])
    p.prod["service_id"] = "logs-agnet"
    p.write_config()
    p.kept["policies"] = len(p.control("GET", "policies")["policies"])


@making.step("a new service ID and a hook")
def _(p):
    p.prod["service_id"] = "logs-new"
    making._hook(p, "#!/bin/sh\nexit 0\n", starts=0)


@making.step("due at once")
def _(p):
    p.set(rotate_every="1s")


@making.step("two targets")
def _(p):
    p.seed({"service_ids": [{"id": making.OTHER, "name": "another"}]})
    p.config["targets"].append(p.target("a-target-with-a-rather-long-name", making.OTHER))
    p.write_config()


@making.step("probe_every of half a minute")
def _(p):
    p.set(probe_every="30s")


@making.step("no probe at rest")
def _(p):
    p.set(probe_every="0s")


R = "rotator -c {config} "
CONSUMERS = SENTENCES.pattern
SCENES = [
    Scene("T10-init", "init where nobody may grant Sender", "not set up, Sender taken away, management may not grant",
          Say(R + "init prod", 4, [r"Sender", r"Consumers have NO working key"])),
    Scene("T19", "no configuration at all", "not set up",
          Say("rotator status", 2, [r"/etc/rotator/rotator\.yaml", r"A commented example: .*rotator\.yaml", r"init TARGET"],
              CONSUMERS)),
    Scene("T20", "mistakes in what was typed", "at rest",
          Say(R + "statsu", 2, r"status", CONSUMERS), Say(R + "rotate", 2, r"target", CONSUMERS),
          Say(R + "status --jsno", 2, r"--json", CONSUMERS), Say(R + "verify nosuch", 2, r"nosuch", None)),
    Scene("help", "help [COMMAND]", "at rest", Say("rotator help", 0, r"rotate"), Say("rotator help rotate", 0, r"compromised")),
    Scene("T22", "due outside of the window", "closed window, at rest", Say(R + "status prod", 0, None, None, names_the_window)),
    Scene("T22-grace", "status in grace", "grace of a day, at rest, in grace",
          Say(R + "status prod", 0, None, None, says_when_grace_ends)),
    Scene("T22-table", "the table of several targets", "two targets, at rest", Say(R + "status", "0 4", None, None, narrow)),
    Scene("T23", "a dry run while a hold is on", "at rest, hold on, due at once",
          Say(R + "run prod --dry-run", 0, r"hold", r"staging|create")),
    Scene("T23-held", "a dry run while a hold is on and grace is over",
          "grace of two minutes, at rest, in grace, hold on, grace over",
          Say(R + "run prod --dry-run", 0, r"hold", r"point of no return|disabling|disables")),
    Scene("T23-grace", "a dry run in grace", "grace of a day, at rest, in grace",
          Say(R + "run prod --dry-run --json", 0, None, None, plan_is_true)),
    Scene("T25", "init with a misspelt service ID", "a misspelt service ID over an existing key file",
          Say(R + "init prod --dry-run", "3 4", r"logs-agnet", None, nothing_made),
          Say(R + "init prod", "3 4", r"logs-agnet", None, nothing_made)),
    Scene("init-plan", "init does what it planned", "two sinks, a new service ID and a hook",
          Say(R + "init prod --dry-run --json", 0, None, None, keeps_plan), Say(R + "init prod", 0, r"granted Sender", None, did_as_planned)),
    Scene("unconfirmed", "what has to be confirmed, without a terminal", "grace of a day, at rest, in grace",
          Say(R + "retire prod", 2, r"next: rotator -c \S+ retire prod --yes", r"nothing was contacted"),
          Say(R + "forget prod", 2, r"next: rotator -c \S+ forget prod --yes")),
    Scene("set-up-next", "commands before the first set-up", "not set up",
          *[Say(R + c, 4, r"next: rotator -c \S+ init prod") for c in
            ("verify prod", "keys prod", "retire prod --yes", "rotate prod", "run", "status")]),
    Scene("probe-fast", "probe_every below a minute", "at rest, probe_every of half a minute",
          Say(R + "check --offline", 2, [r"probe_every", r"1m|minute|60"])),
    Scene("probe-off", "probe_every: 0s", "at rest, no probe at rest", Say(R + "run", 0), Say(R + "verify prod", 0, r"have a working key")),
    Scene("hold-all", "everything paused, and on again", "at rest",
          Say(R + "hold --all --until 3d --reason freeze", 0, None, None, is_held), Say(R + "resume --all", 0, None, None, is_not_held)),
    Scene("retire-rest", "retire with nothing to retire", "at rest",
          Say(R + "retire prod --yes", 3, r"(?i)no (old|rotation|previous)")),
    Scene("retire-unproven", "retire while the new key is refused", "grace of a day, at rest, in grace, key deleted",
          Say(R + "retire prod --yes", "3 4", None, r"is (retired|deleted)", lambda p, a: () if p.meets(p.kept["previous"]) == "working"
              else ["the old key was taken though the new one is dead"])),
    Scene("twice", "verify twice at once", "at rest",
          Say(R + "verify prod >first 2>&1 & " + R + "verify prod; s=$?; wait $! && exit $s", 0, r"have a working key")),
    Scene("offline", "check --offline", "at rest", Say(R + "check --offline", 0, r"(?i)verif|proof|prov")),
]
