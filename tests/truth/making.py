"""How worlds are made. Each function is one step that the table calls by the name in its decorator; it makes sure, through the
emulator's control interface or the files themselves, that the world now is what the name says.

The steps that mend a world again (a person's deed outside of rotator) are the last part of the file.
"""
import datetime
import errno
import json
import os
import shutil
import subprocess
import time

from place import FAKETIME, INSTANCE, MANAGEMENT, NO, NOBODY, SENDER, UNKNOWN, YES, Skip, ensure

STEPS = {}
OTHER = "ServiceId-cccccccc-0000-4000-8000-000000000001"
DAY = 86400


def step(name):
    def note(function):
        assert name not in STEPS, name
        STEPS[name] = function
        return function
    return note


def make(place, names):
    for name in [n.strip() for n in names.split(",")]:
        STEPS[name](place)


# --- settings, before anything is set up ---

@step("grace of a day")
def _(p):
    p.set(grace="24h", reload_within="1h")


@step("grace of two minutes")
def _(p):
    p.set(grace="2m", reload_within="1m")


@step("quarantine of an hour")
def _(p):
    p.set(quarantine="65m")


@step("two sinks")
def _(p):
    p.prod["sinks"].append(p.file_sink("second", "second.env"))
    p.write_config()


@step("small disk for sinks")
def _(p):
    _small_disk(p, "sinks")


@step("small disk for state")
def _(p):
    _small_disk(p, "state")


def _small_disk(p, name):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", p.path(name)],
                      stderr=subprocess.DEVNULL).returncode:
        raise Skip("this process may not mount a tmpfs")
    p.mounts.append(p.path(name))


@step("closed window")
def _(p):
    p.set(rotate_every="1h", window="Sun 03:00-03:01 UTC")


# --- set up ---

@step("at rest")
def _(p):
    p.must("init prod")
    ensure(all(v == YES for v in p.truth().values()), "consumers do not work after init")
    ensure(len(p.live()) == 1, "not one live key")
    p.kept["current"] = p.value()


@step("adopted key that expires in a week")
def _(p):
    made = p.seed({"service_ids": [{"id": SENDER, "apikeys": [{"name": "by hand", "expires_at": _in_days(7)}]}]})
    _write(p, made["service_ids"][0]["apikeys"][0]["apikey"])
    STEPS["at rest"](p)
    ensure(p.key_behind(p.value())["expires_at_ms"], "the key does not expire")


def _in_days(days):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M+0000")


@step("in grace")
def _(p):
    before = p.value()
    p.must("rotate prod")
    ensure(p.value() != before, "nothing was rotated")
    ensure(len(p.live()) == 2, "not two live keys")
    p.kept["previous"], p.kept["current"] = before, p.value()


@step("rotated")
def _(p):
    before = p.value()
    p.must("rotate prod --wait=retired")
    p.must("run")
    ensure(p.value() != before and len(p.live()) == 1, "the rotation did not end")
    ensure(p.key_behind(before)["deleted"], "the old key lives")
    p.kept["previous"], p.kept["current"] = before, p.value()


@step("staged")
def _(p):
    p.fault({"method": "DELETE", "path": "/v1/apikeys/*/disable"}, {"status": 503})
    p.run("rotate prod --patience 0s")
    p.no_faults()
    state = json.load(open(p.state_file()))["state"]
    ensure(state["phase"] == "staged", "the phase is %s" % state["phase"])


@step("old key in quarantine")
def _(p):
    p.must("rotate prod")
    p.must("run")
    state = json.load(open(p.state_file()))["state"]
    ensure(state["phase"] == "retiring", "the phase is %s" % state["phase"])
    ensure([k["disabled"] for k in p.keys()].count(True) == 1, "no key is disabled")
    p.kept["current"] = p.value()


@step("hold on")
def _(p):
    p.must("hold prod --reason 'change freeze'")
    ensure(json.load(open(p.state_file()))["state"]["hold"], "no hold is on")


@step("rotation wished for")
def _(p):
    p.run("rotate prod --patience 0s")
    ensure(json.load(open(p.state_file()))["state"]["wish"], "no wish is in the state")


