"""A place: one emulator of IBM Cloud and one set-up of rotator beside it, in a folder that goes away again.

Place.run() is the one way to start the program. It keeps the transcript. Place.truth() asks what a consumer would meet: it
reads each sink as a consumer does, exchanges the value for a token and sends one log, without the program's help. What the
program says is held against that.
"""
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.parse

ACCOUNT = "d3a0c0ffee00000000000000000000d3"
INSTANCE = "11111111-2222-4333-8444-555555555555"
CRN = "crn:v1:bluemix:public:logs:eu-de:a/%s:%s::" % (ACCOUNT, INSTANCE)
SENDER = "ServiceId-aaaaaaaa-0000-4000-8000-000000000002"
MANAGEMENT = "ServiceId-aaaaaaaa-0000-4000-8000-000000000001"
NOBODY = 65534
ANSWER_WITHIN_S = 45  # no command may be silent for longer
# The library that fakes the clock; empty where it is not installed.
FAKETIME = subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faketime.sh")],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
YES, NO, UNKNOWN = "working", "not working", "not known"


running = set()  # process groups of commands under way, so that an interrupted test leaves nothing behind


class Skip(Exception):
    """This machine cannot make that world; the text says what is missing."""


class Broken(Exception):
    """The world is not what its name says: a fault of the test, not of the program."""


class Answer:
    """What one start of the program answered."""

    def __init__(self, command, status, out, err, seconds):
        self.command, self.status, self.out, self.err, self.seconds = command, status, out, err, seconds

    @property
    def text(self):
        return self.out + self.err

    def transcript(self):
        lines = ["$ " + self.command] + ["  " + line for line in self.text.splitlines()]
        return "\n".join(lines + ["=> %s, %.1f s" % (self.status, self.seconds)])


def ensure(condition, text):
    if not condition:
        raise Broken(text)


