"""What stands out in a task, as lines for a model's prompt: what cost most first, each matter once.

Failures with the line that says why, what was slow in all, calls that were made again for the same answer, what was
written and whether a person had agreed, values that nobody had named, and how the run ended.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from seasoned.clock import SECOND
from seasoned.learning.questions import Noticed
from seasoned.message import Json, NumberedMessage
from seasoned.rules.acts import Accepts, read
from seasoned.rules.agent import agent_turn
from seasoned.rules.calls import Call, calls
from seasoned.rules.errors import Failure, failed
from seasoned.rules.fixes import fixes
from seasoned.rules.safety import clip, inline, template
from seasoned.rules.text import words

LINES_MAX: Final = 12
LINE_CHARS_MAX: Final = 240
_FAILURES_MAX: Final = 24
_SHOWN_OF_EACH: Final = 2
_NUMBERS_MAX: Final = 6
_SLOW_SECONDS: Final = 60
_WRITES_MAX: Final = 6
_UNNAMED_MAX: Final = 4
_AGAIN_MIN: Final = 2
_FROM_START: Final = 3
_SAID_CHARS_MAX: Final = 400_000
_WORD: Final = re.compile(r"[a-z]+")
# Letters with digits, or a long number: an id of something, and no amount, date or word.
_ID: Final = re.compile(r"(?=[\w#@.-]*\d)(?=[\w#@.-]*[A-Za-z_#@]|\d{5})(?!\d{4}-\d\d-\d\d)[\w#@.-]{4,60}\Z")
_VERB_WORDS: Final = 2


class _Line(msgspec.Struct, frozen=True, order=True):
    """A line with what it tells of costs, in seconds or what is worth as much."""

    cost: float
    text: str


def noticed(messages: Sequence[NumberedMessage]) -> Noticed:
    """What stands out in a task's messages."""
    made = calls(messages)
    bad = failed(made)
    people = {one.number: False for one in messages if one.message.is_from_person}
    mended = {id(fix.failure.call): fix.worked for fix in fixes(made, bad, people)}
    times = {one.number: one.at for one in messages}
    groups = _grouped(bad)
    found = [
        *_failed(groups, mended, times),
        *_slow(made, times),
        *_again(made, {id(one.call) for one in bad}),
        *_written(messages, made),
        *_unnamed(messages, made),
        *_ended(messages, made),
    ]
    lines = [clip(inline(one.text), LINE_CHARS_MAX) for one in sorted(found, key=lambda one: -one.cost)]
    return Noticed(lines=tuple(dict.fromkeys(lines))[:LINES_MAX], telling=_telling(groups, mended))


def _grouped(bad: Sequence[Failure]) -> list[list[Failure]]:
    """The failures, those with the same error of the same tool together."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in bad:
        groups.setdefault((failure.call.name, template(failure.line)), []).append(failure)
    return list(groups.values())


def _telling(groups: Sequence[Sequence[Failure]], mended: Mapping[int, Call]) -> frozenset[int]:
    """The messages that tell of failures, the first of each kind, and those of the calls that mended them."""
    found: set[int] = set()
    for group in groups[:_FAILURES_MAX]:
        for failure in group[:_SHOWN_OF_EACH]:
            worked = mended.get(id(failure.call))
            found |= {failure.call.number, failure.number}
            found |= {worked.number, worked.answer_number} if worked else set()
    return frozenset(found)


def _failed(
    groups: Sequence[Sequence[Failure]], mended: Mapping[int, Call], times: Mapping[int, int]
) -> Iterator[_Line]:
    for group in groups:
        first = group[0]
        if not first.line:
            continue
        worked = next((mended[id(one.call)] for one in group if id(one.call) in mended), None)
        end = f"; it worked in message {worked.number}" if worked else ""
        often = f" {len(group)} times" if len(group) > 1 else ""
        seconds = sum(_seconds(one.call, times) for one in group)
        cost = seconds + 30 * len(group) + (30 if worked else 0) - (45 if first.soft else 0)
        yield _Line(cost, f"message {first.number}: {first.call.name} failed{often}: {first.line}{end}")


def _slow(made: Sequence[Call], times: Mapping[int, int]) -> Iterator[_Line]:
    """Kinds of calls that were slow, with their time in all."""
    kinds: dict[str, list[Call]] = {}
    for call in made:
        if _seconds(call, times) >= _SLOW_SECONDS and call.event is None:
            kinds.setdefault(_kind(call), []).append(call)
    for kind, some in kinds.items():
        seconds = sum(_seconds(call, times) for call in some)
        often = f"was slow {len(some)} times, {seconds:,} s in all" if len(some) > 1 else f"took {seconds:,} s"
        yield _Line(seconds, f"{kind} {often} ({_numbers(some)})")


def _kind(call: Call) -> str:
    """A call as slow ones are summed: the program of a shell command with its first words, else the tool."""
    if not call.command:
        return call.tool
    at = re.search(rf"\b{re.escape(call.name)}\b", call.command)
    said = call.command[at.start() :].split() if at else [call.name]
    return " ".join(word for word in said[:2] if not word.startswith(("-", '"', "'")))


def _seconds(call: Call, times: Mapping[int, int]) -> int:
    began, ended = times.get(call.number, 0), times.get(call.answer_number, 0)
    return (ended - began) // SECOND if began and ended > began else 0


def _numbers(some: Sequence[Call]) -> str:
    shown = ", ".join(str(call.number) for call in some[:_NUMBERS_MAX])
    return f"message{'s' * (len(some) > 1)} {shown}{', …' * (len(some) > _NUMBERS_MAX)}"


def _again(made: Sequence[Call], bad: set[int]) -> Iterator[_Line]:
    """Calls that were made again with the same arguments and got the same answer."""
    same: dict[tuple[str, str, str], list[Call]] = {}
    for call in made:
        if call.answer_number and call.event is None and id(call) not in bad:
            same.setdefault((call.tool, str(call.arguments), call.answer), []).append(call)
    for some in same.values():
        if len(some) >= _AGAIN_MIN:
            text = f"{some[0].name} was called {len(some)} times with the same arguments for the same answer"
            yield _Line(20 * len(some), f"{text} ({_numbers(some)})")


def is_write(call: Call) -> bool:
    """Whether a call of a service's tool changes something, by the verb in its name."""
    if call.command:
        return False
    name = _WORD.findall(call.tool.lower())
    return bool(words("write_verbs").intersection(name[:_VERB_WORDS])) and not words("own_things").intersection(name)