@step("not set up")
def _(p):
    ensure(p.value() is None and not p.keys(), "there is something")


@step("rotation asked for")
def _(p):
    """The row says `seen_by="rotate"`: asking for it is what meets the trouble."""
    ensure("current" in p.kept, "not set up")


# --- keys and the identity ---

def _current(p):
    key = p.key_behind(p.value())
    ensure(key, "no key is behind the sink's value")
    return key["id"]


def _dead(p, value, how):
    key = p.key_behind(value)
    ensure(key["deleted"] if how == "deleted" else key["token_endpoint"] == how, "the key is not %s: %s" % (how, key))
    ensure(p.meets(value) == NO, "the value still works")


def _previous(p):
    return p.key_behind(p.kept["previous"])["id"]


@step("key deleted")
def _(p):
    value = p.kept["current"]
    p.console("DELETE", "/v1/apikeys/" + p.key_behind(value)["id"])
    _dead(p, value, "deleted")


@step("key disabled")
def _(p):
    p.console("POST", "/v1/apikeys/%s/disable" % _current(p))
    _dead(p, p.value(), "disabled")


@step("key disabled as leaked")
def _(p):
    p.control("POST", "leak", {"key_id": _current(p)})
    _dead(p, p.value(), "disabled")


@step("a month later")
def _(p):
    p.later(10 * DAY)
    _dead(p, p.value(), "expired")


@step("old key deleted")
def _(p):
    p.console("DELETE", "/v1/apikeys/" + _previous(p))
    _dead(p, p.kept["previous"], "deleted")


@step("old key locked")
def _(p):
    p.console("POST", "/v1/apikeys/%s/lock" % _previous(p))
    ensure(p.key_behind(p.kept["previous"])["locked"], "the key is not locked")


@step("grace over")
def _(p):
    p.later(180)


def _old_key_used(p):
    status, _ = p.token(p.kept["previous"])
    ensure(status == 200, "the old key gets no token")
    key = p.key_behind(p.kept["previous"])
    ensure(p.control("GET", "clock")["now_ms"] - key["last_authn_ms"] < 60000, "the old key was not used")


@step("grace over while the old key is used")
def _(p):
    p.later(180)
    _old_key_used(p)


@step("grace over for eight hours while the old key is used")
def _(p):
    p.later(8 * 3600)
    _old_key_used(p)


@step("service ID deleted")
def _(p):
    p.console("DELETE", "/v1/serviceids/" + SENDER)
    ensure([i for i in p.control("GET", "identities")["identities"] if i["id"] == SENDER][0]["deleted"], "it is there")
    ensure(p.meets(p.kept["current"]) == NO, "the value still works")


@step("service ID locked")
def _(p):
    p.console("POST", "/v1/serviceids/%s/lock" % SENDER)
    ensure([i for i in p.control("GET", "identities")["identities"] if i["id"] == SENDER][0]["locked"], "not locked")


@step("no key is made")
def _(p):
    p.fault({"method": "POST", "path": "/v1/apikeys"}, {"status": 409})


@step("Sender taken away")
def _(p):
    for policy in p.control("GET", "policies?iam_id=iam-" + SENDER)["policies"]:
        p.console("DELETE", "/v1/policies/" + policy["id"])
    left = [q for q in p.control("GET", "policies?iam_id=iam-" + SENDER)["policies"] if q["in_force"]]
    ensure(not left, "a policy is left: %s" % left)
    if "current" in p.kept:
        ensure(p.meets(p.value()) == NO, "it may still send")


@step("management may not grant")
def _(p):
    for policy in p.control("GET", "policies?iam_id=iam-" + MANAGEMENT)["policies"]:
        if any(r["role_id"].endswith(("Sender", "Manager")) for r in policy["control"]["grant"]["roles"]):
            p.console("DELETE", "/v1/policies/" + policy["id"])


@step("all places for keys taken")
def _(p):
    p.seed({"service_ids": [{"id": SENDER, "apikeys": [{"name": "filler %d" % i} for i in range(19)]}]})
    ensure(len(p.keys()) == 20, "not 20 keys")


