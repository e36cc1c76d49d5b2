"""The table of worlds. A row says

    name    as people call it (T… is a kind of accident seen in practice; letters after it tell its brothers apart)
    what    in words
    made    the steps that make it (making.py), in order
    verdict what every command has to say of each sink: "yes", "no: WORDS THE REASON MUST HAVE", "unknown", or one of two ("yes|unknown")
    exits   the right exit status of each command, once the world was seen (COLUMNS)
    ends    how the way out ends: GREEN, or the decision that only a person can take, and what follows when it is taken

and more where it is needed: seen_by, the command that meets the trouble first (`check`, unless told); at_once: what the sinks and the
state themselves show, so that every command sees it; lacks: what no command may offer; preflight: before the first set-up, which
`check` answers with 0; quiet: why the scheduled job is right to say nothing of it yet, though there is a way out (`status` names it).
"""
import re

from place import NO, UNKNOWN, YES

# Commands, as columns of the table. Those before `hold` change nothing.
READING = ("status", "check", "verify", "repair", "keys", "plan")
COLUMNS = READING + ("hold", "run", "rotate", "rollback")
COMMANDS = {"status": "status prod", "check": "check prod", "verify": "verify prod", "repair": "repair prod", "keys": "keys prod",
            "plan": "run prod --dry-run", "hold": "hold prod", "run": "run prod --patience 5s",
            "rotate": "rotate prod --patience 5s", "rollback": "rollback prod --patience 5s"}


class Exits(dict):
    """Column → the set of right statuses."""

    def but(self, **columns):
        return Exits({**self, **{c: _statuses(s) for c, s in columns.items()}})


def _statuses(text):
    return frozenset(int(w) for w in str(text).split())


def exits(**columns):
    assert set(columns) == set(COLUMNS), set(COLUMNS) ^ set(columns)
    return Exits().but(**columns)


class Wanted:
    """The right verdict of one sink."""

    def __init__(self, text):
        words, _, reason = text.partition(":")
        self.words = {{"yes": YES, "no": NO, "unknown": UNKNOWN}[w] for w in words.strip().split("|")}
        self.reason = reason.strip()


class Ends:
    def __init__(self, green=False, decision=None, says=None, paste=None, deed=None, yes=False, then_s=0):
        self.green, self.decision, self.says, self.paste, self.deed, self.yes = green, decision, says, paste, deed, yes
        self.then_s = then_s

    def __str__(self):
        return "green" if not self.decision else "a person's decision: " + self.decision


GREEN = Ends(green=True)


def decides(decision, says, paste=None, deed=None, yes=False, then_s=0):
    """A person decides: either pastes the line that was offered and matches `paste`, or does the deed outside of rotator."""
    return Ends(decision=decision, says=says, paste=paste, deed=deed and "mended: " + deed, yes=yes, then_s=then_s)


def offered(option, says=None, **more):
    return decides("repair " + option, says or re.escape(option), paste=re.escape(option), **more)


def or_green(ends):
    ends.green = True
    return ends


class World:
    def __init__(self, name, what, made, verdict, exits, ends, seen_by="check", at_once=False, lacks=None, others=False,
                 bounded=True, preflight=False, quiet=None):
        self.name, self.what, self.made, self.exits, self.ends = name, what, made, exits, ends
        parts = [v.strip() for v in verdict.split(";")]
        if len(parts) == 1 and not re.match(r"\w+: *(yes|no|unknown)", parts[0]):
            parts = ["file: " + parts[0]]
        self.verdict = {p.split(":", 1)[0]: Wanted(p.split(":", 1)[1]) for p in parts}
        self.seen_by, self.at_once, self.lacks, self.others = seen_by, at_once, lacks, others
        self.bounded, self.preflight, self.quiet = bounded and self.is_dead(), preflight, quiet

    def is_dead(self):
        return any(w.words == {NO} for w in self.verdict.values())

    def overall(self):
        """The verdicts of the whole target that are right."""
        every = [w.words for w in self.verdict.values()]
        if any(w == {NO} for w in every):
            return {NO}
        return set.union(*every)


