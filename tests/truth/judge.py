"""What an answer says, and whether it may say so.

An answer is held against the world's row in the table, against what consumers would really meet (Place.truth), and against
itself: exit status, `attention`, verdict and `next` must fit together. complaints() yields one sentence for each thing wrong.
"""
import json
import re

from place import NO, UNKNOWN, YES

WORD = {"yes": YES, "no": NO, "unknown": UNKNOWN}
SENTENCES = re.compile(r"Consumers (have a working key)|Consumers (?:have|may have) (NO working key)"
                       r"|(Not known whether consumers have a working key)")
# "the old key X works until …", "the one before works until …"
OLD_WORKS = re.compile(r"(?:\bold\b|\bbefore\b|\bprevious\b)[^.;\n]*\bworks?\b|\bworks? until\b", re.I)
INTERNAL = re.compile(r"\b(home_back|home_silent|home_corrupt|sink_foreign|sink_silent|current_dead|iam_silent|value_not_ours|"
                      r"tags_without_state|need_init|no_state|not_due|proof_unknown|previous_locked|still_used|other_host|both_dead|"
                      r"sink_refused|hook_failed|not_stager|keys_hidden)\b")
NEXT = re.compile(r"^next: (.+)$", re.M)


def of_sinks(verdicts):
    """The verdict of a target: one sink that does not work is enough, then one that is not known."""
    verdicts = list(verdicts)
    return NO if NO in verdicts else UNKNOWN if UNKNOWN in verdicts else YES


def sentences(text):
    """The verdicts that a text for people states, in order."""
    return [YES if m.group(1) else NO if m.group(2) else UNKNOWN for m in SENTENCES.finditer(text)]


def document(answer):
    """(document, object of the target prod); either may be None."""
    try:
        whole = json.loads(answer.out)
    except ValueError:
        return None, None
    if not isinstance(whole, dict):
        return None, None
    mine = [t for t in whole.get("targets") or [] if t.get("target") == "prod"]
    return whole, mine[0] if len(mine) == 1 else None


def said(answer):
    """The verdict that an answer of either form gives, or None."""
    _, target = document(answer)
    if target is not None:
        return WORD.get(target.get("working"))
    found = sentences(answer.text)
    return found[0] if found else None


def next_of(answer):
    """The last `next:` line, or None."""
    found = NEXT.findall(answer.err) or NEXT.findall(answer.out)
    return found[-1] if found else None


def _in_words(statuses):
    return " or ".join(str(s) for s in sorted(statuses))


def _status(answer, statuses, truth, world):
    if isinstance(answer.status, str):
        yield answer.status
        return
    if answer.status not in statuses:
        yield "status %s, not %s" % (answer.status, _in_words(statuses))
    preflight = getattr(world, "preflight", False) and re.search(r" check\b", answer.command)
    if truth == NO and answer.status in (0, 3, 75) and not preflight:
        yield "status %s beside a dead key" % answer.status


def _json(answer, world):
    whole, target = document(answer)
    if whole is None:
        yield "the answer is not one JSON document"
        return
    if whole.get("exit") != answer.status:
        yield "`exit` is %s, the status %s" % (whole.get("exit"), answer.status)
    if target is None:
        yield "the answer has no target prod"
        return
    if target.get("working") not in WORD:
        yield "`working` is %r" % target.get("working")
    if not isinstance(target.get("attention"), bool):
        yield "`attention` is %r" % target.get("attention")
    elif target["attention"] != (target.get("exit", answer.status) in (3, 4)):
        yield "`attention` is %s at status %s" % (str(target["attention"]).lower(), target.get("exit", answer.status))
    following = target.get("next") or ""
    if answer.status in (3, 4) and not re.match(r"(sudo )?(rotator|ibmcloud) ", following) and not world.others:
        yield "no `next` at status %s" % answer.status
    yield from _sinks(target, world)


def _reason(sink):
    """The name of the reason, and the same in words."""
    return ": ".join(words for words in (sink.get("reason"), sink.get("text")) if words)


def _sinks(target, world):
    listed = target.get("sinks")
    if not isinstance(listed, list):
        yield "no `sinks`"
        return
    listed = {s.get("name"): s for s in listed}
    for name, wanted in world.verdict.items():
        sink = listed.get(name, {})
        verdict = sink.get("verdict")
        if verdict is None:
            yield "no verdict of sink %s" % name
        elif verdict not in wanted.words:
            yield "sink %s is said to be %s, not %s" % (name, verdict, " or ".join(wanted.words))
        elif verdict == NO and wanted.reason and not re.search(wanted.reason, _reason(sink), re.I):
            yield "sink %s: the reason %r lacks %r" % (name, _reason(sink), wanted.reason)
        elif verdict == YES and not sink.get("proven_at"):
            yield "sink %s is said to be working, and not when that was proven" % name


def _words(answer, verdict, first):
    found = sentences(answer.text)
    if len(set(found)) > 1:
        yield "two verdicts in one text: %s" % ", ".join(sorted(set(found)))
    if found and found[0] not in verdict:
        yield "the text says %s, not %s" % (found[0], " or ".join(verdict))
    if not found and (first or YES not in verdict):
        yield "the text gives no verdict"
    if first and found:
        lines = [line for line in answer.text.splitlines() if line.strip()]
        mine = [line for line in lines if "prod" in line or SENTENCES.search(line)]
        if mine and not SENTENCES.search(mine[0]):
            yield "the first line for the target is not the verdict: %r" % mine[0][:80]
    if answer.status in (3, 4) and not next_of(answer):
        yield "no `next:` at status %s" % answer.status
    if answer.status == 4 and next_of(answer) == answer.command and not re.search(r"\b(decide:|mend) ", answer.text):
        yield "the way out of a dead key is the same command again, and nothing is to be done before it"
    for word in sorted(set(INTERNAL.findall(answer.out))):
        yield "an internal word: %s" % word


def complaints(answer, world, statuses, verdict, truth, old_is_dead, first=False):
    """verdict: the set of those allowed; truth: what consumers met just after; first: must the verdict be the first line."""
    yield from _status(answer, statuses, truth, world)
    if isinstance(answer.status, str):
        return
    claimed = said(answer)
    if claimed == YES and truth == NO:
        yield "says working, and consumers are refused"
    if "--json" in answer.command:
        yield from _json(answer, world)
        if claimed is not None and claimed not in verdict:
            yield "says %s, not %s" % (claimed, " or ".join(sorted(verdict)))
    else:
        yield from _words(answer, verdict, first)
    if old_is_dead:
        for line in answer.text.splitlines():
            if OLD_WORKS.search(line) and "no longer" not in line and not SENTENCES.search(line):
                yield "a dead old key is said to work: %r" % line.strip()[:100]