# --- services ---

@step("instance gone")
def _(p):
    p.fault({"path": "/instances/*"}, {"status": 404})
    ensure(p.truth()["file"] == NO, "the instance is there")


@step("network locked out")
def _(p):
    p.fault({"path": "/instances/*"}, {"status": 403})
    ensure(p.truth()["file"] == NO, "it may still send")


@step("region gone")
def _(p):
    p.set(endpoints={"iam": p.https, "ingress": "https://127.0.0.1:9/instances/{guid}"})
    ensure(p.truth()["file"] == UNKNOWN, "there is an answer")


@step("ingestion answers 503")
def _(p):
    p.fault({"path": "/instances/*"}, {"status": 503})
    ensure(p.truth()["file"] == UNKNOWN, "there is an answer")


@step("IAM answers 503")
def _(p):
    for path in ("/identity/*", "/v1/*", "/v2/*"):
        p.fault({"path": path}, {"status": 503})
    ensure(p.truth()["file"] == UNKNOWN, "there is an answer")


@step("IAM gone")
def _(p):
    p.set(endpoints={"iam": "https://127.0.0.1:9", "ingress": p.https + "/instances/{guid}"})
    ensure(p.truth()["file"] == UNKNOWN, "there is an answer")


# --- the rotator's own credential ---

def _management(p):
    return p.control("GET", "keys?iam_id=iam-" + MANAGEMENT)["keys"][0]["id"]


def _no_token(p):
    status, _ = p.token(open(p.path("management.key")).read().strip())
    ensure(status == 400, "the management key gets %s" % status)


@step("management key deleted")
def _(p):
    p.console("DELETE", "/v1/apikeys/" + _management(p))
    _no_token(p)


@step("management key disabled")
def _(p):
    p.console("POST", "/v1/apikeys/%s/disable" % _management(p))
    _no_token(p)


@step("management key of another account")
def _(p):
    account = "e4b1c0ffee00000000000000000000e4"
    made = p.seed({"accounts": [{"id": account}], "service_ids": [
        {"account": account, "name": "stranger", "apikeys": [{"name": "stranger"}]}]})
    _credential(p, made["service_ids"][0]["apikeys"][0]["apikey"])
    status, _ = p.token(open(p.path("management.key")).read().strip())
    ensure(status == 200, "the stranger's key gets %s" % status)


@step("management rights lost")
def _(p):
    for policy in p.control("GET", "policies?iam_id=iam-" + MANAGEMENT)["policies"]:
        p.console("DELETE", "/v1/policies/" + policy["id"])
    p.control("POST", "settings", {"creator_manages": False})
    ensure(not [q for q in p.control("GET", "policies?iam_id=iam-" + MANAGEMENT)["policies"] if q["in_force"]], "rights")


def _credential(p, text):
    with open(p.path("management.key"), "w") as f:
        f.write(text)
    os.chmod(p.path("management.key"), 0o600)


@step("credential file missing")
def _(p):
    os.remove(p.path("management.key"))


@step("credential file empty")
def _(p):
    _credential(p, "")


# --- the state ---

@step("snapshot of state")
def _(p):
    p.kept["snapshot"] = {p.state_file(): open(p.state_file(), "rb").read()}


@step("snapshot of state and sink")
def _(p):
    STEPS["snapshot of state"](p)
    p.kept["snapshot"][p.sinks()["file"]] = open(p.sinks()["file"], "rb").read()


@step("snapshot restored")
def _(p):
    for path, content in p.kept["snapshot"].items():
        with open(path, "wb") as f:
            f.write(content)
    if p.sinks()["file"] in p.kept["snapshot"]:
        _dead(p, p.value(), "deleted")
    else:
        ensure(p.truth()["file"] == YES, "the sink does not work")


@step("state lost")
def _(p):
    shutil.rmtree(p.path("state"))
    os.mkdir(p.path("state"), 0o700)


@step("state corrupt")
def _(p):
    _state(p, lambda text: text[:-20].replace(b"phase", b"phrase") + os.urandom(30))


