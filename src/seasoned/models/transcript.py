"""Messages as a prompt shows them: numbered, each passage under its author, with what took long.

Passages are shortened by kind: those of one kind share a number of characters, the longest lose their middle first. So
a short task is shown whole, and of a long one the people's words and the errors stay, while the agent's words, files
that were read and texts that were written become short.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from seasoned.clock import SECOND
from seasoned.message import Author, Message, NumberedMessage, Part
from seasoned.safety.fence import elide

SLOW_SECONDS: Final = 20
IDLE_SECONDS: Final = 15 * 60
# Names of tools are the client's own words too.
NAME_CHARS_MAX: Final = 200
SHOWN_ABOVE: Final = "(the standing instructions, shown above)"

# `told` are tools' answers, `failed` those that tell of a failure and of what mended it, with their calls; `closing` is
# what the agent says before a person speaks again, `note` what it thinks near a failure.
Kind = Literal["person", "agent", "closing", "call", "told", "failed", "note", "other"]


class Budget(msgspec.Struct, frozen=True):
    """How many characters the passages of a kind have together, and each of them at least and at most."""

    total: int
    least: int
    most: int

    def level(self, lengths: Sequence[int]) -> int:
        """How long a passage may be so that all of them fit."""
        left = self.total
        for place, length in enumerate(sorted(lengths)):
            share = left // (len(lengths) - place)
            if length > share:
                return min(max(share, self.least), self.most)
            left -= min(length, self.most)
        return self.most


class Budgets(msgspec.Struct, frozen=True):
    """The budgets of the kinds. What neither a person said nor a failure tells has `others` characters in all: of a
    long task those kinds shrink together.
    """

    kinds: Mapping[Kind, Budget]
    others: int

    def levels(self, lengths: Mapping[Kind, Sequence[int]]) -> dict[Kind, int]:
        """How long a passage of each kind may be."""
        levels = {kind: self.kinds[kind].level(found) for kind, found in lengths.items()}
        used = {kind: sum(min(levels[kind], one) for one in lengths[kind]) for kind in levels if kind not in _KEPT}
        share = self.others / max(1, sum(used.values()))
        for kind, chars in used.items():
            if share < 1:
                small = msgspec.structs.replace(self.kinds[kind], total=int(chars * share))
                levels[kind] = small.level(lengths[kind])
        return levels


_KEPT: Final[frozenset[Kind]] = frozenset({"person", "failed"})
TO_EXTRACT: Final = Budgets(
    {
        "person": Budget(120_000, 800, 6_000),
        "closing": Budget(24_000, 120, 4_000),
        "agent": Budget(8_000, 60, 1_500),
        "call": Budget(6_000, 40, 500),
        "told": Budget(8_000, 40, 700),
        "failed": Budget(6_000, 120, 700),
        "note": Budget(0, 0, 0),
        "other": Budget(10_000, 200, 1_000),
    },
    others=13_000,
)
TO_DISTILL: Final = Budgets(
    {
        "person": Budget(100_000, 800, 6_000),
        "closing": Budget(16_000, 160, 4_000),
        "agent": Budget(12_000, 100, 2_000),
        "call": Budget(10_000, 60, 2_000),
        "told": Budget(20_000, 100, 3_000),
        "failed": Budget(30_000, 400, 6_000),
        "note": Budget(4_000, 160, 500),
        "other": Budget(16_000, 400, 3_000),
    },
    others=26_000,
)


class _Piece(msgspec.Struct, frozen=True):
    """A passage under its number and author. `label` stands before its text and is never shortened."""

    number: int
    author: Author
    kind: Kind
    text: str
    label: str = ""


def shown(
    messages: Sequence[NumberedMessage],
    budgets: Budgets,
    told_above: frozenset[int] = frozenset(),
    telling: frozenset[int] = frozenset(),
) -> str:
    """Messages as text. What harnesses say in the messages `told_above` is left out; `telling` ones tell of failures
    and of what mended them.
    """
    pieces = [list(_pieces(messages, place, told_above, telling)) for place in range(len(messages))]
    lengths: dict[Kind, list[int]] = {}
    for piece in (piece for some in pieces for piece in some):
        lengths.setdefault(piece.kind, []).append(len(piece.text))
    levels = budgets.levels(lengths)
    lines = []
    for place, some in enumerate(pieces):
        if place and (gap := _gap(messages[place - 1], messages[place])):
            lines.append(f"({gap} later)")
        author: Author | None = None
        for one in some:
            text = f"{one.label}{elide(one.text, levels[one.kind])}"
            lines.append(text if one.author == author else f"[{one.number}] {one.author}: {text}")
            author = one.author
    return "\n".join(lines)


def _pieces(
    messages: Sequence[NumberedMessage], place: int, told_above: frozenset[int], telling: frozenset[int]
) -> Iterator[_Piece]:
    stored = messages[place]
    number, message = stored.number, stored.message
    failed = number in telling
    noted = not telling.isdisjoint((number - 1, number, number + 1))
    is_empty = True
    for part in message.parts:
        for piece in _of_part(stored, part, messages[max(0, place - 1)], failed=failed, noted=noted):
            is_empty = False
            if piece.author == "harness" and number in told_above:
                yield msgspec.structs.replace(piece, text=SHOWN_ABOVE)
            elif piece.kind == "agent" and not message.calls_tools and _is_closing(messages, place):
                yield msgspec.structs.replace(piece, kind="closing")
            else:
                yield piece
    if is_empty:
        yield _Piece(number, "agent" if message.role == "assistant" else "person", "other", "")


def _of_part(
    stored: NumberedMessage, part: Part, before: NumberedMessage, *, failed: bool, noted: bool
) -> Iterator[_Piece]:
    number, message = stored.number, stored.message
    if part.type == "tool-call":
        label = f"CALL {elide(part.tool_name, NAME_CHARS_MAX)} "
        yield _Piece(number, "agent", "failed" if failed else "call", part.arguments, label)
    elif part.type == "tool-result":
        yield from _answer(stored, part, before, failed=failed)
    elif part.type == "text":
        for one in message.passages_of(part):
            kind: Kind = "person" if one.author == "person" else "agent" if one.author == "agent" else "other"
            yield _Piece(number, one.author, kind, one.text)
    elif part.type == "thinking":
        if noted and part.text:
            yield _Piece(number, "agent", "note", part.text.strip(), "NOTE TO ITSELF ")
    elif part.type != "redacted_thinking":
        told = f"({part.type}{f' {elide(part.filename, NAME_CHARS_MAX)}' if part.filename else ''})"
        yield _Piece(number, message.author_of(part), "other", told)


def _answer(stored: NumberedMessage, part: Part, before: NumberedMessage, *, failed: bool) -> Iterator[_Piece]:
    """A tool's answer: what a person did with the call, or how it ended, and after how long if that was long."""
    told = f"{part.event.upper()} BY THE PERSON" if part.event else "ERROR" if part.is_error else "RESULT"
    seconds = _seconds(before, stored) if _calls(before.message, part) else 0
    label = f"{told} after {_told(seconds)} " if seconds >= SLOW_SECONDS else f"{told} "
    own: Kind = "failed" if failed or part.is_error or part.event else "told"
    passages = list(stored.message.passages_of(part))
    if not passages:
        yield _Piece(stored.number, "tool", own, "", label)
    for place, one in enumerate(passages):
        kind: Kind = "person" if one.author == "person" else own
        yield _Piece(stored.number, one.author, kind, one.text, "" if place else label)


def _calls(message: Message, answer: Part) -> bool:
    """Whether a message made the call that is answered."""
    calls = [part for part in message.parts if part.type == "tool-call"]
    return any(part.call_id == answer.call_id for part in calls) if answer.call_id else bool(calls)


def _is_closing(messages: Sequence[NumberedMessage], place: int) -> bool:
    """Whether a person speaks next, or nobody."""
    return place + 1 == len(messages) or messages[place + 1].message.is_from_person


def _seconds(earlier: NumberedMessage, later: NumberedMessage) -> int:
    return max(0, later.at - earlier.at) // SECOND if earlier.at else 0


def _gap(earlier: NumberedMessage, later: NumberedMessage) -> str:
    """How long nothing was said before a message that answers no call; empty unless it was long."""
    seconds = 0 if later.message.is_tool_answer else _seconds(earlier, later)
    is_next = later.number == earlier.number + 1
    return _told(seconds) if is_next and seconds >= IDLE_SECONDS else ""


def _told(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if days >= 2:  # noqa: PLR2004 - less is told in hours
        return f"{days} days"
    if hours >= 2:  # noqa: PLR2004
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if seconds >= 10 * 60 else f"{seconds} s"
