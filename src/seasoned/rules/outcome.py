"""How an agent's turn ended: with a question, an offer for more, a report, unfinished work or a refusal."""

import re
from collections.abc import Sequence

import msgspec

from seasoned.message import NumberedMessage
from seasoned.rules import reports
from seasoned.rules.sentences import plain

_TAIL_CHARS = 1_200
_EDGE_CHARS = 400
_EXIT_CHARS = 200
_TEXT_CHARS_MAX = 6_000
_SAID_CHARS = 800
_SAID_MAX = 12
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_EXIT = re.compile(r"(?:exit(?:ed)?(?: with)?(?: code| status)?|returncode)[\"']?\s*[:=]?\s*(\d{1,3})\b", re.IGNORECASE)
_ERROR = re.compile(
    r"^\s*(?:\{\s*\"error\"\s*:|\{\s*\"ok\"\s*:\s*false|error\b|fatal\b|traceback|exception\b"
    r"|[\w.]{1,60}(?:error|exception)\b\s*:"
    r"|bash: |/\S+: no such|permission denied|command not found)",
    re.IGNORECASE,
)


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


def is_error(text: str) -> bool:
    """Whether a tool's answer looks like a failure."""
    codes = _EXIT.findall(text[-_EXIT_CHARS:])
    if codes:
        return str(codes[-1]) != "0"
    return _ERROR.match(text[:_EDGE_CHARS]) is not None


def _pieces(text: str) -> list[str]:
    return [piece for piece in (part.strip().lower() for part in _SENTENCE_END.split(text)) if piece]


def _ending(text: str) -> dict[str, bool]:
    """What the agent's last words say, read from their beginning and their end."""
    body = plain(text)
    first = _pieces(body[:600])[:3]
    last = _pieces(body[-_TAIL_CHARS:])[-4:]
    while last and reports.CLOSER.match(last[-1]) and not reports.ASKS.search(last[-1]):
        closer = last.pop()
        if "?" in closer:
            break
    invites = any(reports.INVITES.search(piece) for piece in _pieces(body[-400:])[-2:])
    asks = any(
        (piece.endswith("?") or reports.ASKS.search(piece)) and not reports.INVITES.search(piece) for piece in last[-3:]
    )
    done = bool(reports.DONE.search(" ".join([*first, *last])))
    cannot = any(reports.CANNOT.search(piece) for piece in first)
    unfinished = any(reports.UNFINISHED.search(piece) or reports.partial(piece) for piece in [*first[:1], *last])
    unfinished = unfinished or any(_only_begins(piece) for piece in last[-2:])
    return {"invites": invites, "asks": asks, "done": done, "cannot": cannot, "unfinished": unfinished}


def _only_begins(piece: str) -> bool:
    """Whether a sentence only says that the agent sets to work, and not what came of it."""
    begins = reports.BEGINS.match(piece)
    return begins is not None and not reports.DONE.search(piece[begins.end() :])


def agent_turn(messages: Sequence[NumberedMessage]) -> AgentTurn:
    """How a run of agent and tool messages ended."""
    text, said, worked, error, over = "", [], False, False, False
    for numbered in messages:
        message = numbered.message
        if message.is_tool_answer or message.role == "user":
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
    numbers = tuple(numbered.number for numbered in messages)
    ending = _ending(text) if text else {}
    return AgentTurn(
        numbers=numbers, text=text, said="\n".join(said[-_SAID_MAX:]), worked=worked, over=over, error=error, **ending
    )