@step("state empty")
def _(p):
    _state(p, lambda text: b"")


@step("state of a newer version")
def _(p):
    _state(p, lambda text: text.replace(b'"rotator_state":1', b'"rotator_state":2'))


def _state(p, change):
    path = p.state_file()
    before = open(path, "rb").read()
    after = change(before)
    ensure(after != before, "the state was not changed")
    with open(path, "wb") as f:
        f.write(after)


@step("another lineage took the sink over")
def _(p):
    """The state of before, beside a sink and a state that a second rotator began afresh."""
    mine, place = open(p.state_file(), "rb").read(), p.state_file()
    lineage = json.loads(mine)["state"]["lineage"]
    STEPS["state lost"](p)
    p.must("repair prod --new-key")
    p.must("run")
    ensure(json.load(open(p.state_file()))["state"]["lineage"] != lineage, "the same lineage")
    with open(place, "wb") as f:
        f.write(mine)
    ensure(p.truth()["file"] == YES, "the other lineage's key does not work")


@step("a second host apart")
def _(p):
    """Here: own state directory, own sink, nothing in them; the first host's key lives."""
    p.config["state_dir"], p.config["host_id"] = p.path("state2"), "second-host"
    os.mkdir(p.path("state2"), 0o700)
    os.mkdir(p.path("sinks/second-host"), 0o700)
    p.prod["sinks"] = [p.file_sink("file", "second-host/prod.env")]
    p.write_config()
    ensure(p.value() is None and len(p.live()) == 1, "not a second host")


@step("another host")
def _(p):
    p.config["host_id"] = "other-host"
    p.write_config()


@step("another service ID configured")
def _(p):
    p.seed({"service_ids": [{"id": OTHER, "name": "another"}]})
    p.seed({"roles": [{"identity": OTHER, "role": "Sender", "instance": INSTANCE}]})
    p.prod["service_id"] = OTHER
    p.write_config()


# --- sinks ---

def _write(p, value, sink="file"):
    _bytes(p, b"IAM_API_KEY=" + value.encode() + b"\n", sink)


def _bytes(p, content, sink="file"):
    path = p.sinks()[sink]
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, 0o600)


@step("sink removed")
def _(p):
    os.remove(p.sinks()["file"])


@step("second sink removed")
def _(p):
    os.remove(p.sinks()["second"])


@step("sink cut to nothing")
def _(p):
    _bytes(p, b"")


@step("sink filled with NUL")
def _(p):
    _bytes(p, b"\0" * 60)
    ensure(p.value() is None, "there is a value")


@step("sink with two variables")
def _(p):
    before = p.value()
    _bytes(p, open(p.sinks()["file"], "rb").read() + b"LOG_LEVEL=debug\n")
    ensure(p.value() == before, "consumers read something else")


@step("sink that sets the variable twice")
def _(p):
    before = p.value()
    _bytes(p, b"IAM_API_KEY=a-value-of-before-a-value-of-before-12345678\n" + open(p.sinks()["file"], "rb").read())
    ensure(p.value() == before, "consumers read something else")


@step("sink that sets the variable to something else again")
def _(p):
    _bytes(p, open(p.sinks()["file"], "rb").read() + b"IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n")
    ensure(p.truth()["file"] == NO, "it works")


@step("garbage in the sink")
def _(p):
    _write(p, "somebody-elses-key-somebody-elses-key-123456")
    ensure(p.key_behind(p.value()) is None and p.truth()["file"] == NO, "it works")


def _hand_made(p, identity, **more):
    key = dict({"name": "made by hand"}, **more)
    made = p.seed({"service_ids": [{"id": identity, "apikeys": [key]}]})["service_ids"][0]["apikeys"][0]
    _write(p, made["apikey"])
    p.kept["foreign"] = made["id"]


@step("a working key made by hand in the sink")
def _(p):
    _hand_made(p, SENDER)
    ensure(p.truth()["file"] == YES, "it does not work")


@step("a disabled key made by hand in the sink")
def _(p):
    _hand_made(p, SENDER, disabled=True)
    _dead(p, p.value(), "disabled")