def _written(messages: Sequence[NumberedMessage], made: Sequence[Call]) -> Iterator[_Line]:
    """What was written for a person, and whether a yes came before it."""
    said = {one.number: one.message.words_of("person") for one in messages if one.message.is_from_person}
    writes = [call for call in made if is_write(call)]
    if len(said) < _AGAIN_MIN:
        return
    for call in writes[-_WRITES_MAX:]:
        before = max((number for number in said if number < call.number), default=0)
        agreed = before > 0 and any(act.accepts > Accepts.NO or act.carries_on for act in read(said[before]).acts)
        how = f"after a yes in message {before}" if agreed else "no yes came right before it"
        yield _Line(90 if agreed else 110, f"message {call.number}: {call.tool} {_shown(call)} was called; {how}")


def _shown(call: Call) -> str:
    return clip(", ".join(f"{key}={value}" for key, value in call.arguments.items()), 120)


def _unnamed(messages: Sequence[NumberedMessage], made: Sequence[Call]) -> Iterator[_Line]:
    """Ids in what was written that neither a person nor a tool had named, where the talk is seen from its start."""
    writes = [call for call in made if is_write(call)]
    if not writes or messages[0].number > _FROM_START:
        return
    lines = []
    for call in writes:
        heard = "\n".join(text for one in messages if one.number < call.number for text in _heard(one))
        for key, value in _leaves("", call.arguments):
            if _ID.match(value) and value.lower() not in heard[-_SAID_CHARS_MAX:].lower():
                lines.append(_Line(120, f"message {call.number}: {call.tool} was given {key} {value!r}, named nowhere"))
    yield from lines[:_UNNAMED_MAX]


def _heard(numbered: NumberedMessage) -> Iterator[str]:
    """What a message says that is not the agent's own."""
    return (one.text for one in numbered.message.passages() if one.author != "agent")


def _leaves(key: str, value: Json) -> Iterator[tuple[str, str]]:
    """The texts in a call's arguments with their keys."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(key, inner)
    elif isinstance(value, str):
        yield key, value


def _ended(messages: Sequence[NumberedMessage], made: Sequence[Call]) -> Iterator[_Line]:
    """How the run ended, where that was no report."""
    last = next((one.message for one in reversed(messages) if one.message.parts), None)
    if last is None:
        return
    given = next((call for call in reversed(made) if words("hand_over").intersection(_parts(call))), None)
    if given is not None and given.number >= messages[-1].number - _NUMBERS_MAX:
        yield _Line(200, f"it ended with {given.tool} in message {given.number}")
    elif last.is_tool_answer or last.calls_tools:
        count = len(messages)
        yield _Line(190, f"it was cut off: after {count} messages the last one is a tool's {_what(last.calls_tools)}")
    elif (turn := agent_turn(_last_turn(messages))).cannot:
        yield _Line(180, f"in its last words the agent says that it cannot do it (message {turn.numbers[-1]})")


def _parts(call: Call) -> list[str]:
    return _WORD.findall(call.tool.lower())


def _what(is_call: bool) -> str:
    return "call, never answered" if is_call else "answer"


def _last_turn(messages: Sequence[NumberedMessage]) -> Sequence[NumberedMessage]:
    """The messages of the agent and its tools since a person spoke last, before any goodbye of theirs."""
    people = [place for place, one in enumerate(messages) if one.message.is_from_person]
    bounds = [-1, *people, len(messages)]
    turns = [(start + 1, end) for start, end in pairwise(bounds) if end > start + 1]
    return messages[turns[-1][0] : turns[-1][1]] if turns else messages[:0]
