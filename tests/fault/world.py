"""A world in which one thing goes wrong, and the judgement of what the program makes of it; for single_faults.py and syscalls.py.

A scene is what is set up, and the command at which something goes wrong. Trial.judge() is called after each command, and
Trial.settle() lets the scheduled job come by, an hour apart, until nothing is due. Between the two these must hold:

- the promise: whenever anybody looked, the sink held a value that IAM accepted (until the first one: or none);
- the answer: the exit status, `working` and `attention` fit what consumers meet, and exit status 0 means that what was asked for is done;
- the end: the target is idle, with the new key or the old one; this key, this state and these files, and nothing beside them.
"""
import hashlib
import http.client
import json
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../truth"))
import judge  # noqa: E402
from place import ACCOUNT, FAKETIME, MANAGEMENT, NO, SENDER, UNKNOWN, YES, Place, ensure  # noqa: E402

import front as fronts  # noqa: E402
import vault as vaults  # noqa: E402

HOUR = 3600
HURRY = 40  # times as fast
TURNS = 6  # of the scheduled job, until all has to be well
TEMPORARY = re.compile(r"/\.[^/]*\.tmp$")
SINK, STATE = "logs/edge", "rotator/state/edge"


class Scene:
    def __init__(self, name, store, ready, command, done, again=None, **defaults):
        """store: file, vault, or own (the rotator's own key, in a file). ready: the commands before, and `foreign`, a hand in the sink;
        command: at which something goes wrong; done: phase, whether there is another value in the sink and how many keys there are when
        it has answered 0; again: what a person says once more where it went wrong; defaults: of the configuration."""
        self.name, self.store, self.ready, self.command, self.done = name, store, ready, command, done
        self.again, self.defaults = again or "run", defaults


ROTATE = "rotate prod --wait=retired --patience 2s"
SCENES = [
    Scene("init into a file", "file", [], "init prod --patience 2s", ("idle", True, 1)),
    Scene("rotation, file", "file", ["init prod"], ROTATE, ("idle", True, 1)),
    Scene("init into Vault", "vault", [], "init prod --patience 2s", ("idle", True, 1)),
    Scene("rotation, Vault", "vault", ["init prod"], ROTATE, ("idle", True, 1)),
]


class Loose:
    """A world of which judge.py knows no row: nothing is wanted but that the answer fits what is so."""
    verdict, others, preflight = {}, True, False


class World(Place):
    """A place whose program meets everything through a front; what the test itself asks goes past it."""

    def __init__(self, programs, scratch, certificates, scene):
        super().__init__(programs[0], programs[1], scratch)
        self.scene, self.vault, self.served, self.bad, self.hurry = scene, vaults.Vault(), False, [], False
        self._asking, self._http = threading.Lock(), None
        self._past = self.https
        self.front = fronts.Front(certificates, self.port, self.vault)
        self.config["ca_file"] = certificates[0][0]
        self.config["defaults"]["endpoints"] = {"iam": self.front.url, "ingress": self.front.url + "/instances/{guid}"}
        self.config["defaults"].update(scene.defaults)
        if scene.store == "vault":
            self._keep_in_vault(certificates[0][0])
        if scene.store == "own":
            for name in ("instance", "sinks"):
                del self.prod[name]
            self.prod.update(own_key=True, account=ACCOUNT, service_id=MANAGEMENT,
                             sinks=[{"name": "file", "file": {"path": self.path("management.key")}}])
        self.write_config()

    def _keep_in_vault(self, ca_file):
        with open(self.path("vault-token"), "w", encoding="ascii") as f:
            f.write(vaults.TOKEN)
        os.chmod(self.path("vault-token"), 0o600)
        self.config["vault"] = {"address": self.front.url, "ca_file": ca_file, "auth": {"token": {"file": self.path("vault-token")}}}
        self.prod["home"] = {"vault": {"mount": "secret", "path": STATE}}
        self.prod["sinks"] = [{"name": "file", "vault": {"mount": "secret", "path": SINK}}]

    def end(self):
        for server in (self.front, self.front.trap):
            server.close()
            server.hang_up()
        super().end()

    def secure(self, url, method, body, headers):
        return super().secure(url.replace(self.front.url, self._past), method, body, headers)

    def sinks(self):
        return {"file": SINK} if self.scene.store == "vault" else super().sinks()

    def value(self, sink="file"):
        if self.scene.store == "own":
            with open(self.path("management.key"), encoding="ascii") as f:
                return f.read().strip() or None
        return self.vault.value(SINK) if self.scene.store == "vault" else super().value(sink)

    def keys(self, identity=None):
        return super().keys(identity or (MANAGEMENT if self.scene.store == "own" else SENDER))

    def foreign(self):
        """A hand puts into the sink what is no key."""
        with open(self.sinks()["file"], "w", encoding="ascii") as f:
            f.write("IAM_API_KEY=%s\n" % ("x" * 44))

    def later(self, seconds):
        super().later(seconds)
        self.vault.later_s = self.later_s

    def prefix(self):
        """A command that is to wait for the end of a connection's time does so in a hurry: all its clocks run faster."""
        if not self.hurry:
            return super().prefix()
        return ["env", "-u", "FAKETIME_DONT_FAKE_MONOTONIC", "LD_PRELOAD=" + FAKETIME,
                "FAKETIME=%+ds x%d" % (self.later_s, HURRY)]

    # --- what a consumer meets at this instant ---

    def accepts(self, value):
        with self._asking:
            self._http = self._http or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._http.request("POST", "/_control/check-value", json.dumps({"value": value}))
            return json.loads(self._http.getresponse().read())["accepted"]

    def look(self):
        value = self.value()
        good = value is not None and self.accepts(value)
        if good or not self.served:
            self.served = good
        elif value is None:
            self.bad.append("the sink holds no value")
        else:
            self.bad.append("the sink holds a value that IAM refuses (%s)" % hashlib.sha256(value.encode()).hexdigest()[:12])

    def watch(self):
        """From now on at every request."""
        self.front.look = self.look

    # --- what there is ---

    def files(self):
        """Names of all that is kept on this host."""
        found = []
        for folder in ("sinks", "state"):
            for where, _, names in os.walk(self.path(folder)):
                found += [os.path.relpath(os.path.join(where, name), self.dir) for name in names]
        return {re.sub(r"[0-9a-f]{16,}", "*", name) for name in found}

    def status(self):
        return self.run("status prod --json")

    def run_json(self, command):
        return self.run(command + " --json")