@step("the key of another service ID in the sink")
def _(p):
    p.seed({"service_ids": [{"id": OTHER, "name": "another"}]})
    _hand_made(p, OTHER)
    ensure(p.truth()["file"] == NO, "it may send")


@step("old value in the sink")
def _(p):
    _write(p, p.kept["previous"])
    _dead(p, p.value(), "deleted")


@step("old value in the second sink")
def _(p):
    _write(p, p.kept["previous"], "second")
    _dead(p, p.value("second"), "deleted")


@step("second sink taken out of the configuration")
def _(p):
    p.prod["sinks"] = p.prod["sinks"][:1]
    p.write_config()


@step("disk of sinks full")
def _(p):
    _fill(p, "sinks")


@step("disk of state full")
def _(p):
    _fill(p, "state")


def _fill(p, name):
    ensure(p.path(name) in p.mounts, "no disk of its own")
    with open(p.path(name + "/filler"), "wb", buffering=0) as f:
        try:
            while f.write(b"x" * 512):
                pass
        except OSError:
            pass
    try:
        with open(p.path(name + "/trial"), "wb", buffering=0) as f:
            f.write(b"x" * 512)
        full = False
    except OSError:
        full = True
    if os.path.exists(p.path(name + "/trial")):
        os.remove(p.path(name + "/trial"))
    ensure(full, "the disk is not full")


# --- hooks ---

def _start(path):
    """Its status; None: it cannot be started. A child that another thread has just forked holds our file open for writing until it
    is another program; so long the system says that the file is busy.
    """
    for _ in range(100):
        try:
            return subprocess.run([path], stderr=subprocess.DEVNULL).returncode
        except OSError as e:
            if e.errno != errno.ETXTBSY:
                return None
        time.sleep(0.02)
    return None


def _hook(p, text, mode=0o755, starts=None):
    path = p.path("hooks/reload")
    if text is not None:
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
    status = _start(path)
    ensure(status == starts, "started by itself, the hook answers %s" % status)
    p.prod["after_publish"] = {"run": [path], "timeout": "2s"}
    p.write_config()


@step("hook not there")
def _(p):
    _hook(p, None)


@step("hook without #!")
def _(p):
    _hook(p, "exit 0\n")


@step("hook whose interpreter is missing")
def _(p):
    _hook(p, "#!/usr/bin/no-such-shell\nexit 0\n")


@step("hook that may not be executed")
def _(p):
    _hook(p, "#!/bin/sh\nexit 0\n", 0o644)


@step("hook that fails")
def _(p):
    _hook(p, "#!/bin/sh\necho 'Access denied' >&2\nexit 4\n", starts=4)


# --- clocks ---

def _skew(p, seconds):
    if not FAKETIME:
        raise Skip("faketime is missing")
    p.skew_s = seconds
    off = int(p.paste("date +%s").out) - time.time() - seconds
    ensure(abs(off) < 60, "the clock is off by %d s more" % off)


for _name, _seconds in (("a day fast", DAY), ("a day slow", -DAY), ("a year fast", 365 * DAY), ("a year slow", -365 * DAY)):
    STEPS["clock " + _name] = lambda p, s=_seconds: _skew(p, s)


# --- targets.d; run by another user where root could read everything ---

@step("as another user")
def _(p):
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            raise Skip("setpriv is missing")
        os.remove(p.path("bin/rotator"))
        # By another process: a child that another thread forks meanwhile would hold a file of ours open for writing, and the system
        # starts no program that is.
        subprocess.run(["cp", "-p", p.program, p.path("bin/rotator")], check=True)
        for folder, folders, files in os.walk(p.dir):
            if os.path.basename(folder) == "emulator":
                continue
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                os.chown(name, NOBODY, NOBODY)
        p.user = NOBODY
    p.must("status")


def _owned_by_root(p, path):
    os.chmod(path, 0o700 if os.path.isdir(path) else 0o600)
    os.chown(path, os.getuid(), os.getgid())
    if os.getuid() != 0:
        os.chmod(path, 0)
    answer = p.paste("test -r " + path)
    ensure(answer.status == 1, "it can be read")