class Place:
    def __init__(self, rotator, emulator, scratch):
        self.dir = tempfile.mkdtemp(prefix="world.", dir=scratch)
        os.chmod(self.dir, 0o711)
        self.program, self.answers, self.mounts = os.path.abspath(rotator), [], []
        self.skew_s = self.later_s = 0  # rotator's own clock is off by skew; all clocks are later by later
        self.user = None
        self.kept = {}  # what one primitive leaves for the next
        for name in ("bin", "emulator", "home", "sinks", "state", "hooks"):
            os.mkdir(self.path(name), 0o711 if name == "bin" else 0o700)
        os.symlink(self.program, self.path("bin/rotator"))
        # The vendor's tool: what it is to do is a deed (making.py), done before the line is pasted; what follows `&&` counts.
        with open(self.path("bin/ibmcloud"), "w") as f:
            f.write("#!/bin/sh\n")
        os.chmod(self.path("bin/ibmcloud"), 0o755)
        self.process = subprocess.Popen(
            [emulator, "--dir", self.path("emulator"), "--ready-file", self.path("emulator/ready"), "--demo",
             "--demo-key-file", self.path("management.key"), "--die-with-parent"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.path("emulator/log"), "wb"))
        ready = self._wait_ready()
        self.https, self.ca, self.port = ready["https"], ready["ca"], int(ready["http"].rsplit(":", 1)[1])
        os.chmod(self.path("emulator"), 0o711)  # the CA is read by another user, too
        self._tls = ssl.create_default_context(cafile=self.ca)
        self.config = {
            "version": 1, "management": {"file": self.path("management.key")}, "state_dir": self.path("state"),
            "host_id": "test-host", "ca_file": self.ca,
            "defaults": {
                "endpoints": {"iam": self.https, "ingress": self.https + "/instances/{guid}"}, "grace": "0s",
                "reload_within": "0s", "quarantine": "0s", "rotate_every": "30d", "rotate_jitter": "0s",
                "look_every": "1h",
                "proof": {"count": 2, "span": "0s", "absence_apart": "0s", "propagation": "0s"}},
            "targets": [self.target("prod")]}
        made = self.seed({"users": [{"id": "IBMid-owner", "name": "owner", "owner": True,
                                     "apikeys": [{"name": "console"}]}]})
        self._owner_key = made["users"][0]["apikeys"][0]["apikey"]
        self.write_config()

    def _wait_ready(self):
        ready = self.path("emulator/ready")
        for _ in range(1000):
            if os.path.exists(ready) and os.path.getsize(ready):
                return json.load(open(ready))
            ensure(self.process.poll() is None, "the emulator ended: " + open(self.path("emulator/log")).read())
            time.sleep(0.01)
        raise Broken("the emulator is not ready")

    def end(self):
        self.process.terminate()
        self.process.wait()
        for mount in self.mounts:
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    # --- configuration ---

    def target(self, name, service=SENDER):
        return {"name": name, "instance": CRN, "service_id": service, "sinks": [self.file_sink("file", name + ".env")]}

    def file_sink(self, name, file):
        return {"name": name, "file": {"path": self.path("sinks/" + file), "format": "env", "variable": "IAM_API_KEY"}}

    def write_config(self):
        """JSON is YAML."""
        with open(self.path("rotator.yaml"), "w") as f:
            json.dump(self.config, f, indent=1)
            f.write("\n")
        os.chmod(self.path("rotator.yaml"), 0o600)
        if self.user:
            os.chown(self.path("rotator.yaml"), self.user, self.user)

    def set(self, **defaults):
        self.config["defaults"].update(defaults)
        self.write_config()

    @property
    def prod(self):
        return self.config["targets"][0]

    def sinks(self):
        return {s["name"]: s["file"]["path"] for s in self.prod["sinks"]}

    # --- the program ---

    def environment(self):
        return {"PATH": self.path("bin") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": self.path("home"), "LC_ALL": "C", "TZ": "UTC", "TMPDIR": self.dir,
                "NO_FAKE_STAT": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def prefix(self):
        words = []
        if self.user:
            words += ["setpriv", "--reuid=%d" % self.user, "--regid=%d" % self.user, "--clear-groups"]
        if self.skew_s + self.later_s:
            words += ["env", "LD_PRELOAD=" + FAKETIME, "FAKETIME=%+ds" % (self.skew_s + self.later_s)]
        return words

    def paste(self, line, within=ANSWER_WITHIN_S):
        """What a shell makes of the line; standard input is empty, as in a pipe."""
        begin = time.monotonic()
        process = subprocess.Popen(self.prefix() + ["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment(), cwd=self.dir, start_new_session=True)
        running.add(process.pid)
        try:
            out, err = process.communicate(timeout=within)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, err = process.communicate()
            status = "no answer within %d s" % within
        running.discard(process.pid)
        answer = Answer(line, status, out.decode(errors="replace"), err.decode(errors="replace"),
                        time.monotonic() - begin)
        self.answers.append(answer)
        return answer

    def run(self, command, within=ANSWER_WITHIN_S):
        return self.paste("rotator -c %s %s" % (self.path("rotator.yaml"), command), within)

    def must(self, command, *statuses):
        answer = self.run(command)
        ensure(answer.status in (statuses or (0,)), "%s: status %s\n%s" % (command, answer.status, answer.text))
        return answer

    # --- the emulator ---

    def _plain(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        ensure(answer.status < 300, "%s %s: %d %s" % (method, path, answer.status, text[:300]))
        return json.loads(text or b"{}")

    def control(self, method, path, body=None):
        return self._plain(method, "/_control/" + path, body)

    def seed(self, body):
        return self.control("POST", "seed", body)

    def fault(self, match, effect):
        self.control("POST", "faults", {"match": match, "effect": effect})

    def no_faults(self):
        self.control("DELETE", "faults")

    def secure(self, url, method, body, headers):
        """(status, body) of one HTTPS request; (None, reason) without an answer."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20, context=self._tls)
        try:
            connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as e:
            return None, str(e).encode()
        finally:
            connection.close()

    def token(self, value, iam=None):
        form = urllib.parse.urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": value})
        return self.secure((iam or self.https) + "/identity/token", "POST", form,
                           {"Content-Type": "application/x-www-form-urlencoded"})

    def console(self, method, path, body=None):
        """A call as the account's owner makes it in the console."""
        status, text = self.token(self._owner_key)
        ensure(status == 200, "the owner gets no token: %s %s" % (status, text[:200]))
        status, text = self.secure(self.https + path, method, None if body is None else json.dumps(body),
                                   {"Authorization": "Bearer " + json.loads(text)["access_token"],
                                    "Content-Type": "application/json"})
        ensure(status is not None and status < 300, "%s %s: %s %s" % (method, path, status, text[:300]))
        return json.loads(text or b"{}")

    def keys(self, identity=SENDER):
        return [k for k in self.control("GET", "keys?iam_id=iam-" + identity)["keys"] if not k["deleted"]]

    def live(self, identity=SENDER):
        return [k for k in self.keys(identity) if k["token_endpoint"] == "accepted"]

    def key_behind(self, value):
        """The emulator's record of the key with this value, deleted or not; None if there never was one."""
        digest = hashlib.sha256(value.encode()).hexdigest()
        found = [k for k in self.control("GET", "keys")["keys"] if k["value_sha256"] == digest]
        return found[0] if found else None

    # --- what is so ---

    def value(self, sink="file"):
        """The value that a consumer finds in the sink, or None: as EnvironmentFile= and a shell read it, the last one that is set,
        whatever other variables are there. One line that is no plain assignment, and they would part."""
        try:
            text = open(self.sinks()[sink], "rb").read()
        except OSError:
            return None
        lines = [line for line in text.split(b"\n") if line and not line.startswith(b"#")]
        set_to = [re.fullmatch(rb"([A-Za-z_][A-Za-z0-9_]*)=[\"']?([A-Za-z0-9_-]*)[\"']?", line) for line in lines]
        found = [m.group(2) for m in set_to if m and m.group(1) == b"IAM_API_KEY"]
        return found[-1].decode() if found and found[-1] and all(set_to) else None

    def meets(self, value):
        """What a consumer that holds this value meets now."""
        if value is None:
            return NO
        endpoints = dict(self.config["defaults"]["endpoints"], **self.prod.get("endpoints", {}))
        status, text = self.token(value, endpoints["iam"])
        if status is None or status >= 500 or status == 429:
            return UNKNOWN
        if status != 200:
            return NO
        url = endpoints["ingress"].replace("{guid}", INSTANCE) + "/logs/v1/singles"
        log = [{"applicationName": "consumer", "subsystemName": "agent", "severity": 3, "text": "a consumer's log"}]
        status, text = self.secure(url, "POST", json.dumps(log),
                                   {"Authorization": "Bearer " + json.loads(text)["access_token"],
                                    "Content-Type": "application/json"})
        if status is None or status >= 500 or status == 429:
            return UNKNOWN
        return YES if 200 <= status < 300 else NO

    def truth(self):
        return {name: self.meets(self.value(name)) for name in self.sinks()}

    def fingerprint(self):
        """All that a command that changes nothing must leave as it is; records and histories may grow."""
        files = {}
        for folder, names in ((self.path("state"), ".state"), (self.path("sinks"), "")):
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                full = os.path.join(folder, name)
                if name.endswith(names) and os.path.isfile(full):
                    files[full] = open(full, "rb").read()
        keys = sorted((k["id"], k["disabled"], k["deleted"]) for k in self.control("GET", "keys")["keys"])
        made = sorted(i["id"] for i in self.control("GET", "identities")["identities"])
        rules = sorted(p["id"] for p in self.control("GET", "policies")["policies"])
        return files, keys, made, rules

    def state_file(self):
        found = [n for n in os.listdir(self.path("state")) if n.endswith(".state")]
        ensure(len(found) == 1, "not one state: %s" % found)
        return self.path("state/" + found[0])

    def later(self, seconds):
        """All clocks move on."""
        if not FAKETIME:
            raise Skip("faketime is missing")
        self.later_s += seconds
        self.control("POST", "clock", {"advance_s": seconds})