# --- exit statuses that belong together ---

FINE = exits(status=0, check=0, verify=0, repair=0, keys=0, plan=0, hold=0, run=0, rotate=0, rollback=3)
# Consumers are refused; nothing here mends it without a person.
DEAD = exits(status=4, check=4, verify=4, repair=4, keys=4, plan=4, hold=4, run=4, rotate=4, rollback=4)
# ... and the next run mends it.
MENDED = DEAD.but(run=0, rotate=0)
# A person is needed; consumers work.
PERSON = exits(status=3, check=3, verify=0, repair=3, keys="0 3", plan="0 3", hold="0 3", run=3, rotate=3, rollback=3)
# An outage: nobody knows; a young one is no error for the scheduled job.
OUTAGE = exits(status="0 75", check="3 75", verify=75, repair="0 3 75", keys="0 75", plan="0 75", hold="0 75", run="0 75", rotate=75,
               rollback="3 75")
# A rotation that was asked for waits for a person.
STOPPED = PERSON.but(rotate="3", rollback="0 3")

W = World
WORLDS = [
    W("fine", "at rest, nothing wrong", "at rest", "yes", FINE, GREEN),
    W("fine-two", "two sinks, nothing wrong", "two sinks, at rest", "file: yes; second: yes", FINE, GREEN),
    W("fine-grace", "in grace, nothing wrong", "grace of a day, at rest, in grace", "yes", FINE.but(rotate="0 75", rollback=0), GREEN),
    W("fine-staged", "a rotation stopped after its key was created", "at rest, staged", "yes", FINE.but(rollback=0), GREEN),
    W("fine-hold", "a hold is on", "at rest, hold on", "yes", FINE.but(rotate="0 3 75"), GREEN),
    W("fine-retiring", "the old key rests in quarantine", "quarantine of an hour, at rest, old key in quarantine", "yes",
      FINE.but(rotate="0 75"), GREEN),
    # the current key is dead
    W("T1", "at rest, current key deleted in the console", "at rest, key deleted", "no: delete|gone", MENDED, GREEN),
    W("T1-disabled", "at rest, current key disabled by hand", "at rest, key disabled", "no: disabled", MENDED, GREEN),
    W("T1-expired", "an adopted key has expired", "adopted key that expires in a week, a month later", "no: expired", MENDED,
      GREEN, bounded=False),
    W("T1-two", "two sinks, current key deleted", "two sinks, at rest, key deleted", "file: no: delete|gone; second: no: delete|gone",
      MENDED, GREEN),
    W("T5", "hold on, current key deleted", "at rest, hold on, key deleted", "no: delete|gone", MENDED, GREEN),
    W("T6", "a leak scan disabled the current key", "at rest, key disabled as leaked", "no: leak", MENDED, GREEN),
    W("T15", "grace of a day, current key deleted", "grace of a day, at rest, key deleted", "no: delete|gone", MENDED, GREEN),
    W("T15-grace", "in grace, the new key deleted", "grace of a day, at rest, in grace, key deleted", "no: delete|gone",
      MENDED.but(rollback="0"), GREEN),
    W("T15-old", "in grace, the old key deleted", "grace of a day, at rest, in grace, old key deleted", "yes",
      FINE.but(rotate="0 75", rollback="3 75"), GREEN),
    W("T15-both", "in grace, both keys deleted", "grace of a day, at rest, in grace, old key deleted, key deleted",
      "no: delete|gone", MENDED.but(rollback="0 3 4 75"), GREEN),
    W("dead-staged", "a new key is staged, the current one deleted", "at rest, staged, key deleted", "no: delete|gone",
      MENDED.but(rollback="0 4 75"), GREEN),
    W("dead-retiring", "the old key rests in quarantine, the current one deleted",
      "quarantine of an hour, at rest, old key in quarantine, key deleted", "no: delete|gone", MENDED, GREEN),
    # the identity
    W("T3", "service ID deleted", "at rest, service ID deleted", "no: service ID|delete|gone", DEAD,
      decides("a new service ID", r"service ID")),
    W("T3-grace", "in grace, service ID deleted", "grace of a day, at rest, in grace, service ID deleted",
      "no: service ID|delete|gone", DEAD, decides("a new service ID", r"service ID")),
    W("locked", "service ID locked", "at rest, service ID locked", "yes", FINE.but(check="0 3"), GREEN),
    W("locked-asked", "service ID locked, and IAM makes no key for it", "at rest, service ID locked, no key is made", "yes",
      STOPPED, decides("unlock the service ID", r"lock|409", deed="service ID unlocked"), seen_by="rotate"),
    W("T2", "Sender taken away", "at rest, Sender taken away", "no: Sender", DEAD,
      decides("grant Sender", r"Sender", deed="Sender granted")),
    W("T2-grace", "in grace, Sender taken away", "grace of a day, at rest, in grace, Sender taken away", "no: Sender", DEAD,
      decides("grant Sender", r"Sender", deed="Sender granted")),
    W("T2-hold", "Sender taken away while a hold keeps a rotation back", "at rest, hold on, rotation wished for, Sender taken away",
      "no: Sender", DEAD, decides("grant Sender", r"role Sender", deed="Sender granted"), lacks=r"apikey\.list"),
    W("T9-hold", "the management identity lost its rights while a hold keeps a rotation back",
      "at rest, hold on, rotation wished for, management rights lost", "yes", PERSON,
      decides("give the rights back", r"lacks iam-identity", deed="management rights given")),
    W("full", "no place for another key, a rotation asked for", "at rest, all places for keys taken, rotation asked for", "yes",
      STOPPED, decides("delete a key that nobody uses", r"places for keys|20 keys|limit", deed="places freed"), seen_by="rotate"),
    # services
    W("T2-instance", "instance deleted: ingestion answers 404", "at rest, instance gone", "no: instance|404", DEAD,
      decides("bring the instance back", r"instance|404", deed="services answer")),
    W("T2-network", "ingestion answers 403 from this network", "at rest, network locked out", "no: 403|Sender|refus", DEAD,
      decides("let this network in", r"403|network|Sender", deed="services answer")),
    W("region", "region gone: ingestion refuses the connection", "at rest, region gone", "yes|unknown", OUTAGE.but(keys=0),
      or_green(decides("wait or mend", r"[Cc]onnect|no answer", deed="services answer"))),
    W("ingestion", "ingestion answers 503", "at rest, ingestion answers 503", "yes|unknown", OUTAGE.but(keys=0),
      or_green(decides("wait or mend", r"503|no answer", deed="services answer"))),
    W("iam", "IAM answers 503", "at rest, IAM answers 503", "yes|unknown", OUTAGE,
      or_green(decides("wait or mend", r"503|no answer", deed="services answer"))),
    W("iam-gone", "IAM refuses the connection", "at rest, IAM gone", "yes|unknown", OUTAGE,
      or_green(decides("wait or mend", r"[Cc]onnect|no answer", deed="services answer"))),
    # the rotator's own credential
    W("T9", "credential file missing", "at rest, credential file missing", "yes", PERSON,
      decides("put the key in place", r"management", deed="management key replaced")),
    W("T9-empty", "credential file empty", "at rest, credential file empty", "yes", PERSON,
      decides("put the key in place", r"management", deed="management key replaced")),
    W("T9-dead", "management key deleted", "at rest, management key deleted", "yes", PERSON,
      decides("a new management key", r"management", deed="management key replaced")),
    W("T9-disabled", "management key disabled", "at rest, management key disabled", "yes", PERSON,
      decides("a new management key", r"management", deed="management key replaced")),
    W("T9-account", "management key of another account", "at rest, management key of another account", "yes", PERSON,
      decides("the right management key", r"account", deed="management key replaced")),
    W("T9-rights", "the management identity lost its rights", "at rest, management rights lost", "yes", PERSON,
      decides("give the rights back", r"right|role|polic", deed="management rights given")),
    W("T9-both", "management key deleted, then the current key, too", "at rest, key deleted, management key deleted",
      "no", DEAD, decides("a new management key", r"management", deed="management key replaced")),
    # the state
    W("T4", "state and sink restored from before a rotation",
      "at rest, snapshot of state and sink, rotated, snapshot restored", "no: delete|gone", DEAD, offered("--new-key")),
    W("T7", "old state restored, the sink is newer", "at rest, snapshot of state, rotated, snapshot restored", "yes", PERSON,
      offered("--keep sink=file"), at_once=True),
    W("state-lost", "state lost", "at rest, state lost", "yes", PERSON, offered("--keep sink=file"), at_once=True),
    W("state-lost-dead", "state lost, current key deleted", "at rest, key deleted, state lost", "no: delete|gone|no active key", DEAD,
      offered("--new-key")),
    W("T9-state", "state corrupt", "at rest, state corrupt", "yes", PERSON, offered("--keep sink=file"), at_once=True),
    W("state-empty", "state file empty", "at rest, state empty", "yes", PERSON, offered("--keep sink=file"), at_once=True),
    W("state-newer", "state written by a newer version", "at rest, state of a newer version", "yes", PERSON,
      decides("install the newer version", r"newer"), at_once=True),
    W("lineage", "the state is of another lineage than the sink", "at rest, another lineage took the sink over", "yes",
      PERSON, offered("--keep sink=file")),
    W("rebound", "the configuration names another service ID", "at rest, another service ID configured", "yes|unknown",
      PERSON.but(verify="0 75"), decides("which service ID is meant", r"another identity", deed="configuration set right"), at_once=True),
    W("two-hosts", "a second host is set up apart, its sink empty", "at rest, a second host apart",
      "no: empty|not there|absent", DEAD, offered("--new-key"), at_once=True),
    W("other-host", "the state belongs to another host", "at rest, another host", "yes", PERSON, offered("--take-host"),
      at_once=True),
    # sinks
    W("sink-gone", "sink removed", "at rest, sink removed", "no: empty|not there|absent|missing", MENDED, GREEN, at_once=True),
    W("sink-empty", "sink cut to nothing", "at rest, sink cut to nothing", "no: empty|nothing", MENDED, GREEN, at_once=True),
    W("sink-one-gone", "one of two sinks removed", "two sinks, at rest, second sink removed",
      "file: yes; second: no: empty|not there|absent|missing", MENDED, GREEN, at_once=True),
    W("sink-old", "sink put back to the old value", "at rest, rotated, old value in the sink", "no: retired|delete|gone", MENDED, GREEN,
      at_once=True),
    W("sink-one-old", "one of two sinks put back to the old value", "two sinks, at rest, rotated, old value in the second sink",
      "file: yes; second: no: retired|delete|gone", MENDED, GREEN, at_once=True),
    W("T13", "sink filled with NUL after a power loss", "at rest, sink filled with NUL", "no: decode|read|NUL|form", DEAD,
      or_green(offered("--keep state")), at_once=True),
    # Consumers that read the file as a shell or EnvironmentFile= does take the last value that is set, and pass over the rest.
    W("T13-two", "sink with a second variable, of somebody else", "at rest, sink with two variables", "yes", PERSON,
      decides("take the other variable out", r"line 3 is not ours", deed="other variable taken out"), at_once=True),
    W("T13-twice", "sink that sets the variable twice, first to nonsense", "at rest, sink that sets the variable twice", "yes", PERSON,
      or_green(offered("--keep state")), at_once=True),
    W("T13-last", "sink that sets the variable twice, last to nonsense",
      "at rest, sink that sets the variable to something else again", "no: refuse", DEAD, or_green(offered("--keep state"))),
    W("T8-grace", "in grace, the sink got a second variable, of somebody else", "grace of a day, at rest, in grace, sink with two variables",
      "yes", PERSON, decides("take the other variable out", r"line 3 is not ours", deed="other variable taken out"), at_once=True),
    W("T14", "garbage in the sink", "at rest, garbage in the sink", "no: foreign|unknown|not a key|no key", DEAD, offered("--keep state"),
      lacks=r"--keep sink="),
    W("T14-key", "a working key that a person made in the sink", "at rest, a working key made by hand in the sink", "yes", PERSON,
      offered("--keep sink=file", says=r"made by hand")),
    W("T14-disabled", "a disabled key that a person made in the sink", "at rest, a disabled key made by hand in the sink",
      "no: disabled", DEAD, offered("--keep state", says=r"made by hand"), lacks=r"--keep sink="),
    W("T14-other", "the key of another service ID in the sink", "at rest, the key of another service ID in the sink",
      "no", DEAD, offered("--keep state", says=r"ApiKey-"), lacks=r"--keep sink="),
    W("sink-dropped", "a sink taken out of the configuration",
      "two sinks, at rest, second sink taken out of the configuration", "yes", PERSON, offered("--drop-sink second"), at_once=True),
    W("T8-owner", "key file made root's", "at rest, as another user, sink's file of root", "yes|unknown|no",
      PERSON.but(status="3 4", check="3 4", verify="0 4 75", repair="3 4", keys="0 3 4", plan="0 3 4", hold="0 3 4", run="3 4",
                 rotate="3 4", rollback="3 4"),
      decides("give the file back", r"[Pp]ermission|owner|may not be read", deed="sink's owner")),
    # disks and hooks
    W("T8", "sink's disk full, a rotation asked for", "small disk for sinks, at rest, disk of sinks full, rotation asked for", "yes",
      STOPPED, decides("free the disk", r"[Nn]o space|full", deed="disk freed"), seen_by="rotate"),
    W("T8-state", "state's disk full, a rotation asked for",
      "small disk for state, at rest, disk of state full, rotation asked for", "yes",
      STOPPED, decides("free the disk", r"[Nn]o space|full", deed="disk freed"), seen_by="rotate"),
    W("T11", "hook without #!, a rotation asked for", "at rest, hook without #!, rotation asked for", "yes", STOPPED,
      decides("mend the hook", r"hook", deed="hook works"), seen_by="rotate"),
    W("T11-shell", "hook with a broken #!, a rotation asked for", "at rest, hook whose interpreter is missing, rotation asked for", "yes",
      STOPPED, decides("mend the hook", r"hook", deed="hook works"), seen_by="rotate"),
    W("T11-gone", "hook not there, a rotation asked for", "at rest, hook not there, rotation asked for", "yes", STOPPED,
      decides("mend the hook", r"hook", deed="hook works"), seen_by="rotate"),
    W("T11-mode", "hook that may not be executed", "at rest, hook that may not be executed", "yes",
      FINE.but(check=3, status="0 3", run="0 3", rotate=3, repair="0 3", plan="0 3", hold="0 3", keys="0 3"),
      or_green(decides("mend the hook", r"hook", deed="hook works"))),
    W("T11-denied", "hook that fails, a rotation asked for", "at rest, hook that fails, rotation asked for", "yes",
      STOPPED.but(status="0 3 75", check="0 3 75", repair="0 3 75", run="0 3 75", rotate="3 75", rollback="0 3 75"),
      or_green(decides("mend the hook", r"Access denied", deed="hook works")), seen_by="rotate"),
    # waiting that does not end by itself
    W("T12", "grace has just ended, and the old key is still used",
      "grace of two minutes, at rest, in grace, grace over while the old key is used", "yes", FINE.but(rotate=75, rollback=0),
      decides("retire the old key although it is used", r"rotator .*\bretire prod", paste=r"\bretire prod", yes=True), seen_by="run",
      quiet="a consumer that moves late is nothing to wake anybody for: the job tells it after alert_after"),
    W("T12-long", "stuck in grace: the old key is used for longer than alert_after",
      "grace of two minutes, at rest, in grace, grace over for eight hours while the old key is used", "yes", PERSON.but(rollback=0),
      decides("retire the old key although it is used", r"rotator .*\bretire prod", paste=r"\bretire prod", yes=True), seen_by="run"),
    W("T16", "the old key is locked", "grace of two minutes, at rest, in grace, old key locked, grace over", "yes",
      PERSON.but(rotate="3 75", rollback=3), decides("unlock the old key", r"lock", deed="old key unlocked"), seen_by="run"),
    # clocks
    W("clock-day", "the clock is a day fast", "at rest, clock a day fast", "yes|unknown",
      FINE.but(check="0 3", status="0 3", run="0 3", repair="0 3", keys="0 3", hold="0 3", plan="0 3", rotate="0 3"),
      or_green(decides("set the clock", r"clock", deed="clock set"))),
    W("clock-day-slow", "the clock is a day slow", "at rest, clock a day slow", "yes|unknown",
      OUTAGE.but(check="3 75", status="0 3 75", verify="0 75", run="0 3 75", repair="0 3 75", keys="0 3 75", hold="0 3 75", plan="0 3 75",
                 rotate="0 3 75"),
      or_green(decides("set the clock", r"clock|certificate", deed="clock set"))),
    W("clock-year", "the clock is a year fast", "at rest, clock a year fast", "yes|unknown",
      FINE.but(check=3, status="0 3", run="0 3", repair="0 3", keys="0 3", hold="0 3", plan="0 3", rotate="0 3"),
      or_green(decides("set the clock", r"clock", deed="clock set"))),
    W("clock-year-slow", "the clock is a year slow", "at rest, clock a year slow", "yes|unknown",
      OUTAGE.but(check="3 75", status="0 3 75", verify="0 75", run="0 3 75", repair="0 3 75", keys="0 3 75", hold="0 3 75", plan="0 3 75",
                 rotate="0 3 75"),
      or_green(decides("set the clock", r"clock|certificate", deed="clock set"))),
    # never set up
    # `check` is what one types before `init`: that there is no key yet is no alarm there, as long as nobody can read one.
    W("new", "never set up", "not set up", "no: empty|not there|absent|missing|never", DEAD.but(check=0), GREEN, at_once=True,
      preflight=True),
    W("T10", "never set up, and no Sender", "not set up, Sender taken away, management may not grant",
      "no: empty|not there|absent|missing|never", DEAD.but(check="0 3"), decides("grant Sender", r"Sender", deed="Sender granted"),
      at_once=True, preflight=True),
]

# Targets of other files: the commands that were to act on all of them say 3, and prod goes on.
UNREAD = exits(status=3, check=3, verify="0 3", repair=0, keys=0, plan=3, hold=0, run=3, rotate=0, rollback=3)
for _name, _what, _made in (
        ("T21", "targets.d is root's, mode 0700", "at rest, as another user, targets.d of root"),
        ("T21-file", "targets.d is a file", "at rest, targets.d is a file"),
        ("T21-link", "targets.d is a dangling link", "at rest, targets.d is a dangling link"),
        ("T21-fragment", "a fragment is root's, mode 0600", "at rest, as another user, fragment of root"),
        ("T21-yaml", "a fragment is not YAML", "at rest, fragment that is not YAML"),
        ("T21-directory", "a fragment is a directory", "at rest, fragment that is a directory")):
    WORLDS.append(W(_name, _what, _made, "yes", UNREAD,
                    decides("set targets.d right", r"targets\.d", deed="targets.d set right"), others=True))
