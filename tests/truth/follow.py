"""Follows `next:` lines as a tired person does: pastes each as it stands into a shell, until all is green or a decision that
only a person can take is named. More than three steps, the same line again, a command that is refused, and an attention without a
line that leads on are dead ends.
"""
import re

from judge import document, next_of
from making import STEPS
from place import NO

STEPS_MAX = 3
REFUSALS = (1, 2, 126, 127)
JOB = "run --patience 5s"  # the scheduled job; what it waits for is not the matter here


class DeadEnd(Exception):
    pass


class Way:
    """How a way out went: the commands pasted, and the decision, if one was named."""

    def __init__(self):
        self.pasted, self.decision = [], None


def is_green(place):
    """Status says so, without attention, and consumers meet no refusal."""
    answer = place.run("status --json")
    _, target = document(answer)
    return (answer.status == 0 and target is not None and target.get("attention") is False
            and target.get("working") != "no" and NO not in place.truth().values())


def _confirm(place):
    """Green must stay green when the scheduled job comes by, and the job must have nothing to complain of."""
    for _ in range(2):
        answer = place.run(JOB)
        if answer.status != 0:
            raise DeadEnd("green, and then run answers %s: %s" % (answer.status, answer.text.strip()[:300]))
    if not is_green(place):
        raise DeadEnd("green did not last")


def _is_named(ends, answer):
    """A line that says that something is fine names no decision."""
    trouble = "\n".join(line for line in answer.text.splitlines() if not re.match(r" *ok ", line))
    if not ends.decision or not re.search(ends.says, trouble):
        return False
    return not ends.paste or _line_of(ends, answer) is not None


def _line_of(ends, answer):
    for line in answer.text.splitlines():
        line = line.strip()
        line = line[len("next: "):] if line.startswith("next: ") else line
        if re.match(r"(sudo )?rotator ", line) and re.search(ends.paste, line):
            return line
    return None


def _decide(place, ends, answer, way):
    """A person decides as the table says: pastes the line that was offered, or mends something outside of rotator."""
    way.decision = ends.decision
    if ends.paste:
        line = _line_of(ends, answer)
        chosen = place.paste(line + (" --yes" if ends.yes and "--yes" not in line else ""))
        way.pasted.append(line)
        if chosen.status not in (0, 75):
            raise DeadEnd("what was offered does not work: %s answers %s: %s" %
                          (line, chosen.status, chosen.text.strip()[:300]))
    elif ends.deed:
        STEPS[ends.deed](place)
    else:
        return
    if ends.then_s:
        place.later(ends.then_s)
    _until_green(place, way)
    _confirm(place)


def _until_green(place, way):
    """After the decision: the scheduled job, and what it says comes next."""
    answer = place.run(JOB)
    for _ in range(STEPS_MAX):
        if is_green(place):
            return
        line = next_of(answer)
        if line is None or answer.command == line:
            answer = place.run(JOB)
            continue
        way.pasted.append(line)
        answer = place.paste(line)
    if not is_green(place):
        raise DeadEnd("the decision was carried out, and all is not green: %s" % answer.text.strip()[-300:])


def follow(place, world, start):
    ends, way = world.ends, Way()
    answer = place.run(JOB if start == "run" else start)
    while True:
        if isinstance(answer.status, str):
            raise DeadEnd("%s: %s" % (answer.command, answer.status))
        if ends.green and is_green(place) and answer.status in (0, 75):
            _confirm(place)
            return way
        if _is_named(ends, answer):
            _decide(place, ends, answer, way)
            return way
        line = next_of(answer)
        if line is None:
            raise DeadEnd("%s answers %s and names no way on" % (answer.command, answer.status))
        if line in way.pasted:
            raise DeadEnd("in a circle: %s again" % line)
        if not re.match(r"(sudo )?rotator ", line):
            raise DeadEnd("hands over to %s" % line)
        if len(way.pasted) == STEPS_MAX:
            raise DeadEnd("a fourth step: %s" % line)
        way.pasted.append(line)
        answer = place.paste(line)
        if answer.status in REFUSALS:
            raise DeadEnd("refused with %s: %s: %s" % (answer.status, line, answer.text.strip()[:200]))