class Trial:
    """One world with one thing that goes wrong in it. `wrong` has a sentence for each disagreement."""

    def __init__(self, world):
        self.world, self.scene, self.wrong = world, world.scene, []
        self.before, self.killed = None, False

    def make_ready(self):
        for command in self.scene.ready:
            if command == "foreign":
                self.world.foreign()
            else:
                self.world.must(command)
        self.before = self.world.value()
        self.world.watch()
        self.world.look()

    def say(self, where, sentence):
        self.wrong.append("%s: %s" % (where, sentence))

    def is_new(self):
        value = self.world.value()
        return value is not None and value != self.before

    def judge(self, answer, where, statuses, verdicts=frozenset()):
        """An answer with --json, just after it was given. verdicts: those allowed beside the right ones."""
        self.world.look()
        for sentence in dict.fromkeys(self.world.bad):
            self.say(where, sentence)
        self.world.bad.clear()
        truth = judge.of_sinks(self.world.truth().values())
        if truth == NO and not self.world.served:  # nothing was ever published: there is nothing to be wrong about
            truth = UNKNOWN
        allowed = ({NO, UNKNOWN} if not self.world.served else {YES, UNKNOWN}) | verdicts
        if not self.world.served:
            statuses = statuses | {4}
        for sentence in judge.complaints(answer, Loose, statuses, allowed, truth, False):
            self.say(where, sentence)
        if judge.said(answer) == NO and answer.status != 4:
            self.say(where, "says not working, with status %s" % answer.status)
        for request in self.world.front.trap.caught:
            if request.service != "vault":  # there a standby names the active node, whose certificate the authority has signed
                self.say(where, "another host was sent %s" % request.name())
        self.world.front.trap.caught.clear()

    def goal(self, answer, where):
        """What was asked for is done exactly when the answer says so."""
        state = self.phase_of(answer)
        keys = len(self.world.keys())
        phases, *left = self.scene.done
        reached = state in phases.split() and [self.is_new(), keys] == left
        if answer.status == 0 and not reached:
            self.say(where, "status 0, and it is not done: %s, %s key, %d keys" % (state, "new" if self.is_new() else "old", keys))
        if answer.status == 75 and reached and phases == "idle":
            self.say(where, "status 75, and all is done")

    @staticmethod
    def phase_of(answer):
        _, target = judge.document(answer)
        return (target or {}).get("phase")

    def next_after(self, answer):
        """What is started next: the scheduled job; by a person, what was begun without a state or what did not end well."""
        phase = self.phase_of(answer)
        if phase in (None, "none"):
            return self.scene.command
        return self.scene.again if phase == "grace" or (phase == "idle" and answer.status in (3, 4)) else "run"

    def settle(self, answer):
        """The scheduled job comes by, after that answer; before the first key a person begins anew."""
        for turn in range(TURNS):
            command = self.next_after(answer)
            self.world.later(HOUR)
            answer = self.world.run_json(command)
            self.judge(answer, "turn %d" % (turn + 1), {0, 3, 75})
            if answer.status == 0 and self.phase_of(answer) == "idle" and len(self.world.keys()) == 1:
                return turn + 1
        self.say("end", "not well after %d turns: status %s, phase %s, %d keys" %
                 (TURNS, answer.status, self.phase_of(answer), len(self.world.keys())))
        return TURNS

    def end(self, files):
        """Nothing is left over; one more turn finds nothing to do."""
        world = self.world
        world.later(HOUR)
        self.judge(world.run_json("run"), "one turn more", {0})
        self.judge(world.status(), "at the end", {0})
        keys, value = world.keys(), world.value()
        digest = hashlib.sha256((value or "").encode()).hexdigest()
        if [k["value_sha256"] for k in keys] != [digest] or keys[0]["disabled"]:
            self.say("at the end", "the keys are not the one in the sink: %s" % [(k["id"], k["disabled"]) for k in keys])
        if judge.of_sinks(world.truth().values()) != YES or judge.said(world.answers[-1]) != YES:
            self.say("at the end", "working is %s, and consumers meet %s" % (judge.said(world.answers[-1]), world.truth()))
        if any(TEMPORARY.search(name) for name in world.files()) and self.killed:
            self.write_once_more()
        if world.files() != files:
            self.say("at the end", "other files than after a run without a fault: %s" % sorted(world.files() ^ files))
        for old in world.vault.old_values(SINK):
            if old != world.value() and world.accepts(old):
                self.say("at the end", "an old version in Vault holds a key that works")

    def write_once_more(self):
        """A temporary file of a run that was killed stays until the next write of its file (rotator-store-file(5))."""
        self.world.must("rotate prod")
        while self.phase_of(self.world.status()) != "idle":
            self.world.later(25 * HOUR)
            self.world.must("run")

    def transcript(self):
        return "\n".join(a.transcript() for a in self.world.answers).replace(self.world.dir, "DIR")