def _fragment(p, content):
    os.mkdir(p.path("targets.d"), 0o755)
    with open(p.path("targets.d/more.yaml"), "w") as f:
        f.write(content)
    if p.user:
        for name in ("targets.d", "targets.d/more.yaml"):
            os.chown(p.path(name), p.user, p.user)


def _more(p):
    p.seed({"service_ids": [{"id": OTHER, "name": "another"}]})
    p.seed({"roles": [{"identity": OTHER, "role": "Sender", "instance": INSTANCE}]})
    _fragment(p, json.dumps({"version": 1, "targets": [p.target("more", OTHER)]}))
    p.must("init more")


@step("targets.d of root")
def _(p):
    _more(p)
    _owned_by_root(p, p.path("targets.d"))


@step("targets.d is a file")
def _(p):
    with open(p.path("targets.d"), "w") as f:
        f.write("targets: []\n")


@step("targets.d is a dangling link")
def _(p):
    os.symlink(p.path("nowhere"), p.path("targets.d"))


@step("fragment of root")
def _(p):
    _more(p)
    _owned_by_root(p, p.path("targets.d/more.yaml"))


@step("fragment that is not YAML")
def _(p):
    _fragment(p, "targets: [}\n")


@step("fragment that is a directory")
def _(p):
    os.makedirs(p.path("targets.d/more.yaml"))


@step("sink's file of root")
def _(p):
    _owned_by_root(p, p.sinks()["file"])


# --- what a person does outside of rotator ---

@step("mended: Sender granted")
def _(p):
    p.seed({"roles": [{"identity": SENDER, "role": "Sender", "instance": INSTANCE}]})


@step("mended: services answer")
def _(p):
    p.no_faults()
    p.set(endpoints={"iam": p.https, "ingress": p.https + "/instances/{guid}"})


@step("mended: service ID unlocked")
def _(p):
    p.console("DELETE", "/v1/serviceids/%s/lock" % SENDER)
    p.no_faults()


@step("mended: old key unlocked")
def _(p):
    p.console("DELETE", "/v1/apikeys/%s/lock" % _previous(p))


@step("mended: places freed")
def _(p):
    for key in p.keys():
        if key["name"].startswith("filler"):
            p.console("DELETE", "/v1/apikeys/" + key["id"])


@step("mended: disk freed")
def _(p):
    for name in ("sinks/filler", "state/filler"):
        if os.path.exists(p.path(name)):
            os.remove(p.path(name))


@step("mended: hook works")
def _(p):
    _hook(p, "#!/bin/sh\nexit 0\n", starts=0)


@step("mended: management key replaced")
def _(p):
    made = p.seed({"service_ids": [{"id": MANAGEMENT, "apikeys": [{"name": "new"}]}]})
    _credential(p, made["service_ids"][0]["apikeys"][0]["apikey"])


@step("mended: management rights given")
def _(p):
    p.seed({"roles": [{"identity": MANAGEMENT, "role": r} for r in ("Administrator", "ServiceIdCreator", "PolicyAdministrator")]
            + [{"identity": MANAGEMENT, "role": r, "instance": INSTANCE} for r in ("Manager", "Sender")]})


@step("mended: configuration set right")
def _(p):
    p.prod["service_id"] = SENDER
    p.write_config()


@step("mended: clock set")
def _(p):
    p.skew_s = 0


@step("mended: targets.d set right")
def _(p):
    path = p.path("targets.d")
    if os.path.islink(path) or os.path.isfile(path):
        os.remove(path)
    else:
        shutil.rmtree(path)


@step("mended: other variable taken out")
def _(p):
    lines = open(p.sinks()["file"], "rb").read().splitlines(keepends=True)
    _bytes(p, b"".join(line for line in lines if not line.startswith(b"LOG_LEVEL")))


@step("mended: sink's owner")
def _(p):
    if p.user:
        os.chown(p.sinks()["file"], p.user, p.user)
    else:
        os.chmod(p.sinks()["file"], 0o600)
