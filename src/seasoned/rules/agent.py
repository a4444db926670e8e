"""How an agent's turn ended: with a question, an offer for more, a report, unfinished work or a refusal."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.message import NumberedMessage
from seasoned.rules.phrases import book, form
from seasoned.rules.text import plain

REPORTS = book("reports")
_HEAD_CHARS: Final = 600
_TAIL_CHARS: Final = 1_200
_END_CHARS: Final = 400
_EDGE_CHARS: Final = 400
_EXIT_CHARS: Final = 200
_TEXT_CHARS_MAX: Final = 6_000
_SAID_CHARS: Final = 800
_SAID_MAX: Final = 12
_LEAD_CHARS: Final = 60  # a bare "20 of 60" further into a sentence may count anything
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_EXIT = re.compile(r"(?:exit(?:ed)?(?: with)?(?: code| status)?|returncode)[\"']?\s*[:=]?\s*(\d{1,3})\b", re.IGNORECASE)
_ERROR = form("agent.error")
_UNITS: Final = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_TENS: Final = "ten twenty thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBERS: Final = {name: number for number, name in enumerate(_UNITS.split(), 1)} | {
    name: 10 * number for number, name in enumerate(_TENS.split(), 1)
}
_COUNT = rf"(\d{{1,3}}(?:,\d{{3}}){{1,2}}|\d{{1,7}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
# "20 of 60 are in": two numbers, with what says that it is about progress before or after them.
_OF = re.compile(
    rf"(?<![\w.,/])(?:(done|finished|through|at|did|far|now|have|processed|in:?) )?{_COUNT}(?: of| out of| ?/)"
    rf" ?(?:the |all |my |your )?{_COUNT}(?![\w/]|[.,]\d)"
)
_OF_WHAT = form("agent.of_what")


class AgentTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's side of a turn, from after a person's message to before the next one."""

    numbers: tuple[int, ...] = ()
    text: str = ""  # the agent's last words
    said: str = ""  # all of its words, bounded
    worked: bool = False  # it called tools
    over: bool = False  # its last message is words, not a tool call or a tool's answer
    error: bool = False  # the last answer of a tool is an error
    asks: bool = False
    invites: bool = False
    done: bool = False
    unfinished: bool = False
    cannot: bool = False

    @property
    def reported(self) -> bool:
        """Whether it came to an end that leaves nothing open."""
        return self.over and self.done and not (self.asks or self.unfinished or self.cannot or self.error)


def agent_turn(messages: Sequence[NumberedMessage]) -> AgentTurn:
    """How a run of agent and tool messages ended."""
    text, said, worked, error, over = "", [], False, False, False
    for numbered in messages:
        message = numbered.message
        if message.role == "user":
            answers = [part for part in message.parts if part.type == "tool-result"]
            if answers:
                worked, over = True, False
                error = any(
                    not (part.event or part.author) and (part.is_error or is_error(part.text or "")) for part in answers
                )
            continue
        prose = message.prose().strip()
        if prose:
            text = prose[-_TEXT_CHARS_MAX:]
            said.append(text[:_SAID_CHARS])
        worked = worked or message.calls_tools
        over = bool(prose) and not message.calls_tools
    return AgentTurn(
        numbers=tuple(numbered.number for numbered in messages),
        text=text,
        said="\n".join(said[-_SAID_MAX:]),
        worked=worked,
        over=over,
        error=error,
        **(_ending(text) if text else {}),
    )


def is_error(text: str) -> bool:
    """Whether a tool's answer looks like a failure."""
    codes = _EXIT.findall(text[-_EXIT_CHARS:])
    return str(codes[-1]) != "0" if codes else _ERROR.match(text[:_EDGE_CHARS]) is not None


def _ending(text: str) -> dict[str, bool]:
    """What the agent's last words say, read from their beginning and their end."""
    body = plain(text)
    first = _pieces(body[:_HEAD_CHARS])[:3]
    last = _pieces(body[-_TAIL_CHARS:])[-4:]
    while last and REPORTS["closer"].said(last[-1]) and not REPORTS["asks"].said(last[-1]):
        if "?" in last.pop():
            break
    asked = (piece for piece in last[-3:] if piece.endswith("?") or REPORTS["asks"].said(piece))
    return {
        "invites": any(REPORTS["invites"].said(piece) for piece in _pieces(body[-_END_CHARS:])[-2:]),
        "asks": any(not REPORTS["invites"].said(piece) for piece in asked),
        "done": any(REPORTS["done"].said(piece) for piece in [*first, *last]),
        "cannot": any(REPORTS["cannot"].said(piece) for piece in first),
        "unfinished": any(REPORTS["unfinished"].said(piece) or _partial(piece) for piece in [*first[:1], *last])
        or any(_only_begins(piece) for piece in last[-2:]),
    }


def _pieces(text: str) -> list[str]:
    return [piece for piece in (part.strip().lower() for part in _SENTENCE_END.split(text)) if piece]


def _only_begins(piece: str) -> bool:
    """Whether a sentence only says that the agent sets to work, and not what came of it."""
    begins = REPORTS["begins"].first(piece)
    return begins is not None and not REPORTS["done"].said(piece[begins.end() :])


def _partial(piece: str) -> bool:
    """Whether a piece of a report counts only a part as done: "20 of 60 are in", "half of them are converted"."""
    for found in _OF.finditer(piece):
        before, first, second = found.groups()
        bare = not before and found.start(2) > _LEAD_CHARS
        if _is_progress(piece[found.end() :].removeprefix(" "), bare=bare) and 0 < _number(first) < _number(second):
            return True
    return REPORTS["partly"].said(piece)


def _is_progress(rest: str, *, bare: bool) -> bool:
    """Whether what follows two counts says that so many are done; nothing may follow, unless they are `bare`."""
    for _ in range(3):
        if not rest or rest[0] in ".,:;!":
            return not bare
        if REPORTS["got_done"].said(rest):
            return True
        what = _OF_WHAT.match(rest)
        rest = rest[what.end() :] if what and what.end() else "("
    return False


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text.replace(",", ""))
